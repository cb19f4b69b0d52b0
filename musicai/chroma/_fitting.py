"""Fitting of sine amplitudes to given chroma.

Chroma of a constant-Q transform is not linear in amplitude. Magnitudes are compressed, the
background and third partials are subtracted, and windows overlap neighboring frames, so there is no
closed-form inverse. Amplitudes are therefore corrected in a few rounds. Each round synthesizes and
analyzes the piece, and compares the result with the given chroma. The method follows M. Slaney, D.
Naar and R. F. Lyon, "Auditory model inversion for sound separation", ICASSP 1994.
"""

import numpy as np

from ..audio import sine_blocks
from ..theory.shapes import peaking_at_one
from ._constant_q import constant_q_chroma

ROUNDS = 3
"""Number of corrections.

For real music, the mean correlation between given and analyzed frames rises from 0.971 to 0.998.
"""

STEP = 0.6
"""Exponent of a correction; larger values overshoot, because notes also affect their neighbors."""

FLOOR = 0.03
"""Constant added to target and analyzed chroma, so that tiny values are hardly corrected."""

LARGEST_RATIO = 4.0
"""Largest factor between target and analyzed chroma that one round corrects."""


def sine_amplitudes(
    piece: np.ndarray, *, sr: float, hop_length: int, n_fft: int | None = None
) -> np.ndarray:
    """Fit amplitudes of sines, so that an analysis of their sound approximates a piece of chroma.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Chroma from a :class:`musicai.ChromaExtractor` with ``kind="cqt"``; negative values count as
        0.
    sr : float
        Sampling rate of the audio in hertz.
    hop_length : int
        Number of samples between frames.
    n_fft : int, default=None
        Samples per frame of the analysis; None for the extractor's default.

    Returns
    -------
    amplitudes : ndarray of shape (n_frames, 12)
        Amplitudes for :func:`musicai.audio.sine_bank` or :func:`musicai.audio.sine_blocks`. The
        maximum of each frame equals that of the same frame of `piece`.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.chroma import sine_amplitudes
    >>> frames = np.tile([1.0, 0.5, 0, 0, 0.2, 0, 0, 0.7, 0, 0, 0, 0], (20, 1))
    >>> sine_amplitudes(frames, sr=22050, hop_length=2048).shape
    (20, 12)
    """
    piece = np.maximum(piece, 0).astype(np.float64)
    loudest = np.max(piece, axis=1, keepdims=True)
    target = peaking_at_one(piece)
    amplitudes = piece
    for _ in range(ROUNDS):
        blocks = sine_blocks(amplitudes, sr=sr, hop_length=hop_length)
        analyzed, _ = constant_q_chroma(
            blocks, sr=sr, hop_length=hop_length, n_fft=n_fft, tuning=0.0
        )
        ratio = (target + FLOOR) / (peaking_at_one(analyzed) + FLOOR)
        correction = np.clip(ratio, 1 / LARGEST_RATIO, LARGEST_RATIO) ** STEP
        amplitudes = peaking_at_one(amplitudes * correction) * loudest
    return amplitudes
