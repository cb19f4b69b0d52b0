"""Shapes of chroma without loudness, and their likeness to the triads."""

import numpy as np

from ._vocabulary import VOCABULARIES, templates


def unit_shapes(rows: np.ndarray) -> np.ndarray:
    """Rows centred and of length 1, so that products are correlations; flat rows become 0."""
    centred = rows - rows.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    # The mean of equal numbers is not always that number, nor is every number between them.
    flat = length <= 1e-6 * np.abs(rows).max(axis=-1, keepdims=True, initial=0.0)
    return np.where(flat, rows.dtype.type(0), centred / np.where(flat, rows.dtype.type(1), length))


def peaking_at_one(frames: np.ndarray) -> np.ndarray:
    """Frames, not negative, divided by their largest value; silent ones stay silent."""
    largest = frames.max(axis=-1, keepdims=True)
    return frames / np.where(largest > 0, largest, 1)


def triad_scores(frames: np.ndarray) -> np.ndarray:
    """Correlation (n_frames, 24) with the triads: major on C to B, then minor on C to B."""
    return unit_shapes(frames) @ _UNIT_TRIADS.T


_UNIT_TRIADS = unit_shapes(templates(VOCABULARIES["triads"]))
