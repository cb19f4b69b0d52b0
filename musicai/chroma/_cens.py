"""Chroma energy normalized statistics: chroma for finding the same music in another performance.

Each frame is reduced to the shares of its pitch classes, in five coarse steps, and the steps are
averaged over about a second: differences in loudness, timbre and articulation all but vanish (M.
Müller, F. Kurth and M. Clausen, "Audio matching via chroma-based statistical features", ISMIR
2005; Müller and S. Ewert, "Chroma Toolbox", ISMIR 2011).
"""

import numpy as np
from scipy.ndimage import convolve1d

STEPS = (0.05, 0.1, 0.2, 0.4)
"""A pitch class with more than this share of a frame counts a quarter more."""

SECONDS = 41 * 512 / 22050
"""Length of the window that averages, 0.95 s: what librosa's ``chroma_cens`` has by default."""


def cens(chroma: np.ndarray, frame_rate: float) -> np.ndarray:
    """Return chroma energy normalized statistics.

    Parameters
    ----------
    chroma : ndarray of shape (n_frames, 12)
        Chroma of any scale, not negative.
    frame_rate : float
        Frames per second.

    Returns
    -------
    smooth : ndarray of shape (n_frames, 12), dtype float32
        Averages in [0, 1], not normalized. The window is of the odd number of frames that is
        nearest to 0.95 s; before the first frame and after the last there is silence, and silence
        that lasts as long as the window stays zero.
    """
    totals = np.sum(chroma, axis=1, keepdims=True)
    shares = np.divide(chroma, totals, out=np.zeros_like(chroma), where=totals > 0)
    steps = np.mean([shares > step for step in STEPS], axis=0, dtype=np.float32)
    # As in librosa without the zeros at the window's ends.
    window = np.hanning(window_length(frame_rate) + 2)[1:-1]
    return convolve1d(steps, window / window.sum(), axis=0, mode="constant")


def window_length(frame_rate: float) -> int:
    """Return the odd number of frames nearest to `SECONDS`."""
    return 2 * round((SECONDS * frame_rate - 1) / 2) + 1 if SECONDS * frame_rate > 1 else 1
