"""Cells: spans of beats over which the frames of a piece are integrated."""

from typing import NamedTuple

import numpy as np

from ..theory.shapes import unit_shapes
from ._timeline import SETTLED_BARS, Timeline


class Cells(NamedTuple):
    """A piece whose frames are integrated over cells."""

    borders: np.ndarray
    """Shape (n_cells + 1,): where cells begin, and the last one ends, in beats."""

    shapes: np.ndarray
    """Shape (n_cells, 12): the sum of the cell's frames, each centered, scaled to length 1 and
    multiplied by the seconds for which it sounds in the cell. The dot product with a chord that is
    centered and scaled likewise is the chord's correlation with the frames, times seconds."""

    silence: np.ndarray
    """Shape (n_cells,): seconds of each cell in which frames are silent or flat."""

    levels: np.ndarray
    """Shape (n_cells,): mean loudness over the seconds that are neither silent nor flat, from 0 to
    1. The loudest frame in the first `SETTLED_BARS` bars has a loudness of 1."""

    seconds: np.ndarray
    """Shape (n_cells,): length of each cell in seconds."""

    def level(self, start: int, end: int) -> float:
        """Return the mean loudness of cells `start` up to `end`, not counting their silence."""
        sounding = (self.seconds - self.silence)[start:end]
        return float(np.average(self.levels[start:end], weights=np.maximum(sounding, 1e-9)))


def cells_of(piece: np.ndarray, timeline: Timeline, grid: int | None) -> Cells:
    """Integrate the frames of a piece over the cells of a grid.

    `grid` is the number of cells per beat; with None, cells follow the frames.
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
