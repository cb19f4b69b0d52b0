"""Chroma energy normalized statistics (CENS), for matching performances of the same music.

The shares of the pitch classes in each frame are quantized to five levels and averaged over about a
second. This removes most differences in loudness, timbre and articulation (M. Müller, F. Kurth and
M. Clausen, "Audio matching via chroma-based statistical features", ISMIR 2005; Müller and S. Ewert,
"Chroma Toolbox", ISMIR 2011).
"""

import numpy as np
from scipy.ndimage import convolve1d

STEPS = (0.05, 0.1, 0.2, 0.4)
"""Thresholds for a pitch class's share of its frame's total; each one exceeded adds 0.25."""

SECONDS = 41 * 512 / 22050
"""Length of the averaging window, 0.95 s: the default of librosa's ``chroma_cens``."""


def cens(chroma: np.ndarray, frame_rate: float) -> np.ndarray:
    """Return chroma energy normalized statistics.

    Parameters
    ----------
    chroma : ndarray of shape (n_frames, 12)
        Nonnegative chroma on any scale.
    frame_rate : float
        Frames per second.

    Returns
    -------
    smooth : ndarray of shape (n_frames, 12), dtype float32
        Averages of the quantized shares, in [0, 1]; rows are not normalized. The averaging window
        has the odd number of frames nearest to 0.95 s. The recording is padded with silence.
    """
    totals = np.sum(chroma, axis=1, keepdims=True)
    shares = np.divide(chroma, totals, out=np.zeros_like(chroma), where=totals > 0)
    steps = np.mean([shares > step for step in STEPS], axis=0, dtype=np.float32)
    # As in librosa, but without the zeros at the ends of the window.
    window = np.hanning(window_length(frame_rate) + 2)[1:-1]
    return convolve1d(steps, window / window.sum(), axis=0, mode="constant")


def window_length(frame_rate: float) -> int:
    """Return the odd number of frames whose length is nearest to `SECONDS`."""
    return 2 * round((SECONDS * frame_rate - 1) / 2) + 1 if SECONDS * frame_rate > 1 else 1
