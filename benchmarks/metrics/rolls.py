"""Similarity of composed piano rolls to real ones.

    python -m benchmarks.metrics.rolls [DIR] [--sets JSB_Chorales ...] [--epochs 40]
        [--temperatures 1 0.9] [--pieces NAME=FILE.npz ...]

DIR holds the sets in the same form as for likelihood.py. A composer is trained on the training
pieces, with early stopping on the published validation pieces, and composes as many pieces as there
are test pieces, of the same lengths. `--pieces` adds a row for pieces that another program composed
for one of the sets, stored as arrays in an .npz file.

Each row of the table has means over its pieces:

- polyphony: the number of notes in a sounding frame
- note length: how long a note lasts, in frames
- time between changes: mean number of frames until the sounding notes change
- entropy of pitch classes: how evenly a piece uses them, in bits
- repeated: the share of frames in repetitions, which are at least five successive frames that
  occurred before in the piece
- silent: the share of silent frames
- ends silent: the share of pieces whose last four frames are silent
- in key: the share of notes that are in the major scale of the best-fitting key
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.common.music import print_table
from benchmarks.composer.likelihood import SETS, SETTING, find_sets, load
from musicai import LSTMComposer
from musicai.theory.keys import classes_of_features, estimate_keys

STRETCH = 5  # frames in the shortest repetition
END = 4  # frames at the end of a piece that may be silent
SCALE = np.isin(np.arange(12), [0, 2, 4, 5, 7, 9, 11])
HEAD = (
    "polyphony",
    "note length",
    "time between changes",
    "entropy of pitch classes",
    "repeated",
    "silent",
    "ends silent",
    "in key",
)


def describe(piece):
    """Return the figures of one piece, in the order of `HEAD`."""
    sounding = piece > 0
    voices = sounding.sum(1)
    onsets = sounding & ~np.pad(sounding, ((1, 0), (0, 0)))[:-1]
    changes = (sounding[1:] != sounding[:-1]).any(1).sum() + 1
    classes = classes_of_features(piece.shape[1])
    counts = np.bincount(classes, sounding.sum(0), 12)
    shares = counts[counts > 0] / max(counts.sum(), 1)
    in_key = counts[np.roll(SCALE, estimate_keys([piece])[0])].sum() / max(counts.sum(), 1)
    return (
        voices[voices > 0].mean() if voices.any() else 0.0,
        sounding.sum() / max(onsets.sum(), 1),
        len(piece) / changes,
        -(shares * np.log2(shares)).sum(),
        repeated(sounding),
        (voices == 0).mean(),
        float(not sounding[-END:].any()),
        in_key,
    )


def repeated(sounding):
    """Return the share of frames in stretches that occurred earlier in the piece."""
    seen, found = set(), np.zeros(len(sounding), bool)
    for end in range(STRETCH, len(sounding) + 1):
        stretch = sounding[end - STRETCH : end].tobytes()
        if stretch in seen:
            found[end - STRETCH : end] = True
        seen.add(stretch)
    return found.mean()


def row(name, pieces):
    """Return a row of the table: a name, and the mean of each figure over pieces."""
    return name, *np.mean([describe(piece) for piece in pieces], axis=0)


def compose(composer, lengths, temperature):
    """Compose one piece for each length."""
    n_frames = int(max(lengths))
    pieces = composer.sample(
        n_frames, n_pieces=len(lengths), temperature=temperature, random_state=0
    )
    return [piece[:length] for piece, length in zip(pieces, lengths, strict=True)]


def main():
    """Print a table for each set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dir", nargs="?", type=Path, help="folder with the .mat files")
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--temperatures", nargs="+", type=float, default=[1.0, 0.9])
    parser.add_argument("--pieces", nargs="*", default=[], metavar="NAME=FILE.npz")
    arguments = parser.parse_args()
    for name in find_sets(arguments.dir, arguments.sets):
        training, validation, test = load(name, arguments.dir)
        composer = LSTMComposer(**SETTING, max_iter=arguments.epochs, random_state=0, verbose=1)
        composer.fit(training, X_val=validation)
        rows = [row("test pieces", test), row("training pieces", training)]
        for temperature in arguments.temperatures:
            pieces = compose(composer, [len(piece) for piece in test], temperature)
            rows.append(row(f"LSTMComposer, temperature {temperature:g}", pieces))
        for added in arguments.pieces:
            label, _, path = added.partition("=")
            with np.load(path) as archive:
                rows.append(row(label, list(archive.values())))
        print_table((name, *HEAD), rows)


if __name__ == "__main__":
    main()
