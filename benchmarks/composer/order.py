"""Quality of filled gaps, endings and blends of styles.

::

    python -m benchmarks.composer.order FOLDER ... [--epochs 25] [--keep composer.pkl]

A composer with default parameters learns three styles: 120 chorales, half of the training
recordings in the folders (divided as in half_beats.py), and 100 rule-based progressions. 120 other
chorales, 100 other progressions and the test recordings, or those for development with ``--part
development``, are held out. `--keep` saves the composer, or loads it if it was saved.

- Gaps: 10 s of held-out recordings are removed and filled, given the 20 s before and the 4 s after
  the gap. The table has the log-likelihood of the music after the gap, in nats a second over its
  first 1, 2 and 4 seconds: after the real music, after a filled gap and after a free continuation.
- Endings: a classifier learns to tell the last 10 s of training pieces from other passages of 10 s.
  It is a logistic regression on chroma in the common key and on changes, averaged over each 2 s.
  The table has the share of passages that it takes for endings, among held-out endings, other
  held-out music, and the ends of pieces of 30 s composed with ``ending=True``, at temperatures 0.9
  and 1, and without it.
- Blends: a classifier learns to tell the training pieces of two styles apart. It is a logistic
  regression on statistics of 200 frames. The table has the mean probability of the first style, for
  held-out pieces of both styles and for pieces composed with each weight in the blend.
"""

import argparse
import pickle
import time
from itertools import combinations
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.common.music import excerpts, find_recordings, print_table
from benchmarks.composer.half_beats import split
from musicai import ChromaExtractor, LSTMComposer
from musicai.datasets import get_data_home, load_chorales, make_progressions
from musicai.theory.keys import estimate_keys

RATE = ChromaExtractor().timing.frame_rate
TEMPERATURE = 0.9
WEIGHTS = (0, 0.25, 0.5, 0.75, 1)
N_FRAMES = 200  # in an excerpt whose style is classified
ENDING = round(10 * RATE)  # frames of an ending


def read_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recordings", nargs="+", type=Path, help="audio files or folders of them")
    parser.add_argument("--part", choices=("development", "test"), default="test")
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--gaps", type=int, default=40)
    parser.add_argument(
        "--pieces", type=int, default=40, help="number of pieces to compose for each figure"
    )
    parser.add_argument("--keep", type=Path, help="file of the trained composer")
    return parser.parse_args()


def load_music(paths, part):
    """Return the training and the held-out pieces of each style."""
    extractor = ChromaExtractor(memory=get_data_home() / "benchmarks", n_jobs=-1, verbose=1)
    chorales = extractor.transform(load_chorales(240, n_jobs=-1, verbose=1).recordings)
    files = find_recordings(paths, n_chorales=0)
    parts = split(files, extractor.analyze(files))
    rules = make_progressions(200, random_state=1).data
    learned = {
        "chorales": chorales[:120],
        "recordings": [each.chroma for each in parts["learned"][::2]],
        "rules": rules[:100],
    }
    held_out = {
        "chorales": chorales[120:],
        "recordings": [each.chroma for each in parts[part]],
        "rules": rules[100:],
    }
    return learned, held_out


def train(learned, epochs):
    labels = [style for style, pieces in learned.items() for _ in pieces]
    composer = LSTMComposer(max_iter=epochs, random_state=0, verbose=1)
    return composer.fit([piece for pieces in learned.values() for piece in pieces], labels)


def measure_gaps(composer, pieces, n_gaps):
    """Return log-likelihoods of the music after gaps, and the seconds that filling one takes.

    Log-likelihoods are in nats a second, by how the gap was filled and by how many seconds after it
    are scored.
    """
    before, gap, after = (round(seconds * RATE) for seconds in (20, 10, 4))
    pieces = [piece for piece in pieces if len(piece) > 2 * (before + gap + after)]
    rng = np.random.RandomState(0)
    scores = {"real": [], "filled": [], "free": []}
    taken = []
    for number in range(n_gaps):
        piece = pieces[rng.randint(len(pieces))]
        start = rng.randint(before, len(piece) - gap - after)
        prime, real, passage = np.split(
            piece[start - before : start + gap + after], [before, before + gap]
        )
        options = {"prime": prime, "temperature": 1.0, "random_state": number}
        began = time.process_time()
        filled = composer.sample(gap, then=passage, **options)
        taken.append(time.process_time() - began)
        for name, middle in (
            ("real", real),
            ("filled", filled),
            ("free", composer.sample(gap, **options)),
        ):
            whole = np.concatenate([prime, middle, passage])
            scores[name].append(composer.score_samples(whole)[-after:])
    means = {
        name: {s: np.sum(np.array(each)[:, : round(s * RATE)], 1) / s for s in (1, 2, 4)}
        for name, each in scores.items()
    }
    return means, np.median(taken)


def report_gaps(composer, pieces, n_gaps):
    means, seconds = measure_gaps(composer, pieces, n_gaps)
    rows = [(name, *(float(np.median(each[s])) for s in each)) for name, each in means.items()]
    rows.append(
        (
            "real, 25th percentile",
            *(float(np.quantile(each, 0.25)) for each in means["real"].values()),
        )
    )
    gains = [np.median(means["filled"][s] - means["free"][s]) for s in (1, 2, 4)]
    rows.append(("filled better than free by", *map(float, gains)))
    print_table(["after the gap, nats a second", "over 1 s", "2 s", "4 s"], rows)
    print(f"{seconds:.2f} s of processor time for 10 s")


def describe_ending(pieces):
    """Return features of passages of 10 s: mean chroma in the common key, and change, per 2 s."""
    rows = []
    for piece, key in zip(pieces, estimate_keys(pieces), strict=True):
        changes = np.abs(np.diff(piece, axis=0, prepend=piece[:1])).mean(1, keepdims=True)
        columns = np.hstack([np.roll(piece, -key, axis=1), changes])
        rows.append(np.concatenate([part.mean(0) for part in np.array_split(columns, 5)]))
    return np.array(rows)


def sounding(pieces):
    """Cut off silence at the end of pieces, and leave out those shorter than half a minute."""
    cut = [piece[: np.flatnonzero(piece.any(1))[-1] + 1] for piece in pieces if piece.any()]
    return [piece for piece in cut if len(piece) >= 3 * ENDING]


def measure_endings(composer, style, learned, held_out, n_pieces):
    """Return the share of passages that a classifier takes for endings, by kind of passage.

    The kinds are real endings, other real music, and the ends of pieces composed with
    ``ending=True``, at temperatures 0.9 and 1, and without it, at temperature 0.9.
    """

    def ends(pieces):
        return describe_ending([piece[-ENDING:] for piece in pieces])

    def others(pieces):
        return describe_ending(
            [part for piece in pieces for part in excerpts([piece[:-ENDING]], ENDING)[::2]]
        )

    learned, held_out = sounding(learned), sounding(held_out)
    last, other = ends(learned), others(learned)
    judge = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000)
    )
    judge.fit(np.concatenate([last, other]), [1] * len(last) + [0] * len(other))
    options = {"n_pieces": n_pieces, "style": style, "random_state": 0}
    composed = [
        composer.sample(3 * ENDING, ending=ending, temperature=temperature, **options)
        for ending, temperature in ((True, TEMPERATURE), (True, 1.0), (False, TEMPERATURE))
    ]
    return [
        float(judge.predict(rows).mean())
        for rows in (ends(held_out), others(held_out), *map(ends, composed))
    ]


def describe_style(pieces):
    """Return features of excerpts of pieces: means, spreads and changes, in the common key."""
    rows = []
    parts = excerpts(pieces, N_FRAMES)
    for part, key in zip(parts, estimate_keys(parts), strict=True):
        frames = np.roll(part, -key, axis=1)
        changes = np.abs(np.diff(frames, axis=0))
        ranked = np.sort(frames, axis=1)
        means = [each.mean(0) for each in (frames, changes, ranked, np.sort(changes, axis=1))]
        liveliness = np.quantile(changes.mean(1), [0.1, 0.25, 0.5, 0.75, 0.9])
        rows.append(np.concatenate([*means, ranked.std(0), liveliness]))
    return np.array(rows)


def measure_blends(composer, pair, learned, held_out, n_pieces):
    """Return mean probabilities of the first style: for held-out music of both, and by weight."""
    rows = [describe_style(learned[style]) for style in pair]
    judge = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000)
    )
    judge.fit(np.concatenate(rows), [1] * len(rows[0]) + [0] * len(rows[1]))
    real = [describe_style(held_out[style]) for style in pair]
    composed = [
        describe_style(
            composer.sample(
                N_FRAMES,
                n_pieces=n_pieces,
                style=dict(zip(pair, (weight, 1 - weight), strict=True)),
                temperature=TEMPERATURE,
                random_state=0,
            )
        )
        for weight in WEIGHTS
    ]
    return [float(judge.predict_proba(each)[:, 1].mean()) for each in (*real, *composed)]


def main():
    """Train a composer, or load a saved one, and print the tables."""
    arguments = read_arguments()
    learned, held_out = load_music(arguments.recordings, arguments.part)
    if arguments.keep and arguments.keep.exists():
        composer = pickle.loads(arguments.keep.read_bytes())
    else:
        composer = train(learned, arguments.epochs)
        if arguments.keep:
            arguments.keep.write_bytes(pickle.dumps(composer))
    report_gaps(composer, held_out["recordings"], arguments.gaps)
    n_pieces = arguments.pieces
    print_table(
        [
            "taken for endings",
            "real endings",
            "other music",
            "ending=True",
            "at temperature 1",
            "without",
        ],
        (
            (name, *measure_endings(composer, name, learned[name], held_out[name], n_pieces))
            for name in learned
        ),
    )
    print_table(
        ["probability of the first", "of it", "of the other", *map(str, WEIGHTS)],
        (
            (" / ".join(pair), *measure_blends(composer, pair, learned, held_out, n_pieces))
            for pair in combinations(learned, 2)
        ),
    )


if __name__ == "__main__":
    main()
