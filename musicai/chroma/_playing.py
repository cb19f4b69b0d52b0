"""Synthesis of chroma with sines, for any timing."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..audio import sine_blocks
from ..audio.placing import cut_or_pad
from ..theory.timing import length_in_samples
from ..theory.timing_argument import as_timing
from ._fitting import sine_amplitudes
from ._stft import DEFAULT_FRAME_LENGTH, sine_center, stft_amplitudes

STEPS_PER_SECOND = 100.0
"""Number of steps per second into which to divide frames of varying or fractional length."""


def play_chroma(
    piece: np.ndarray,
    *,
    timing: Any,
    kind: str = "cqt",
    sr: float = 22050,
    n_fft: int | None = None,
) -> Iterator[np.ndarray]:
    """Synthesize a piece, block by block, with sines whose analysis gives similar chroma.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Chroma; negative values count as 0.
    timing : Timing, object with a `timing`, or float
        Timing of the frames; a number means frames per second. Frames at a constant rate are
        interpolated linearly between their centers. Frames that follow beats or have measured
        times are constant between their borders.
    kind : {"cqt", "stft", "cens"}, default="cqt"
        Kind of chroma, as for :class:`musicai.ChromaExtractor`.
    sr : float, default=22050
        Sampling rate in hertz.
    n_fft : int, default=None
        Samples per frame of the analysis; None for the extractor's default.

    Returns
    -------
    blocks : iterator of ndarray of shape (n_samples,), dtype float32
        Audio that lasts as long as the frames and fades out in its last 10 ms. Its loudness is not
        normalized.

    Raises
    ------
    TypeError
        If `timing` is of an unsupported type.
    ValueError
        If beats have no tempo, or the timing and the piece differ in their number of frames.

    See Also
    --------
    musicai.ChromaExtractor.inverse_transform : Synthesize pieces with normalized loudness.
    musicai.audio.level_blocks : Normalize the loudness of blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import Timing
    >>> from musicai.chroma import play_chroma
    >>> sum(len(block) for block in play_chroma(np.eye(12), timing=Timing.from_tempo(120)))
    132300
    """
    timing = as_timing(timing)
    borders = timing.borders(len(piece))
    n_samples = length_in_samples(borders[-1] - borders[0], sr)
    if n_samples == 0:
        return iter(())
    piece = np.maximum(piece, 0)
    at_a_rate = timing.n_frames is None and not timing.has_beats
    hop_length = sr / timing.frame_rate if at_a_rate else _usual_hop(borders, sr)
    hop = max(1, round(hop_length))
    if kind == "cqt":
        piece = sine_amplitudes(piece, sr=sr, hop_length=hop, n_fft=n_fft)
    elif kind == "stft":
        piece = stft_amplitudes(piece)
    centers = timing.centers(len(piece)) - borders[0]
    if not at_a_rate or centers[0] > 0 or abs(hop / hop_length - 1) > 1e-9:
        # Use short steps of a whole number of samples. Single precision halves the memory.
        piece = piece.astype(np.float32)
        hop = max(1, round(sr / STEPS_PER_SECOND))
        if at_a_rate:
            piece = _interpolate(piece, centers, 1 / timing.frame_rate, hop / sr)
        else:
            piece = _repeat(piece, borders, sr / hop)
    center = {"center": sine_center(sr, n_fft or DEFAULT_FRAME_LENGTH)} if kind == "stft" else {}
    blocks = sine_blocks(piece, sr=sr, hop_length=hop, **center)
    return cut_or_pad(blocks, n_samples, round(sr / STEPS_PER_SECOND))


def _usual_hop(borders: np.ndarray, sr: float) -> float:
    """Return the median length of frames in samples, clipped to between 20 ms and 2 s."""
    return float(np.clip(np.median(np.diff(borders)), 0.02, 2.0)) * sr


def _repeat(frames: np.ndarray, borders: np.ndarray, steps_per_second: float) -> np.ndarray:
    """Repeat each frame for its duration in steps; borders are rounded to whole steps."""
    firsts = np.rint((borders - borders[0]) * steps_per_second).astype(int)
    return np.repeat(frames, np.diff(firsts), axis=0)


def _interpolate(frames: np.ndarray, centers: np.ndarray, length: float, step: float) -> np.ndarray:
    """Interpolate frames linearly every `step` seconds, as float32.

    The last frame fades out over `length` seconds, the time between frames.
    """
    centers = np.append(centers, centers[-1] + length)
    moments = np.arange(int(np.ceil(centers[-1] / step)) + 1) * step
    played = np.empty((len(moments), frames.shape[1]), np.float32)
    for column, values in zip(played.T, frames.T, strict=True):
        column[:] = np.interp(moments, centers, np.append(values, 0))
    return played
