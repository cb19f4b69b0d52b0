"""From one recording to its chroma."""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from ..audio import read_blocks
from ._constant_q import constant_q_chroma
from ._frames import cut_frames
from ._stft import stft_chroma


def analyse(
    recording: Any,
    *,
    name: str | None,
    kind: str,
    sr: float,
    hop_length: int,
    n_fft: int,
    norm: float | None,
    tuning: float | None,
    exact: bool,
) -> np.ndarray:
    """Return the chroma of a recording, shape (n_frames, 12), float32.

    Parameters
    ----------
    recording : path, ndarray or (samples, sampling_rate)
        What :func:`musicai.audio.read_blocks` takes.
    name : str or None
        What to call the recording in errors.
    kind, sr, hop_length, n_fft, norm, tuning, exact
        The parameters of :class:`ChromaExtractor`, checked.
    """

    def read_frames(on_truncated: Literal["warn", "ignore"] = "warn") -> Iterator[np.ndarray]:
        blocks = read_blocks(recording, sampling_rate=sr, name=name, on_truncated=on_truncated)
        return cut_frames(blocks, frame_length=n_fft, hop_length=hop_length)

    if kind == "stft":
        chroma = stft_chroma(read_frames, sr=sr, n_fft=n_fft, tuning=tuning, exact=exact)
    else:
        chroma = constant_q_chroma(read_frames(), sr=sr, n_fft=n_fft, tuning=tuning)
    return normalise(chroma, norm)


def normalise(chroma: np.ndarray, norm: float | None) -> np.ndarray:
    """Scale every frame to a norm of 1, as ``librosa.util.normalize`` does.

    Frames whose norm is below the smallest normal float32 are left as they are: silence stays
    zero.
    """
    if norm is None:
        return chroma
    magnitude = chroma.astype(np.float64)  # powers of tiny values would vanish in float32
    length = np.linalg.norm(magnitude, ord=norm, axis=1, keepdims=True)
    length[length < np.finfo(np.float32).tiny] = 1.0
    return (magnitude / length).astype(np.float32)
