"""Pieces that say when their frames sound, as extractors return them.

A piece is an array and holds no time. What an extractor returns is an array all the same, and
remembers its timing until something is made of it: a slice, a sum or a copy is an array without. So
a composer that is fitted in a pipeline knows the tempo or rate of its frames, as column names of
data frames go from step to step in scikit-learn.
"""

from typing import Any

import numpy as np

from .timing import Timing


class TimedPiece(np.ndarray):
    """A piece, (n_frames, n_features), with its `timing`, which views and results do not have."""

    timing: Timing | None = None

    def __reduce__(self) -> Any:
        return timed, (np.asarray(self), self.timing)


def timed(frames: np.ndarray, timing: Timing | None) -> np.ndarray:
    """Return a piece that remembers its timing."""
    piece = np.asarray(frames).view(TimedPiece)
    piece.timing = timing
    return piece


def timing_of_piece(piece: Any) -> Timing | None:
    """Return the timing that a piece remembers, if any."""
    return piece.timing if isinstance(piece, TimedPiece) else None
