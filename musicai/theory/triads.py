"""Shapes of chroma without loudness, and their likeness to the triads."""

import numpy as np

from .vocabulary import VOCABULARIES, templates


def centered(rows: np.ndarray) -> np.ndarray:
    """Rows less their means; rows that are flat but for rounding become 0."""
    shapes = rows - rows.mean(axis=-1, keepdims=True)
    largest, left = (np.abs(x).max(axis=-1, keepdims=True, initial=0.0) for x in (rows, shapes))
    # The mean of equal numbers is not always that number, nor is every number between them.
    flat = left <= 1e-6 * largest
    return np.where(flat, rows.dtype.type(0), shapes)


def unit_shapes(rows: np.ndarray) -> np.ndarray:
    """Rows centered and of length 1, so that products are correlations; flat rows become 0."""
    shapes = centered(rows)
    length = np.linalg.norm(shapes, axis=-1, keepdims=True)
    return shapes / np.where(length > 0, length, rows.dtype.type(1))


def peaking_at_one(frames: np.ndarray) -> np.ndarray:
    """Frames, not negative, divided by their largest value; silent ones stay silent."""
    largest = frames.max(axis=-1, keepdims=True)
    return frames / np.where(largest > 0, largest, 1)


def triad_scores(frames: np.ndarray) -> np.ndarray:
    """Correlation (n_frames, 24) with the triads: major on C to B, then minor on C to B."""
    return unit_shapes(frames) @ _UNIT_TRIADS.T


_UNIT_TRIADS = unit_shapes(templates(VOCABULARIES["triads"]))
