"""Chord qualities as sets of pitch classes."""

from typing import NamedTuple

import numpy as np


class Quality(NamedTuple):
    """A chord quality: its tones and its notation."""

    tones: tuple[int, ...]  # semitones above the root
    suffix: str  # follows the root in a chart
    harte: str  # follows the root and a colon in Harte's syntax
    kind: str  # MusicXML's `kind`
    leads: bool = False  # whether the root is spelled as a leading tone


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
"""Chord qualities by name.

Sixth and sus2 chords are left out, because chroma has no bass: C6 equals Am7, and Csus2 equals
Gsus4.
"""

TONES = {name: quality.tones for name, quality in QUALITIES.items()}
VOCABULARIES = {"triads": ("maj", "min"), "qualities": tuple(QUALITIES)}


def templates(qualities: tuple[str, ...]) -> np.ndarray:
    """Return the pitch classes of chords as zeros and ones, shape (n_qualities * 12, 12).

    Rows hold the first quality on C to B, then the next quality on C to B, and so on.
    """
    chords = [np.isin(np.arange(12), TONES[quality]) for quality in qualities]
    return np.array([np.roll(chord, root) for chord in chords for root in range(12)], np.float64)
