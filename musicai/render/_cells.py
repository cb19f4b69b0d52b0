"""Cells: steps of a grid, or frames, over which a piece is integrated."""

from typing import NamedTuple

import numpy as np

from ..theory.shapes import unit_shapes
from ._timeline import SETTLED_BARS, Timeline


class Cells(NamedTuple):
    """A piece whose frames are integrated over cells."""

    borders: np.ndarray
    """Borders of the cells in beats, shape (n_cells + 1,)."""

    shapes: np.ndarray
    """Sum of the frames of each cell, shape (n_cells, 12).

    Each frame is first centered, scaled to unit norm, and multiplied by the seconds for which it
    sounds in the cell. The dot product with a centered chord of unit norm is the correlation of
    chord and frames, integrated over seconds.
    """

    silence: np.ndarray
    """Number of seconds of each cell in which frames are silent or otherwise flat, (n_cells,)."""

    levels: np.ndarray
    """Mean loudness of the sounding frames of each cell, from 0 to 1, shape (n_cells,).

    The loudness of a frame is its largest value, divided by the largest value in the first
    `SETTLED_BARS` bars.
    """

    seconds: np.ndarray
    """Length of each cell in seconds, shape (n_cells,)."""

    def level(self, start: int, end: int) -> float:
        """Return the mean loudness of the sounding parts of cells `start` to `end` - 1."""
        sounding = (self.seconds - self.silence)[start:end]
        return float(np.average(self.levels[start:end], weights=np.maximum(sounding, 1e-9)))


def cells_of(piece: np.ndarray, timeline: Timeline, grid: int | None) -> Cells:
    """Integrate the frames of a piece over the cells of a grid.

    `grid` is the number of cells per beat. If it is None, cells follow the frames.
    """
    borders = timeline.cells(grid)
    at = timeline.seconds_at(borders)
    seconds = np.diff(at)
    shapes = unit_shapes(piece.astype(np.float64))
    loudest = piece.max(axis=1, keepdims=True).astype(np.float64)
    totals = timeline.totals(np.column_stack([shapes, ~shapes.any(axis=1), loudest]), at)
    sounding = np.maximum(seconds - totals[:, 12], 1e-9)
    settled = timeline.beats[:-1] < SETTLED_BARS * timeline.beats_per_bar
    full = loudest[settled].max(initial=0) or 1
    levels = np.minimum(totals[:, 13] / sounding / full, 1)
    return Cells(borders, totals[:, :12], totals[:, 12], levels, seconds)
