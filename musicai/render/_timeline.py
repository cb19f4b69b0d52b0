"""Seconds and beats of a piece: when its frames are, where bars and grids lie."""

from typing import Any, NamedTuple, Self

import numpy as np

from ..base.parameters import TEMPO_RULE, Rule, is_integer
from ..theory.timing import RATE_RULE, frame_borders

GRID_RULE: Rule = (lambda v: v is None or (is_integer(v, 1) and v <= 96), "None or from 1 to 96")
TIMING: dict[str, Rule] = {"frame_rate": RATE_RULE, "tempo": TEMPO_RULE}
BEATS_PER_BAR = 4

_LONGEST_BEAT = 15.0  # seconds; MIDI has no slower tempo than one beat in 16.8 s
_SHORTEST_BEAT = 0.15  # seconds; faster than 400 a minute nobody counts
_LEAST_OF_STEP = 0.1  # pieces end with a frame, not on a beat: what is over is seldom a note
_SHORTEST_CELL = 0.08  # seconds; finer frames are joined: nobody changes chords faster


class Timeline(NamedTuple):
    """Borders of the frames of one piece, shape (n_frames + 1,), in seconds and in beats."""

    seconds: np.ndarray
    beats: np.ndarray

    @classmethod
    def of_tempo(cls, seconds: np.ndarray, tempo: float) -> Self:
        """Take beats that follow one another evenly."""
        return cls(seconds, seconds * (tempo / 60))

    @classmethod
    def of_beats(cls, seconds: np.ndarray) -> Self:
        """Take each frame for a beat; one that is much longer than others, for some beats.

        What is before the first beat and after the last one is a frame as well, of any length.
        """
        lengths = np.diff(seconds)
        usual = np.median(lengths[lengths > 0]) if np.any(lengths > 0) else 1.0
        counts = np.maximum(np.rint(lengths / usual), np.ceil(lengths / _LONGEST_BEAT))
        counts = np.where(lengths > 0, np.maximum(counts, 1), 0)
        return cls(seconds, np.concatenate([[0.0], np.cumsum(counts)]))

    @property
    def duration(self) -> float:
        """Seconds from the first frame's beginning to the last one's end."""
        return float(self.seconds[-1])

    @property
    def tempo(self) -> float:
        """Beats per minute, in the middle of all."""
        lengths, counts = np.diff(self.seconds), np.diff(self.beats)
        some = (lengths > 0) & (counts > 0)
        return float(60 * np.median(counts[some] / lengths[some])) if some.any() else 120.0

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
        """Return the borders in seconds between which harmony is constant.

        They are those of a grid, or where that is None those of the frames, of which short ones
        are joined. The last one is the end of the piece.
        """
        if steps_per_beat is not None:
            return self.seconds_at(self.grid(steps_per_beat))
        slots = np.floor(self.seconds / _SHORTEST_CELL + 1e-6)
        first = np.flatnonzero(np.diff(slots, prepend=-1) > 0)
        borders = self.seconds[first]
        if len(borders) == 1 and self.duration > 0:  # all there is, is shorter than a cell
            return self.seconds[[0, -1]]
        borders[-1] = self.duration
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
    X: Any, pieces: list[np.ndarray], *, frame_rate: float, times: Any, tempo: float
) -> list[Timeline]:
    """Return the timeline of each piece; where there are `times`, frames are beats."""
    borders = frame_borders(X, pieces, frame_rate=frame_rate, times=times)
    if times is None:
        return [Timeline.of_tempo(seconds, tempo) for seconds in borders]
    return [
        Timeline.of_beats(seconds) if are_beats(seconds) else Timeline.of_tempo(seconds, tempo)
        for seconds in borders
    ]


def are_beats(seconds: np.ndarray) -> bool:
    """Tell beats from the times of single frames, which are closer than any beats."""
    return len(seconds) < 2 or float(np.median(np.diff(seconds))) > _SHORTEST_BEAT
