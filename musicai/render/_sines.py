"""Chroma played by sines, at any frame rate and at the times of beats."""

from collections.abc import Iterator

import numpy as np

from .._times import SPREAD_RATE, spread, typical_hop
from ..audio import sine_blocks
from ..chroma import sine_amplitudes


def play_sines(
    piece: np.ndarray, borders: np.ndarray, *, frame_rate: float | None, sampling_rate: float
) -> Iterator[np.ndarray]:
    """Play a piece of chroma so that it is heard alike.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Chroma.
    borders : ndarray of shape (n_frames + 1,)
        When each frame begins and the last one ends, in seconds.
    frame_rate : float or None
        Where frames follow one another evenly, frames per second: each is then centred on its
        beginning, as the frames of an analysis are, and changes into the next along a line. None
        for frames that are to last from border to border.
    sampling_rate : float
        Samples per second.

    Returns
    -------
    blocks : iterator of ndarray of shape (n_samples,), dtype float32
        Not levelled, and some samples longer or shorter than the piece where its frames are no
        whole numbers of samples.
    """
    if frame_rate is None:
        hop = typical_hop(borders, sampling_rate)
    else:
        hop = max(1, round(sampling_rate / frame_rate))
    amplitudes = sine_amplitudes(piece, sampling_rate=sampling_rate, hop_length=hop)
    is_whole = frame_rate is not None and abs(hop * frame_rate / sampling_rate - 1) < 1e-9
    if not is_whole:  # in steps so short that they are whole, or nearly so
        hop = max(1, round(sampling_rate / SPREAD_RATE))
        steps_per_second = sampling_rate / hop
        if frame_rate is None:
            amplitudes = spread(amplitudes, borders, steps_per_second)
        else:
            amplitudes = _interpolate(amplitudes, frame_rate / steps_per_second)
    return sine_blocks(amplitudes, sampling_rate=sampling_rate, hop_length=hop)


def _interpolate(frames: np.ndarray, step: float) -> np.ndarray:
    """Return frames along straight lines between those that there are, every `step` of a frame."""
    n_frames = len(frames)
    ending = np.vstack([frames, np.zeros((1, frames.shape[1]))])
    moments = np.arange(int(np.ceil(n_frames / step)) + 1) * step
    columns = [np.interp(moments, np.arange(n_frames + 1), column) for column in ending.T]
    return np.stack(columns, axis=1).astype(np.float32)
