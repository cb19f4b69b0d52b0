"""Moments of a piece: windows of some frames, made ready to be compared."""

import numpy as np

from .triads import centered


def moments(piece: np.ndarray, n_frames: int) -> np.ndarray:
    """Return all windows of `n_frames`, so that a scalar product of two is how alike they are.

    That is the correlation of all their values, each frame centered first: frames that are alike
    whatever the music, as chroma is, would make everything alike.

    Parameters
    ----------
    piece : ndarray of shape (n_frames_of_piece, n_features)
        A piece with at least `n_frames` frames.
    n_frames : int
        Length of a window.

    Returns
    -------
    moments : ndarray of shape (n_windows, n_features * n_frames), dtype float32
        Of length one, or zero where every frame is flat, as silence is.
    """
    shapes = centered(piece).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(shapes, n_frames, axis=0)
    windows = windows.reshape(len(windows), -1)
    length = np.linalg.norm(windows, axis=1, keepdims=True)
    return windows / np.where(length > 0, length, 1)
