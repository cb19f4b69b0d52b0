"""Amplitudes of sines that are heard as given chroma.

Chroma of a constant-Q transform is no plain list of amplitudes: magnitudes are compressed, what
surrounds a tone and its third partial are taken off, and the windows reach into the neighboring
frames. There is no formula for the way back. But sines can be played and analyzed within a
fraction of a second, so they are corrected until they are heard as they should, as M. Slaney, D.
Naar and R. F. Lyon do for other pictures of sound ("Auditory model inversion for sound
separation", ICASSP 1994).
"""

import numpy as np

from ..audio import sine_blocks
from ..theory.shapes import peaking_at_one
from ._constant_q import constant_q_chroma

ROUNDS = 3
"""Real music is then heard with a correlation of .998 per frame; without, .971."""

STEP = 0.6
"""Power of the correction. Larger steps overshoot: a note takes from its neighbors as well."""

FLOOR = 0.03
"""Added to what is wanted and to what is heard; less is not worth a correction."""

LARGEST_RATIO = 4.0


def sine_amplitudes(
    piece: np.ndarray, *, sr: float, hop_length: int, n_fft: int | None = None
) -> np.ndarray:
    """Return the amplitudes with which a bank of sines is heard as a piece of chroma.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Chroma as a :class:`musicai.ChromaExtractor` with ``kind="cqt"`` measures it; negative
        values count as 0.
    sr : float
        Samples per second of the audio, in hertz.
    hop_length : int
        Samples from a frame to the next.
    n_fft : int, default=None
        Samples per frame of the analysis; None for what the extractor takes.

    Returns
    -------
    amplitudes : ndarray of shape (n_frames, 12)
        What to pass to :func:`musicai.audio.sine_bank` or :func:`musicai.audio.sine_blocks`. The
        largest of each frame is as large as in `piece`.

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
    wanted = peaking_at_one(piece)
    amplitudes = piece
    for _ in range(ROUNDS):
        blocks = sine_blocks(amplitudes, sr=sr, hop_length=hop_length)
        heard, _ = constant_q_chroma(blocks, sr=sr, hop_length=hop_length, n_fft=n_fft, tuning=0.0)
        ratio = (wanted + FLOOR) / (peaking_at_one(heard) + FLOOR)
        correction = np.clip(ratio, 1 / LARGEST_RATIO, LARGEST_RATIO) ** STEP
        amplitudes = peaking_at_one(amplitudes * correction) * loudest
    return amplitudes
