"""Chroma played by sines, frame after frame or at given times."""

import numpy as np

from .._times import SPREAD_RATE, spread, typical_hop
from ..audio import sine_bank
from ._fitting import sine_amplitudes
from ._stft import sine_centre, stft_amplitudes


def play(
    piece: np.ndarray,
    times: np.ndarray | None,
    *,
    kind: str,
    sr: float,
    hop_length: int,
    n_fft: int,
) -> np.ndarray:
    """Play a piece by sines that are analysed as its chroma again.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Chroma; negative values count as 0.
    times : ndarray of shape (n_frames + 1,) or None
        When each frame begins and the last one ends, in seconds; None for a frame every hop.
    kind, sr, hop_length, n_fft
        The parameters of :class:`ChromaExtractor`, checked.
    """
    piece = np.maximum(piece, 0)
    if kind == "cqt":
        hop = hop_length if times is None else typical_hop(times, sr)
        piece = sine_amplitudes(piece, sampling_rate=sr, hop_length=hop, n_fft=n_fft)
    elif kind == "stft":
        piece = stft_amplitudes(piece)
    if times is not None:
        hop_length = max(1, round(sr / SPREAD_RATE))
        piece = spread(piece, times, sr / hop_length)
    if kind != "stft":
        return sine_bank(piece, sampling_rate=sr, hop_length=hop_length)
    centre = sine_centre(sr, n_fft)
    return sine_bank(piece, sampling_rate=sr, hop_length=hop_length, centre=centre)
