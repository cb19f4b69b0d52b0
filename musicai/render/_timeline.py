"""Timelines: the frames of a piece in seconds and in notated beats, for bars and grids."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from ..base.parameters import TEMPO_RULE, Rule, check_values, is_integer
from ..theory.timing import Timing
from ..theory.timing_argument import timings_of

GRID_RULE: Rule = (lambda v: v is None or (is_integer(v, 1) and v <= 96), "None or from 1 to 96")
NOTATED_TEMPO = 120.0
"""Default tempo, in beats per minute, at which frames that do not follow beats are notated."""

BEATS_PER_BAR = 4
"""Number of beats per bar in the notation of frames that do not follow beats."""

SETTLED_BARS = 8
"""Number of bars that determine a piece's scale of loudness and, if unknown, key and bar lines.

These are the first bars of the piece, so that the results do not depend on later music.
"""

PARTS_OF_BEAT = 8
"""Number of parts into which a beat is divided to measure a pickup: 32nd notes."""

_NOTATED_TEMPO_RULE: Rule = (lambda v: v is None or TEMPO_RULE[0](v), f"None or {TEMPO_RULE[1]}")
_LEAST_OF_STEP = 0.1  # in steps or beats; a shorter remainder at the end of a piece gets no cell
_LEAST_PICKUP = 0.75  # in 32nd notes; a shorter pickup is taken for silence before the music
_SHORTEST_CELL = 0.08  # seconds; shorter frames are joined because chords do not change faster


class Timeline(NamedTuple):
    """The frames of a piece on a timeline of seconds, beats and bars.

    Attributes
    ----------
    seconds, beats : ndarray of shape (n_frames + 1,)
        Borders of the frames. The first value of `seconds` is 0. The first value of `beats` is 0,
        or between 0 and 1 if the piece begins within its first beat.
    tempo : float
        Tempo in beats per minute: the tempo of the timing if frames follow beats, otherwise the
        notated tempo.
    beats_per_bar : int
        Beats per bar.
    downbeat : int or None
        The first beat that begins a bar; None if unknown.
    follows_beats : bool
        Whether the timing gives the positions of frames in beats.
    """

    seconds: np.ndarray
    beats: np.ndarray
    tempo: float
    beats_per_bar: int
    downbeat: int | None
    follows_beats: bool

    @classmethod
    def of(cls, timing: Timing, n_frames: int, *, notated_tempo: float | None) -> Self:
        """Return the timeline of a piece; `notated_tempo` is for frames without beats."""
        seconds = timing.borders(n_frames)
        seconds = seconds - seconds[0]
        if not timing.has_beats:
            tempo = notated_tempo or NOTATED_TEMPO
            return cls(seconds, seconds * (tempo / 60), tempo, BEATS_PER_BAR, 0, False)
        beats, before = _from_first_beat(timing.beats(n_frames))
        beats_per_bar, downbeat = timing.beats_per_bar or BEATS_PER_BAR, timing.downbeat
        if downbeat is not None:
            downbeat = (downbeat - before) % beats_per_bar
        tempo = timing.tempo or NOTATED_TEMPO  # frames of zero length have no tempo
        return cls(seconds, beats, tempo, beats_per_bar, downbeat, True)

    @property
    def duration(self) -> float:
        """Seconds from the start of the first frame to the end of the last one."""
        return float(self.seconds[-1])

    def seconds_at(self, beats: np.ndarray) -> np.ndarray:
        """Convert borders in beats to seconds; the last border becomes the end of the piece."""
        seconds = np.interp(beats, self.beats, self.seconds)
        seconds[-1] = self.duration
        return seconds

    def grid(self, steps_per_beat: int) -> np.ndarray:
        """Return the borders, in beats, of the cells of a grid up to the end of the piece.

        A remainder of up to a tenth of a step or beat at the end gets no cell. All grids of a piece
        end in the same beat.
        """
        beats = self.beats[-1]
        n_beats = max(int(np.ceil(beats - _LEAST_OF_STEP)), int(beats > 0))
        n_cells = int(np.ceil(beats * steps_per_beat - _LEAST_OF_STEP))
        n_cells = min(max(n_cells, int(beats > 0)), n_beats * steps_per_beat)
        return np.arange(n_cells + 1) / steps_per_beat

    def cells(self, steps_per_beat: int | None) -> np.ndarray:
        """Return the borders, in beats, of the cells of a grid or of the frames.

        If `steps_per_beat` is None, cells are frames, except that frames shorter than
        `_SHORTEST_CELL` are joined.
        """
        if steps_per_beat is not None:
            return self.grid(steps_per_beat)
        slots = np.floor(self.seconds / _SHORTEST_CELL + 1e-6)
        borders = self.beats[np.flatnonzero(np.diff(slots, prepend=-1) > 0)]
        if len(borders) == 1 and self.duration > 0:  # the piece is shorter than a cell
            return self.beats[[0, -1]]
        borders[-1] = self.beats[-1]
        return borders

    def totals(self, values: np.ndarray, borders: np.ndarray) -> np.ndarray:
        """Integrate values of the frames over intervals of time.

        Parameters
        ----------
        values : ndarray of shape (n_frames, n_values)
            Values, constant within each frame.
        borders : ndarray of shape (n_intervals + 1,)
            Borders of the intervals in seconds, in ascending order.

        Returns
        -------
        totals : ndarray of shape (n_intervals, n_values)
            Integrals of the values over seconds.
        """
        lengths = np.diff(self.seconds)
        some = lengths > 0
        seconds = np.concatenate([[0.0], self.seconds[1:][some]])
        sums = np.cumsum(values[some] * lengths[some, None], axis=0)
        sums = np.vstack([np.zeros((1, values.shape[1])), sums])
        columns = [np.interp(borders, seconds, column) for column in sums.T]
        return np.diff(np.stack(columns, axis=1), axis=0)


def timelines(
    timing: Any, X: Any, pieces: Sequence[np.ndarray], *, notated_tempo: Any
) -> list[Timeline]:
    """Return the timeline of each piece.

    Raise a ValueError if beats have no tempo, or if `notated_tempo` is given for beats.
    """
    check_values({"notated_tempo": notated_tempo}, {"notated_tempo": _NOTATED_TEMPO_RULE})
    timings = timings_of(timing, X, pieces)
    for each in timings:
        if notated_tempo is not None and each.has_beats:
            raise ValueError(
                f"notated_tempo is for frames that are not beats, but these are beats: {each}; "
                f"to play them at that tempo pass timing=timing.at_tempo({notated_tempo!r})"
            )
    return [
        Timeline.of(each, len(piece), notated_tempo=notated_tempo)
        for each, piece in zip(timings, pieces, strict=True)
    ]


def _from_first_beat(beats: np.ndarray) -> tuple[np.ndarray, int]:
    """Renumber beats so that the piece begins in beat 0; also return the old number of that beat.

    If the piece begins within a beat, the rest of that beat is rounded to a multiple of
    ``1 / PARTS_OF_BEAT``, so that it can be notated as a pickup. If the rest is shorter than
    `_LEAST_PICKUP` and the piece continues after it, the next beat becomes beat 0.
    """
    before = int(np.floor(beats[0]))
    left = PARTS_OF_BEAT * (before + 1 - beats[0])
    parts = max(1, int(np.rint(left)))
    if left < _LEAST_PICKUP and beats[-1] > before + 1:
        before, parts = before + 1, PARTS_OF_BEAT
    counted = np.maximum(beats - before, 1 - parts / PARTS_OF_BEAT)
    counted[0] = 1 - parts / PARTS_OF_BEAT
    return counted, before
