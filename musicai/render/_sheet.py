"""Lead sheets: the bars, key, chords and melody that MIDI, scores and charts share.

If the key is not given, it is estimated from the first `SETTLED_BARS` bars, and so is the first bar
line if the timing has no downbeat. Apart from these two, the chords and melody of a bar depend only
on frames up to the end of the bar. If a piece of at least `SETTLED_BARS` bars is continued, its
complete bars therefore stay the same.
"""

from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ..base.pieces import is_collection, one_per_piece
from ..theory.chord import Chord
from ..theory.spelling import estimated_key, key_of
from ._cells import Cells, cells_of
from ._chords import name_chords
from ._melody import find_melody
from ._timeline import SETTLED_BARS, Timeline
from ._voicing import Register, Voicing, lead_voices


class Line(NamedTuple):
    """A note of the melody, or a rest, over consecutive cells."""

    start: int  # the first cell
    end: int  # the cell after the last
    pitch: int | None  # MIDI number; None for a rest


class Sheet(NamedTuple):
    """Bars, key and chords of a piece.

    Attributes
    ----------
    timeline : Timeline
        Beats, seconds and meter of the piece.
    key : int
        Key, from 0 to 11 for C to B major, and from 12 to 23 for C to B minor.
    pickup : int
        Number of beats before the first bar line.
    chords : list of Chord
        Chords without gaps, with starts and ends in whole beats.
    """

    timeline: Timeline
    key: int
    pickup: int
    chords: list[Chord]

    def bar_starts(self) -> np.ndarray:
        """Return the beats of the timeline on which bars begin."""
        n_beats = self.timeline.grid(1)[-1]
        return np.arange(self.pickup, n_beats, self.timeline.beats_per_bar).astype(int)

    def bar_lines(self, borders: np.ndarray) -> np.ndarray:
        """Return, for each bar line, the index of the first cell that begins on or after it.

        `borders` are the borders of the cells, in beats. A bar line at the end of the piece is left
        out.
        """
        lines = np.searchsorted(borders, self.bar_starts() - 1e-9)
        return lines[lines < len(borders) - 1]


def sheet_of(piece: np.ndarray, timeline: Timeline, *, vocabulary: str, key: int | None) -> Sheet:
    """Return the sheet of a piece, with an estimated key if `key` is None."""
    beats = timeline.grid(1)
    seconds = timeline.seconds_at(beats)
    frames = timeline.totals(piece.astype(np.float64), seconds)
    n_settled = SETTLED_BARS * timeline.beats_per_bar
    if key is None:
        key = estimated_key(frames[:n_settled])
    name = partial(name_chords, vocabulary=vocabulary, key=key)
    pickup = timeline.downbeat
    if pickup is None:
        some = slice(n_settled)
        first = name(frames[some], np.diff(seconds)[some], beats)
        pickup = _first_bar_line(first, timeline.beats_per_bar)
    ends = range(pickup, len(frames), timeline.beats_per_bar)
    chords = name(frames, np.diff(seconds), beats, ends=ends)
    return Sheet(timeline, key, pickup, chords)


def melody_of(piece: np.ndarray, sheet: Sheet, grid: int | None) -> tuple[Cells, list[Line]]:
    """Return the melody that, together with the chords of the sheet, best fits the piece.

    Returns
    -------
    cells : Cells
        The piece, integrated over the cells of the grid.
    lines : list of Line
        Notes and rests in order, without gaps. No note is held over a bar line.
    """
    cells = cells_of(piece, sheet.timeline, grid)
    under = np.zeros((len(cells.seconds), 12))
    for chord in sheet.chords:
        some = slice(*np.searchsorted(cells.borders, [chord.start - 1e-9, chord.end - 1e-9]))
        under[some, list(chord.pitch_classes)] = 1
    lines = sheet.bar_lines(cells.borders)
    pitches = find_melody(cells, under, lines)
    begins = np.diff(pitches, prepend=-2) != 0
    begins[lines] = True
    return cells, [
        Line(start, end, int(pitches[start]) if pitches[start] >= 0 else None)
        for start, end in pairwise([*np.flatnonzero(begins).tolist(), len(pitches)])
    ]


def voicings_of(sheet: Sheet, register: Register) -> list[Voicing]:
    """Return a voicing for each chord of a sheet, with smooth voice leading."""
    starts = [chord.start for chord in sheet.chords]
    return lead_voices(
        [chord.pitch_classes for chord in sheet.chords],
        [chord.root or 0 for chord in sheet.chords],
        register,
        ends=np.searchsorted(starts, sheet.bar_starts()).tolist(),
    )


def keys_of(key: Any, X: Any, pieces: list[np.ndarray]) -> list[int | None]:
    """Return the number of each piece's key, or None for a key that has to be estimated."""
    if is_collection(X) and isinstance(key, str):
        key = [key] * len(pieces)
    keys = one_per_piece(key, X, pieces, "key")
    return [None if each is None else key_of(each) for each in keys]


def _first_bar_line(chords: list[Chord], beats_per_bar: int) -> int:
    """Return the beat, from 0 to `beats_per_bar` - 1, of the first bar line.

    This is the beat of the bar on which chords change most often; in a tie, the earliest one.
    """
    changes = np.array([chord.start for chord in chords[1:]], dtype=int) % beats_per_bar
    return int(np.bincount(changes, minlength=beats_per_bar).argmax())
