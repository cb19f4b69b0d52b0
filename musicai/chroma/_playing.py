"""Chroma played by sines, frame after frame or at given times."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..audio import sine_bank
from ._stft import sine_amplitudes, sine_centre

SPREAD_RATE = 100.0
"""Frames per second at which frames of unequal lengths are played; changes take 10 ms."""


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
    if times is not None:
        hop_length = max(1, round(sr / SPREAD_RATE))
        piece = spread(piece, times, sr / hop_length)
    if kind != "stft":
        return sine_bank(piece, sampling_rate=sr, hop_length=hop_length)
    return sine_bank(
        sine_amplitudes(piece),
        sampling_rate=sr,
        hop_length=hop_length,
        centre=sine_centre(sr, n_fft),
    )


def spread(piece: np.ndarray, times: np.ndarray, frame_rate: float) -> np.ndarray:
    """Repeat each frame for as long as its interval lasts, shape (n_frames, 12).

    Parameters
    ----------
    piece : ndarray of shape (n_intervals, 12)
        One frame per interval.
    times : ndarray of shape (n_intervals + 1,)
        The borders of the intervals in seconds.
    frame_rate : float
        Frames per second of the result.
    """
    starts = np.rint((times - times[0]) * frame_rate).astype(int)
    return np.repeat(piece, np.diff(starts), axis=0)


def check_times(times: Any, pieces: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the borders of the intervals of each piece, or raise a ValueError."""
    if not isinstance(times, (list, tuple, np.ndarray)) or np.ndim(times[:1]) == 0:
        raise ValueError(f"times are {times!r} where arrays of seconds are expected")
    if len(times) != len(pieces):
        raise ValueError(f"times are given for {len(times)} pieces where X has {len(pieces)}")
    checked = [np.asarray(borders, dtype=np.float64) for borders in times]
    for i, (borders, piece) in enumerate(zip(checked, pieces, strict=True)):
        if borders.shape != (len(piece) + 1,):
            raise ValueError(
                f"times[{i}] has shape {borders.shape} where {(len(piece) + 1,)} is expected: "
                "the beginning of each frame and the end of the last"
            )
        if not np.all(np.isfinite(borders)) or np.any(np.diff(borders) < 0):
            raise ValueError(f"times[{i}] do not rise: give seconds, each at least the one before")
    return checked
