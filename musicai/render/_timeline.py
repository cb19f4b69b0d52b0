"""Seconds and beats of a piece as it is written down: where bars and grids lie."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from ..base.parameters import TEMPO_RULE, Rule, check_values, is_integer
from ..theory.timing import Timing
from ..theory.timing_argument import timings_of

GRID_RULE: Rule = (lambda v: v is None or (is_integer(v, 1) and v <= 96), "None or from 1 to 96")
NOTATED_TEMPO = 120.0
"""Beats per minute at which frames that are no beats are written down."""

BEATS_PER_BAR = 4
"""Of frames that are no beats."""

SETTLED_BARS = 8
"""Bars that key, level and the first bar line are estimated from, so that these do not change with
what comes later."""

PARTS_OF_BEAT = 8
"""A pick-up lasts for so many parts of a beat, which are 32nds, or is counted to the first beat."""

_NOTATED_TEMPO_RULE: Rule = (lambda v: v is None or TEMPO_RULE[0](v), f"None or {TEMPO_RULE[1]}")
_LEAST_OF_STEP = 0.1  # pieces end with a frame, not on a beat: what is over is seldom a note
_LEAST_PICK_UP = 0.75  # parts of a beat: less is no note, but the silence of a recording
_SHORTEST_CELL = 0.08  # seconds; finer frames are joined: nobody changes chords faster


class Timeline(NamedTuple):
    """Borders of the frames of one piece, from its beginning on, and its bars.

    Attributes
    ----------
    seconds, beats : ndarray of shape (n_frames + 1,)
        When frames begin and the last one ends. Seconds begin at 0, beats within the first one.
    tempo : float
        Beats per minute, in the middle of all.
    beats_per_bar : int
        Beats in a bar.
    downbeat : int or None
        The first beat that begins a bar, where that is known.
    follows_beats : bool
        Whether frames are beats, so that a tempo was heard or chosen for the music itself.
    """

    seconds: np.ndarray
    beats: np.ndarray
    tempo: float
    beats_per_bar: int
    downbeat: int | None
    follows_beats: bool

    @classmethod
    def of(cls, timing: Timing, n_frames: int, *, notated_tempo: float | None) -> Self:
        """Return the timeline of some frames; other frames than beats have a tempo on paper."""
        seconds = timing.borders(n_frames)
        seconds = seconds - seconds[0]
        if not timing.has_beats:
            tempo = notated_tempo or NOTATED_TEMPO
            return cls(seconds, seconds * (tempo / 60), tempo, BEATS_PER_BAR, 0, False)
        beats, before = _from_first_beat(timing.beats(n_frames))
        beats_per_bar, downbeat = timing.beats_per_bar or BEATS_PER_BAR, timing.downbeat
        if downbeat is not None:
            downbeat = (downbeat - before) % beats_per_bar
        tempo = timing.tempo or NOTATED_TEMPO  # all frames of no length have none
        return cls(seconds, beats, tempo, beats_per_bar, downbeat, True)

    @property
    def duration(self) -> float:
        """Seconds from the first frame's beginning to the last one's end."""
        return float(self.seconds[-1])

    def seconds_at(self, beats: np.ndarray) -> np.ndarray:
        """Return when some beats are; the last one is the end of the piece."""
        seconds = np.interp(beats, self.beats, self.seconds)
        seconds[-1] = self.duration
        return seconds

    def grid(self, steps_per_beat: int) -> np.ndarray:
        """Return the borders of the cells of a grid in beats; the last one reaches the end.

        What is left over of a beat, if it is no more than a tenth, has no cell of its own, and
        so has what is left over of a step. All grids end in the same beat.
        """
        beats = self.beats[-1]
        n_beats = max(int(np.ceil(beats - _LEAST_OF_STEP)), int(beats > 0))
        n_cells = int(np.ceil(beats * steps_per_beat - _LEAST_OF_STEP))
        n_cells = min(max(n_cells, int(beats > 0)), n_beats * steps_per_beat)
        return np.arange(n_cells + 1) / steps_per_beat

    def cells(self, steps_per_beat: int | None) -> np.ndarray:
        """Return the borders in beats between which harmony is constant.

        They are those of a grid, or where that is None those of the frames, of which short ones
        are joined. The last one reaches the end of the piece.
        """
        if steps_per_beat is not None:
            return self.grid(steps_per_beat)
        slots = np.floor(self.seconds / _SHORTEST_CELL + 1e-6)
        borders = self.beats[np.flatnonzero(np.diff(slots, prepend=-1) > 0)]
        if len(borders) == 1 and self.duration > 0:  # all there is, is shorter than a cell
            return self.beats[[0, -1]]
        borders[-1] = self.beats[-1]
        return borders

    def totals(self, values: np.ndarray, borders: np.ndarray) -> np.ndarray:
        """Integrate values of the frames over intervals of time.

        Parameters
        ----------
        values : ndarray of shape (n_frames, n_values)
            Constant within each frame.
        borders : ndarray of shape (n_intervals + 1,)
            Seconds, rising.

        Returns
        -------
        totals : ndarray of shape (n_intervals, n_values)
            Values times seconds.
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
    """Return the timeline of each piece, or raise an error if it cannot be known."""
    check_values({"notated_tempo": notated_tempo}, {"notated_tempo": _NOTATED_TEMPO_RULE})
    timings = timings_of(timing, X, pieces)
    for each in timings:
        if notated_tempo is not None and each.has_beats:
            raise ValueError(
                f"notated_tempo is for frames that are no beats, and these are beats: {each}; "
                f"to play them at that tempo pass timing=timing.at_tempo({notated_tempo!r})"
            )
    return [
        Timeline.of(each, len(piece), notated_tempo=notated_tempo)
        for each, piece in zip(timings, pieces, strict=True)
    ]


def _from_first_beat(beats: np.ndarray) -> tuple[np.ndarray, int]:
    """Count beats from the one in which the piece begins; return also how many were before it.

    What there is of the first beat is made a number of `PARTS_OF_BEAT`, which a bar can have.
    """
    before = int(np.floor(beats[0]))
    left = PARTS_OF_BEAT * (before + 1 - beats[0])
    parts = max(1, int(np.rint(left)))
    if left < _LEAST_PICK_UP and beats[-1] > before + 1:
        before, parts = before + 1, PARTS_OF_BEAT
    counted = np.maximum(beats - before, 1 - parts / PARTS_OF_BEAT)
    counted[0] = 1 - parts / PARTS_OF_BEAT
    return counted, before
