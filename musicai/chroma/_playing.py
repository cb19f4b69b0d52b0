"""Chroma played by sines, frame after frame or at given times."""

from collections.abc import Iterator

import numpy as np

from ..audio import sine_blocks
from ..theory.timing import SPREAD_RATE, spread, typical_hop
from ._fitting import sine_amplitudes
from ._stft import DEFAULT_FRAME_LENGTH, sine_center, stft_amplitudes


def play_chroma(
    piece: np.ndarray,
    times: np.ndarray | None = None,
    *,
    kind: str = "cqt",
    sr: float = 22050,
    hop_length: float = 2048,
    n_fft: int | None = None,
) -> Iterator[np.ndarray]:
    """Play a piece by sines that are analyzed as its chroma again, block by block.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Chroma; negative values count as 0.
    times : ndarray of shape (n_frames + 1,), default=None
        When each frame begins and the last one ends, in seconds. When None, frames are
        `hop_length` apart; each is centered on its beginning, as the frames of an analysis are, and
        changes into the next along a line.
    kind : {"cqt", "stft", "cens"}, default="cqt"
        What the chroma was measured by, as for :class:`musicai.ChromaExtractor`.
    sr : float, default=22050
        Samples per second, in hertz.
    hop_length : float, default=2048
        Samples from a frame to the next, not always a whole number; ignored where there are
        `times`.
    n_fft : int, default=None
        Samples per frame of the analysis; None for what the extractor takes.

    Returns
    -------
    blocks : iterator of ndarray of shape (n_samples,), dtype float32
        Not leveled, and some samples longer or shorter than the piece where its frames are no
        whole numbers of samples.

    See Also
    --------
    musicai.ChromaExtractor.inverse_transform : Plays pieces as loud as normal recordings.
    musicai.audio.level_blocks : Makes blocks as loud as a normal recording.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.chroma import play_chroma
    >>> sum(len(block) for block in play_chroma(np.eye(12)))
    24575
    """
    piece = np.maximum(piece, 0)
    if kind == "cqt":
        hop = max(1, round(hop_length)) if times is None else typical_hop(times, sr)
        piece = sine_amplitudes(piece, sr=sr, hop_length=hop, n_fft=n_fft)
    elif kind == "stft":
        piece = stft_amplitudes(piece)
    hop = max(1, round(hop_length))
    if times is not None or abs(hop / hop_length - 1) > 1e-9:
        # In steps so short that they are whole numbers of samples, or nearly so. There are many:
        # in single precision they take half the memory.
        piece = piece.astype(np.float32)
        hop = max(1, round(sr / SPREAD_RATE))
        if times is None:
            piece = _interpolate(piece, hop / hop_length)
        else:
            piece = spread(piece, times, sr / hop)
    if kind != "stft":
        return sine_blocks(piece, sr=sr, hop_length=hop)
    center = sine_center(sr, n_fft or DEFAULT_FRAME_LENGTH)
    return sine_blocks(piece, sr=sr, hop_length=hop, center=center)


def _interpolate(frames: np.ndarray, step: float) -> np.ndarray:
    """Return frames along straight lines between those that there are, every `step` of a frame."""
    n_frames = len(frames)
    moments = np.arange(int(np.ceil(n_frames / step)) + 1) * step
    played = np.empty((len(moments), frames.shape[1]), np.float32)
    for column, values in zip(played.T, frames.T, strict=True):
        column[:] = np.interp(moments, np.arange(n_frames + 1), np.append(values, 0))
    return played
