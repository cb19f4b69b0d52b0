"""Shapes of chroma without loudness, and how alike they are.

A flat frame, whose values are all alike as those of silence are, has no shape: it has neither key
nor chord and correlates with nothing. Only :func:`is_flat` decides which frames are flat.
"""

import numpy as np

from .vocabulary import VOCABULARIES, templates

_ROUNDING = 1e-6
"""Largest deviation from the mean of a flat row, as a share of its largest value: the mean of equal
float32 numbers is not always that number, nor is every number between them."""


def is_flat(rows: np.ndarray) -> np.ndarray:
    """Return which rows are flat: their values are alike but for rounding.

    Parameters
    ----------
    rows : ndarray of shape (..., n_features)
        Frames of float32 or float64.

    Returns
    -------
    flat : ndarray of bool, of shape (...)
        True for silence too.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.theory.shapes import is_flat
    >>> is_flat(np.array([[0.0, 0.0, 0.0], [0.7, 0.7, 0.7], [0.7, 0.7, 0.8]]))
    array([ True,  True, False])
    """
    return _is_flat(rows, rows - rows.mean(axis=-1, keepdims=True))


def centered(rows: np.ndarray) -> np.ndarray:
    """Return rows less their means; flat rows become 0."""
    shapes = rows - rows.mean(axis=-1, keepdims=True)
    return np.where(_is_flat(rows, shapes)[..., np.newaxis], rows.dtype.type(0), shapes)


def unit_shapes(rows: np.ndarray) -> np.ndarray:
    """Return rows centered and of length 1, whose products are correlations; flat rows become 0."""
    shapes = centered(rows)
    length = np.linalg.norm(shapes, axis=-1, keepdims=True)
    return shapes / np.where(length > 0, length, rows.dtype.type(1))


def peaking_at_one(frames: np.ndarray) -> np.ndarray:
    """Return frames, not negative, divided by their largest value; silent ones stay silent."""
    largest = frames.max(axis=-1, keepdims=True)
    return frames / np.where(largest > 0, largest, 1)


def triad_scores(frames: np.ndarray) -> np.ndarray:
    """Return correlations (n_frames, 24) with the triads: major on C to B, then minor on C to B."""
    return unit_shapes(frames) @ _UNIT_TRIADS.T


def moments(piece: np.ndarray, n_frames: int) -> np.ndarray:
    """Return all windows of `n_frames`, as vectors of length one.

    Dot products of windows are correlations. Frames are centered first, since uncentered chroma
    frames are all similar.

    Parameters
    ----------
    piece : ndarray of shape (n_frames_of_piece, n_features)
        A piece with at least `n_frames` frames.
    n_frames : int
        Length of a window.

    Returns
    -------
    moments : ndarray of shape (n_windows, n_features * n_frames), dtype float32
        Of length one, or zero where every frame is flat.
    """
    shapes = centered(piece).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(shapes, n_frames, axis=0)
    windows = windows.reshape(len(windows), -1)
    length = np.linalg.norm(windows, axis=1, keepdims=True)
    return windows / np.where(length > 0, length, 1)


def _is_flat(rows: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    largest, left = (np.abs(x).max(axis=-1, initial=0.0) for x in (rows, shapes))
    return left <= _ROUNDING * largest


_UNIT_TRIADS = unit_shapes(templates(VOCABULARIES["triads"]))
