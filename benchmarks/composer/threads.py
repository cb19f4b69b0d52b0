"""Test of many threads that compose, predict and score with one LSTMComposer at once.

    python -m benchmarks.composer.threads [--threads 32] [--seconds 60]

Every result is compared with the result of the same call made earlier, when no other thread was
running. The two must be equal bit for bit; if any pair is not, the script exits with status 1.
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, perf_counter

import numpy as np

from musicai import LSTMComposer

N_JOBS = 24


def make_pieces(n_pieces, seed):
    """Return pieces like chroma: chords of a scale with noise, each piece in a random key."""
    rng = np.random.default_rng(seed)
    pieces = []
    for _ in range(n_pieces):
        roots = np.array([0, 5, 7, 9])[rng.integers(4, size=40)].repeat(8) + rng.integers(12)
        chords = np.stack([np.eye(12)[(roots + step) % 12] for step in (0, 4, 7)]).sum(0)
        frames = np.clip(chords * rng.uniform(0.5, 1, chords.shape) + 0.1 * rng.random(), 0, 1)
        pieces.append((frames / frames.max(1, keepdims=True)).astype(np.float32))
    return pieces


def make_jobs(composer, pieces):
    """Return functions that make calls of every kind, by name."""
    jobs = {}
    for i in range(N_JOBS):
        piece = pieces[i % len(pieces)]
        jobs |= {
            f"sample {i}": lambda i=i: composer.sample(50, style="a", random_state=i),
            f"sample after a prime {i}": lambda p=piece, i=i: composer.sample(
                20, n_pieces=1 + i % 4, prime=p[:60], random_state=i
            ),
            f"predict {i}": lambda p=piece, i=i: composer.predict(p[i:], style={"a": 1, "b": i}),
            f"score_samples {i}": lambda p=piece, i=i: composer.score_samples(p[: 100 + i]),
            f"next_frames {i}": lambda p=piece, i=i: composer.next_frames(
                p[:50], n_draws=200, random_state=i
            ),
        }
    return jobs


def equal(one, other):
    if isinstance(one, (list, tuple)):
        return all(map(equal, one, other))
    return np.array_equal(one, other)


def main():
    """Compute all results in one thread, then repeatedly in many threads."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    pieces = make_pieces(12, seed=0)
    composer = LSTMComposer(max_iter=3, random_state=0).fit(pieces, ["a", "b"] * 6)
    jobs = make_jobs(composer, pieces)
    started = perf_counter()
    alone = {name: job() for name, job in jobs.items()}
    seconds_alone = perf_counter() - started
    deadline = monotonic() + arguments.seconds

    def work(seed):
        rng = np.random.default_rng(seed)
        names = list(jobs)
        n_calls, wrong = 0, []
        while monotonic() < deadline:
            name = names[rng.integers(len(names))]
            n_calls += 1
            if not equal(jobs[name](), alone[name]):
                wrong.append(name)
        return n_calls, wrong

    with ThreadPoolExecutor(arguments.threads) as pool:
        results = list(pool.map(work, range(arguments.threads)))
    n_calls = sum(n for n, _ in results)
    wrong = sorted({name for _, names in results for name in names})
    n_wrong = sum(len(names) for _, names in results)
    print(
        f"alone: {len(jobs) / seconds_alone:.0f} calls a second; {arguments.threads} threads: "
        f"{n_calls / arguments.seconds:.0f} calls a second, {n_calls} calls in all, "
        f"{n_wrong} unequal to the call alone {wrong[:5] if wrong else ''}"
    )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
