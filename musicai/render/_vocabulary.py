"""Chords that can be named, as sets of pitch classes."""

import numpy as np

TONES = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "aug": (0, 4, 8),
    "sus4": (0, 5, 7),
}
"""Semitones above the root. Sixths and sus2 are missing as they are inversions of these: chroma
has no bass, and cannot tell C6 from Am7 or Csus2 from Gsus4."""

SUFFIXES = {"maj": "", "min": "m"} | {name: name for name in list(TONES)[2:]}
VOCABULARIES = {"triads": ("maj", "min"), "qualities": tuple(TONES)}


def templates(qualities: tuple[str, ...]) -> np.ndarray:
    """Return which pitch classes sound, shape (n_qualities * 12, 12): first all maj on C to B."""
    chords = [np.isin(np.arange(12), TONES[quality]) for quality in qualities]
    return np.array([np.roll(chord, root) for chord in chords for root in range(12)], np.float64)
