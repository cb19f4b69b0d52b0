"""Chords that can be named, as sets of pitch classes."""

from typing import NamedTuple

import numpy as np


class Quality(NamedTuple):
    """What makes a chord on any root, and how it is written."""

    tones: tuple[int, ...]  # semitones above the root
    suffix: str  # after the name of the root in a chart
    harte: str  # after the root and a colon in Harte's syntax
    kind: str  # in MusicXML's words
    leads: bool = False  # whether its root leads a semitone up, and is spelled so


QUALITIES = {
    "maj": Quality((0, 4, 7), "", "maj", "major"),
    "min": Quality((0, 3, 7), "m", "min", "minor"),
    "7": Quality((0, 4, 7, 10), "7", "7", "dominant-seventh"),
    "maj7": Quality((0, 4, 7, 11), "maj7", "maj7", "major-seventh"),
    "m7": Quality((0, 3, 7, 10), "m7", "min7", "minor-seventh"),
    "dim": Quality((0, 3, 6), "dim", "dim", "diminished", leads=True),
    "dim7": Quality((0, 3, 6, 9), "dim7", "dim7", "diminished-seventh", leads=True),
    "m7b5": Quality((0, 3, 6, 10), "m7b5", "hdim7", "half-diminished-seventh", leads=True),
    "aug": Quality((0, 4, 8), "aug", "aug", "augmented"),
    "sus4": Quality((0, 5, 7), "sus4", "sus4", "suspended-fourth"),
}
"""Sixths and sus2 are missing as they are inversions of these: chroma has no bass, and cannot tell
C6 from Am7 or Csus2 from Gsus4."""

TONES = {name: quality.tones for name, quality in QUALITIES.items()}
VOCABULARIES = {"triads": ("maj", "min"), "qualities": tuple(QUALITIES)}


def templates(qualities: tuple[str, ...]) -> np.ndarray:
    """Return which pitch classes sound, shape (n_qualities * 12, 12): first all maj on C to B."""
    chords = [np.isin(np.arange(12), TONES[quality]) for quality in qualities]
    return np.array([np.roll(chord, root) for chord in chords for root in range(12)], np.float64)
