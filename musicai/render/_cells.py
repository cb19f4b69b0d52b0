"""A piece summed up in cells: spans of beats within which nothing changes."""

from typing import NamedTuple

import numpy as np

from ..theory.shapes import unit_shapes
from ._timeline import SETTLED_BARS, Timeline


class Cells(NamedTuple):
    """A piece over cells."""

    borders: np.ndarray
    """Shape (n_cells + 1,), in beats."""

    shapes: np.ndarray
    """Shape (n_cells, 12): centered frames of length 1, times their seconds. Their product with a
    centered chord of length 1 is its correlation with the cell's frames, in seconds."""

    silence: np.ndarray
    """Shape (n_cells,): seconds whose frames are silent or flat."""

    levels: np.ndarray
    """Shape (n_cells,): how loud, from 0 to 1 for the loudest frame of the first bars."""

    seconds: np.ndarray
    """Shape (n_cells,): how long."""

    def level(self, start: int, end: int) -> float:
        """Return how loud some cells are where they sound."""
        sounding = (self.seconds - self.silence)[start:end]
        return float(np.average(self.levels[start:end], weights=np.maximum(sounding, 1e-9)))


def cells_of(piece: np.ndarray, timeline: Timeline, grid: int | None) -> Cells:
    """Sum up the frames of a piece in cells of a grid, or where that is None in cells of frames."""
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
