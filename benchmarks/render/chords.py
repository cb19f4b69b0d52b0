"""Accuracy of chord recognition on chorales, compared with frame-wise template matching.

The recordings are Bach chorales rendered by ``musicai.datasets.load_chorales``, with chroma of a
default ``ChromaExtractor``. The reference of a frame is the set of notes in the score at its
center::

    python -m benchmarks.render.chords [--first 100] [--chorales 50]

- triads: fraction of the frames with exactly the pitch classes of a major or minor triad that have
  the correct root and mode, averaged over chorales
- other chords: the fraction of all frames with exactly the pitch classes of another of the ten
  qualities whose recognized chord has these pitch classes. Roots may differ, because a diminished
  seventh has four possible ones
- changes: chord changes per minute. The row of the score counts all changes of pitch classes,
  including passing notes.

The parameters of ``recognize_chords`` were chosen on the first 30 chorales (shown by ``--first 0
--chorales 30``): among many settings with similar accuracy, they give the fewest changes. The
alternatives choose the most similar binary template of each frame by cosine similarity (Fujishima
1999), by correlation, which centers frames (among triads, the order is the same), and by
correlation after a median filter of half a second, the usual smoothing without a model (Cho & Bello
2014). Needs ``pip install ".[midi,score]"``.
"""

import argparse
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.ndimage import median_filter

from musicai import ChromaExtractor
from musicai.datasets import load_chorales
from musicai.midi import read_midi
from musicai.render import recognize_chords
from musicai.theory.shapes import unit_shapes
from musicai.theory.vocabulary import TONES, templates

CLOCK = ChromaExtractor().timing
SMOOTHING = 5  # frames; 3 to 7 work about as well on the first 30 chorales, 11 are far too many


class Chorale(NamedTuple):
    """Chroma and sounding pitch classes of each frame, both (n_frames, 12)."""

    chroma: np.ndarray
    sounding: np.ndarray


def read(first: int, n_chorales: int) -> list[Chorale]:
    """Return chorales, rendering missing ones."""
    recordings = load_chorales(first + n_chorales).recordings[first:]
    scores = load_chorales(first + n_chorales, kind="midi").recordings[first:]
    pieces = ChromaExtractor().transform(recordings)
    return [
        Chorale(piece, sounding_in(score, len(piece)))
        for piece, score in zip(pieces, scores, strict=True)
    ]


def sounding_in(score, n_frames: int) -> np.ndarray:
    centers = CLOCK.centers(n_frames)
    sounding = np.zeros((n_frames, 12), dtype=bool)
    for part in read_midi(score).instruments:
        for note in part.notes:
            sounding[(centers >= note.start) & (centers < note.end), note.pitch % 12] = True
    return sounding


def modeled(vocabulary: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from chroma to pitch classes of recognized chords, (n_frames, 12)."""

    def name(piece: np.ndarray) -> np.ndarray:
        named = np.zeros((len(piece), 12), dtype=bool)
        for chord in recognize_chords(piece, vocabulary=vocabulary, timing=CLOCK):
            frames = slice(*CLOCK.frames_at([chord.start, chord.end]))
            named[frames, list(chord.pitch_classes)] = True
        return named

    return name


def matched(qualities: tuple[str, ...], *, centered: bool, smoothed: bool = False):
    """Return a function that chooses the best template of each frame independently."""
    chords = templates(qualities)
    shapes = unit_shapes(chords) if centered else unit_lengths(chords)

    def name(piece: np.ndarray) -> np.ndarray:
        frames = piece.astype(np.float64)
        if smoothed:
            frames = median_filter(frames, (SMOOTHING, 1))
        frames = unit_shapes(frames) if centered else unit_lengths(frames)
        return chords[(frames @ shapes.T).argmax(axis=1)] > 0

    return name


def unit_lengths(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


TRIADS, TEN = ("maj", "min"), tuple(TONES)
METHODS = {
    "cosine, 24 triads": matched(TRIADS, centered=False),
    "smoothed, 24 triads": matched(TRIADS, centered=True, smoothed=True),
    "**musicai, 24 triads**": modeled("triads"),
    "cosine, 10 qualities": matched(TEN, centered=False),
    "correlation, 10 qualities": matched(TEN, centered=True),
    "smoothed, 10 qualities": matched(TEN, centered=True, smoothed=True),
    "**musicai, 10 qualities**": modeled("qualities"),
}


def members(sounding: np.ndarray, qualities: tuple[str, ...]) -> np.ndarray:
    """Return which frames have exactly the pitch classes of a chord, shape (n_frames,)."""
    chords = templates(qualities) > 0
    return (sounding[:, None] == chords[None]).all(axis=2).any(axis=1)


def changes_per_minute(frames: np.ndarray) -> float:
    changes = np.any(frames[1:] != frames[:-1], axis=1).sum()
    return 60 * changes / CLOCK.duration(len(frames))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--first", type=int, default=100, help="chorales to skip (default: 100)")
    parser.add_argument("--chorales", type=int, default=50, help="how many (default: 50)")
    arguments = parser.parse_args()
    chorales = read(arguments.first, arguments.chorales)

    print("| method | triads | other chords | changes a minute |\n| --- | --- | --- | --- |")
    for name, method in METHODS.items():
        triads, others, changes = [], [], []
        for chroma, sounding in chorales:
            named = method(chroma)
            right = (named == sounding).all(axis=1)
            is_triad, is_chord = members(sounding, TRIADS), members(sounding, TEN)
            triads.append(right[is_triad])
            others.append(right[is_chord & ~is_triad])
            changes.append(changes_per_minute(named))
        counts = {"triads": sum(map(len, triads)), "other": sum(map(len, others))}
        other = f"{np.concatenate(others).mean():.3f}" if "10" in name else "-"
        mean = np.mean([each.mean() for each in triads if len(each)])
        print(f"| {name} | {mean:.3f} | {other} | {np.mean(changes):.0f} |")
    own = np.mean([changes_per_minute(each.sounding) for each in chorales])
    print(f"| the score | 1 | 1 | {own:.0f} |\n")
    seconds = sum(CLOCK.duration(len(chorale.chroma)) for chorale in chorales)
    print(
        f"{len(chorales)} chorales, {seconds / 60:.0f} "
        f"minutes; frames: {counts['triads']} triads, {counts['other']} other chords"
    )


if __name__ == "__main__":
    main()
