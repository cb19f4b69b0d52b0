"""Arrays with a timing, as extractors return them.

A plain array does not store when its frames sound. Extractors return arrays that also carry a
`timing`, so that a composer fitted in a pipeline gets the tempo or rate of its frames, much as
feature names pass between the steps of a scikit-learn pipeline. Slices, sums and copies of such an
array lose the timing; pickling keeps it.
"""

from typing import Any

import numpy as np

from .timing import Timing


class TimedPiece(np.ndarray):
    """A piece, (n_frames, n_features), with a `timing`, which slices and computed arrays lose."""

    timing: Timing | None = None

    def __reduce__(self) -> Any:
        return timed, (np.asarray(self), self.timing)


def timed(frames: np.ndarray, timing: Timing | None) -> np.ndarray:
    """Return a view of a piece with a timing attached."""
    piece = np.asarray(frames).view(TimedPiece)
    piece.timing = timing
    return piece


def timing_of_piece(piece: Any) -> Timing | None:
    """Return the timing attached to a piece, or None."""
    return piece.timing if isinstance(piece, TimedPiece) else None
