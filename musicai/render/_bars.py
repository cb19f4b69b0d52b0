"""Chords in beats, and where bars begin among them."""

import numpy as np

from ..theory.chord import Chord
from ._chords import name_chords
from ._timeline import Timeline


def chords_on_beats(
    piece: np.ndarray, timeline: Timeline, *, vocabulary: str, key: int
) -> list[Chord]:
    """Return chords that change on beats, their starts and ends in beats."""
    beats = timeline.grid(1)
    seconds = timeline.seconds_at(beats)
    frames = timeline.totals(piece.astype(np.float64), seconds)
    return name_chords(frames, np.diff(seconds), beats, vocabulary=vocabulary, key=key)


def pick_up(chords: list[Chord], timeline: Timeline) -> int:
    """Return the number of beats before the first bar line.

    Where no downbeat is known, bars begin where chords change most often; of numbers that do
    equally well, it is the lowest.

    Parameters
    ----------
    chords : list of Chord
        With starts in beats.
    timeline : Timeline
        When the beats are.
    """
    if timeline.downbeat is not None:
        return timeline.downbeat
    changes = np.array([chord.start for chord in chords[1:]], dtype=int) % timeline.beats_per_bar
    return int(np.bincount(changes, minlength=timeline.beats_per_bar).argmax())
