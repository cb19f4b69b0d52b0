"""Usefulness of each scorecard metric: redundancy, and the kinds of bad music it detects.

    OMP_NUM_THREADS=1 python -m benchmarks.metrics.metrics [FILE ...] [--seconds 30] [--seed 0]

Without files, the recordings are chorales played with a soundfont. They are divided into two
halves, and all sets are compared with the first half. The second half is the ceiling, and bad sets
are made from it: pieces by Markov chains that are fitted to it (64 and 16 prototypes), its excerpts
transposed to a random key every 4 s ("wandering"), its frames in random order ("shuffled"), one
frame of each excerpt held ("frozen"), and noise instead. With --split-excerpts, excerpts instead of
recordings are divided into halves; use it for a folder with a few long recordings.

For each metric, the script prints

- its mean in real music, and the other metric that correlates with it most over excerpts of real
  music: of two metrics that correlate by more than 0.9, one is redundant;
- the overlap with real music of other real music and of each bad set. Bad music must score below
  other real music.

The geometric mean of the overlaps and the Fréchet distance of each set follow, then the time that
the search for copies takes.
"""

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.common.music import excerpts, find_recordings, print_table
from musicai import ChromaExtractor
from musicai.datasets import get_data_home
from musicai.metrics import MarkovBaseline, memorization, report


def read_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", metavar="FILE_OR_FOLDER", nargs="*", type=Path)
    parser.add_argument(
        "--seconds", type=float, default=30, help="length of an excerpt (%(default)s)"
    )
    parser.add_argument(
        "--chorales", type=int, default=120, metavar="N", help="number of chorales without files"
    )
    parser.add_argument("--split-excerpts", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def make_bad(learned, n_frames, rate, seed):
    """Return sets of excerpts, by name, that metrics should distinguish from real music."""
    rng = np.random.default_rng(seed)
    parts = excerpts(learned, n_frames)
    n_moves = max(1, round(n_frames / rate / 4))
    chains = {
        f"Markov, {n_states}": MarkovBaseline(n_states, random_state=seed)
        .fit(learned)
        .sample(n_frames, n_pieces=len(parts))
        for n_states in (64, 16)
    }
    bad = {
        "wandering": [
            np.concatenate(
                [np.roll(some, rng.integers(12), axis=1) for some in np.array_split(part, n_moves)]
            )
            for part in parts
        ],
        "shuffled": [rng.permutation(part) for part in parts],
        "frozen": [np.tile(part[np.ptp(part, axis=1) > 0][:1], (n_frames, 1)) for part in parts],
    }
    noises = [rng.random(part.shape) for part in parts]
    noises = [noise / noise.max(axis=1, keepdims=True) for noise in noises]
    return chains | bad | {"noise": noises}


def main():
    """Extract chroma, make bad sets from it, and print the tables."""
    arguments = read_arguments()
    extractor = ChromaExtractor(memory=get_data_home() / "benchmarks", n_jobs=-1, verbose=1)
    rate = extractor.frame_rate
    n_frames = round(arguments.seconds * rate)
    pieces = extractor.transform(find_recordings(arguments.paths, n_chorales=arguments.chorales))
    if arguments.split_excerpts:
        pieces = excerpts(pieces, n_frames)
    order = np.random.default_rng(arguments.seed).permutation(len(pieces))
    held_out, learned = ([pieces[i] for i in half] for half in (order[::2], order[1::2]))

    cards = {
        name: report(
            held_out,
            bad,
            learned,
            n_frames=n_frames,
            timing=extractor,
            random_state=arguments.seed,
        )
        for name, bad in make_bad(learned, n_frames, rate, arguments.seed).items()
    }
    card = next(iter(cards.values()))
    print(f"{card.n_excerpts} excerpts of {arguments.seconds:.0f} s of each set")
    real = {
        name: np.concatenate([card.values["real"][name], values])
        for name, values in card.values["ceiling"].items()
    }
    names = [*real, "transition_matrix", "overlap_area"]
    correlations = np.corrcoef(list(real.values())) - np.eye(len(real))
    rows = []
    for i, name in enumerate(names):
        said = ["", "", ""]
        if name in real:
            nearest = int(np.abs(correlations[i]).argmax())
            said = [real[name].mean(), names[nearest], correlations[i, nearest]]
        areas = [each.overlaps["generated"][name] for each in cards.values()]
        rows.append((name, *said, card.overlaps["ceiling"][name], *areas))
    distances = [each.frechet_distances["generated"] for each in cards.values()]
    rows.append(("frechet_distance", "", "", "", card.frechet_distances["ceiling"], *distances))
    print_table(["metric", "mean", "closest metric", "r", "real", *cards], rows)

    started = perf_counter()
    copied = memorization(held_out, learned)
    minutes = [sum(map(len, half)) / rate / 60 for half in (held_out, learned)]
    print(
        f"\nmemorization of {minutes[0]:.0f} minutes in {minutes[1]:.0f}: {copied:.3f}, in "
        f"{perf_counter() - started:.1f} s"
    )


if __name__ == "__main__":
    main()
