"""Chords in beats, and where bars begin among them."""

import numpy as np

from ..theory.chord import Chord
from ._chords import name_chords
from ._timeline import BEATS_PER_BAR, Timeline


def chords_on_beats(
    piece: np.ndarray, timeline: Timeline, *, vocabulary: str, key: int
) -> list[Chord]:
    """Return chords that change on beats, their starts and ends in beats."""
    beats = timeline.grid(1)
    seconds = timeline.seconds_at(beats)
    frames = timeline.totals(piece.astype(np.float64), seconds)
    return name_chords(frames, np.diff(seconds), beats, vocabulary=vocabulary, key=key)


def pick_up(chords: list[Chord]) -> int:
    """Return the number of beats before the first bar: chords change on first beats most often.

    Of numbers that do equally well, it is the lowest.

    Parameters
    ----------
    chords : list of Chord
        With starts in beats.
    """
    changes = np.array([chord.start for chord in chords[1:]], dtype=int) % BEATS_PER_BAR
    return int(np.bincount(changes, minlength=BEATS_PER_BAR).argmax())
