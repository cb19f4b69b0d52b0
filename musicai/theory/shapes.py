"""Centered and normalized chroma, and its correlations.

A frame is flat if all its values are equal, as in silence. A flat frame has no key and no chord,
and in this module, its correlations are 0. :func:`is_flat` decides which frames are flat.
"""

import numpy as np

from .vocabulary import VOCABULARIES, templates

_ROUNDING = 1e-6
"""Maximum deviation of a flat row from its mean, as a fraction of its largest absolute value.

The mean of equal float32 numbers can differ from them by rounding.
"""


def is_flat(rows: np.ndarray) -> np.ndarray:
    """Return whether each row is flat, with values that are equal up to rounding.

    Parameters
    ----------
    rows : ndarray of shape (..., n_features)
        Frames, float32 or float64.

    Returns
    -------
    flat : ndarray of bool, of shape (...)
        True for flat rows, including silence.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.theory.shapes import is_flat
    >>> is_flat(np.array([[0.0, 0.0, 0.0], [0.7, 0.7, 0.7], [0.7, 0.7, 0.8]]))
    array([ True,  True, False])
    """
    return _is_flat(rows, rows - rows.mean(axis=-1, keepdims=True))


def centered(rows: np.ndarray) -> np.ndarray:
    """Subtract the mean of each row; flat rows become 0."""
    shapes = rows - rows.mean(axis=-1, keepdims=True)
    return np.where(_is_flat(rows, shapes)[..., np.newaxis], rows.dtype.type(0), shapes)


def unit_shapes(rows: np.ndarray) -> np.ndarray:
    """Center rows and scale them to unit norm; flat rows become 0."""
    shapes = centered(rows)
    length = np.linalg.norm(shapes, axis=-1, keepdims=True)
    return shapes / np.where(length > 0, length, rows.dtype.type(1))


def peaking_at_one(frames: np.ndarray) -> np.ndarray:
    """Divide each nonnegative frame by its largest value; silent frames stay 0."""
    largest = frames.max(axis=-1, keepdims=True)
    return frames / np.where(largest > 0, largest, 1)


def triad_scores(frames: np.ndarray) -> np.ndarray:
    """Return correlations, (n_frames, 24), with the major and then the minor triads on C to B."""
    return unit_shapes(frames) @ _UNIT_TRIADS.T


def unit_windows(piece: np.ndarray, n_frames: int) -> np.ndarray:
    """Return all windows of `n_frames` frames, as vectors of unit norm.

    Frames are centered first, because uncentered chroma frames are all similar. The dot product of
    two windows is therefore their correlation.

    Parameters
    ----------
    piece : ndarray of shape (n_frames_of_piece, n_features)
        A piece of at least `n_frames` frames.
    n_frames : int
        Window length in frames.

    Returns
    -------
    windows : ndarray of shape (n_windows, n_features * n_frames), dtype float32
        Vectors of unit norm, or zeros for a window in which all frames are flat.
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
