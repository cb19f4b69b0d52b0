"""Validation of chroma, shared by the metrics."""

from typing import Any

import numpy as np

from ..base.pieces import as_chroma

MAJOR_SCALE = np.isin(np.arange(12), [0, 2, 4, 5, 7, 9, 11]).astype(np.float64)


def chroma_pieces(X: Any, name: str = "X") -> list[np.ndarray]:
    """Validate chroma and return its pieces as a list of float64 arrays."""
    pieces, _ = as_chroma(X, name=name)
    return [piece.astype(np.float64) for piece in pieces]


def sounding_frames(X: Any, metric: str) -> np.ndarray:
    """Return the sounding frames of all pieces, concatenated; raise a ValueError if none sounds."""
    frames = np.concatenate(chroma_pieces(X))
    return require_some(frames[frames.any(axis=1)], f"{metric} needs a frame that sounds")


def sounding_pieces(X: Any, metric: str) -> list[np.ndarray]:
    """Return the pieces that have a sounding frame; raise a ValueError if there are none."""
    pieces = [piece for piece in chroma_pieces(X) if piece.any()]
    return require_some(pieces, f"{metric} needs a piece that sounds")


def require_some(found: Any, need: str) -> Any:
    """Return `found`; if it is empty, raise a ValueError whose message begins with `need`."""
    if len(found) == 0:
        raise ValueError(f"{need}: X has none")
    return found
