"""What the metrics of harmony share: chroma to measure, and shapes without loudness."""

from typing import Any

import numpy as np

from .._parameters import Rule, is_integer
from .._pieces import as_collection

N_PITCH_CLASSES = 12
A_COUNT: Rule = (lambda v: is_integer(v, 1), "an integer of at least 1")

MAJOR_SCALE = np.isin(np.arange(12), [0, 2, 4, 5, 7, 9, 11]).astype(np.float64)
_TRIADS = [np.isin(np.arange(12), notes).astype(np.float64) for notes in ([0, 4, 7], [0, 3, 7])]


def chroma_pieces(X: Any, name: str = "X") -> list[np.ndarray]:
    """Check that `X` is chroma, one piece or a collection, and return its pieces as float64."""
    pieces, _ = as_collection(X, n_features=N_PITCH_CLASSES, name=name)
    lowest = min((piece.min() for piece in pieces if piece.size), default=0)
    if lowest < 0:
        raise ValueError(f"chroma has no negative values: {name} has {lowest:.4g}")
    return [piece.astype(np.float64) for piece in pieces]


def sounding_frames(X: Any, metric: str) -> np.ndarray:
    """All frames of `X` that are not silent, one after the other."""
    frames = np.concatenate(chroma_pieces(X))
    return require_some(frames[frames.any(axis=1)], f"{metric} needs a frame that sounds")


def sounding_pieces(X: Any, metric: str) -> list[np.ndarray]:
    """The pieces of `X` in which anything sounds."""
    pieces = [piece for piece in chroma_pieces(X) if piece.any()]
    return require_some(pieces, f"{metric} needs a piece that sounds")


def require_some(found: Any, need: str) -> Any:
    """Return what was found; if there is nothing, say what was needed."""
    if len(found) == 0:
        raise ValueError(f"{need}: X has none")
    return found


def unit_shapes(rows: np.ndarray) -> np.ndarray:
    """Rows centred and of length 1, so that products are correlations; flat rows become 0."""
    centred = rows - rows.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    # The mean of equal numbers is not always that number.
    flat = np.ptp(rows, axis=-1, keepdims=True) == 0
    return np.where(flat, 0.0, centred / np.where(flat, 1.0, length))


def triad_scores(frames: np.ndarray) -> np.ndarray:
    """Correlation (n_frames, 24) with the triads: major on C to B, then minor on C to B."""
    return unit_shapes(frames) @ _UNIT_TRIADS.T


_UNIT_TRIADS = unit_shapes(
    np.array([np.roll(triad, root) for triad in _TRIADS for root in range(N_PITCH_CLASSES)])
)
