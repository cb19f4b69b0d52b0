"""Framing of streams of samples, levels of frames, and detection of silence."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike

BATCH_SAMPLES = 2**18
"""Approximate number of samples in a batch of frames; a batch fits into a processor's cache."""

QUIETEST = -120.0
"""Lowest level of a frame, that of digital silence, in decibels relative to full scale."""

SILENCE = 60.0
"""Frames at least this many decibels below the loud parts of their recording are silent.

16-bit dither is usually at least 70 dB below the music; the softest passages of an orchestra are 50
dB below the loudest.
"""

LOUD_SECONDS, LOUD_SHARE = 0.5, 0.05
"""Length of a recording's loud parts in seconds, and as a share of the recording.

The shorter of the two lengths is used. A click is shorter than half a second and does not raise the
level of the loud parts; a single chord in minutes of silence does.
"""


class FrameBuffer:
    """Buffer that cuts blocks of samples into batches of overlapping frames.

    Frame ``t`` is centered on sample ``t * hop_length``, with zeros before the first sample and
    after the last. Batches depend only on the number of samples, so results are bitwise identical
    for any block size.

    Parameters
    ----------
    frame_length : int
        Samples per frame; an even number.
    hop_length : int
        Number of samples between frames.
    batch_samples : int, default=2**18
        Approximate number of samples in the frames of a batch.
    """

    def __init__(
        self, *, frame_length: int, hop_length: int, batch_samples: int = BATCH_SAMPLES
    ) -> None:
        batch = max(1, batch_samples // max(frame_length, hop_length))
        self._hop_length = hop_length
        self._advance = batch * hop_length
        self._carried = max(0, frame_length - hop_length)
        self._buffer = np.zeros(self._advance + self._carried, dtype=np.float32)
        self._views = sliding_window_view(self._buffer, frame_length)[::hop_length]
        self._margin = frame_length // 2
        self._filled = self._margin  # leading silence centers the first frame on sample 0

    def add(self, block: np.ndarray) -> Iterator[np.ndarray]:
        """Add samples and yield the batches of frames that are now complete.

        Each batch is a view of a buffer that the next iteration overwrites.
        """
        start = 0
        while start < len(block):
            stop = min(len(block), start + len(self._buffer) - self._filled)
            self._buffer[self._filled : self._filled + stop - start] = block[start:stop]
            self._filled += stop - start
            start = stop
            if self._filled == len(self._buffer):
                yield self._views
                self._buffer[: self._carried] = self._buffer[self._advance :].copy()
                self._filled = self._carried

    def finish(self) -> Iterator[np.ndarray]:
        """Yield the last frames, padded with silence."""
        yield from self.add(np.zeros(self._margin, dtype=np.float32))
        frame_length = self._views.shape[1]
        if self._filled >= frame_length:
            yield self._views[: 1 + (self._filled - frame_length) // self._hop_length]


def cut_frames(
    blocks: Iterable[np.ndarray],
    *,
    frame_length: int,
    hop_length: int,
    batch_samples: int = BATCH_SAMPLES,
) -> Iterator[np.ndarray]:
    """Cut a stream of samples into batches of frames.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,)
        The samples in order.
    frame_length, hop_length, batch_samples : int
        As for :class:`FrameBuffer`.

    Yields
    ------
    frames : ndarray of shape (n_frames, frame_length), dtype float32
        A batch of frames: a read-only view of a buffer that the next iteration overwrites.
    """
    buffer = FrameBuffer(
        frame_length=frame_length, hop_length=hop_length, batch_samples=batch_samples
    )
    for block in blocks:
        yield from buffer.add(block)
    yield from buffer.finish()


@lru_cache(maxsize=16)
def hann_window(length: int, dtype: DTypeLike) -> np.ndarray:
    """Return a read-only periodic Hann window.

    The window is bitwise identical to the one from ``scipy.signal.get_window``, which librosa uses.
    """
    window = (0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, length + 1)[:-1])).astype(dtype)
    window.flags.writeable = False
    return window


class FrameLevels:
    """Meter of the level of each frame in a stream of samples.

    The level of frame ``t`` covers the `hop_length` samples around sample ``t * hop_length``.

    Parameters
    ----------
    hop_length : int
        Number of samples between frames.
    """

    def __init__(self, hop_length: int) -> None:
        self._hop_length = hop_length
        # Leading silence centers the first frame on sample 0.
        self._carried = np.zeros(hop_length // 2, dtype=np.float32)
        self._powers: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        """Add a block of samples of any length."""
        samples = np.concatenate([self._carried, block])
        n_whole = len(samples) // self._hop_length * self._hop_length
        hops = samples[:n_whole].reshape(-1, self._hop_length)
        with np.errstate(under="ignore"):
            self._powers.append(np.einsum("th,th->t", hops, hops))
        self._carried = samples[n_whole:]

    def finish(self, n_frames: int) -> np.ndarray:
        """Return the level of each frame, shape (n_frames,), in decibels relative to full scale."""
        self.add(np.zeros(self._hop_length, dtype=np.float32))
        powers = np.concatenate(self._powers)[:n_frames].astype(np.float64) / self._hop_length
        return to_decibels(np.pad(powers, (0, n_frames - len(powers))))


def silent_frames(power: np.ndarray, frame_rate: float) -> np.ndarray:
    """Return a mask of the silent frames, shape (n_frames,).

    A frame is silent if it is at least `SILENCE` decibels below every frame of the loud parts, or
    if its power is 0.

    Parameters
    ----------
    power : ndarray of shape (n_frames,)
        Power of each frame in the analyzed frequency range, which excludes DC offsets.
    frame_rate : float
        Frames per second.
    """
    n_loud = 1 + int(min(LOUD_SECONDS * frame_rate, LOUD_SHARE * len(power)))
    quietest_of_loud = len(power) - min(n_loud, len(power))
    loud = np.partition(power, quietest_of_loud)[quietest_of_loud]
    return power <= float(loud) * 10 ** (-SILENCE / 10)


def to_decibels(power: np.ndarray) -> np.ndarray:
    """Convert mean squares of samples to decibels relative to full scale, at least -120."""
    return (10 * np.log10(np.maximum(power, 10 ** (QUIETEST / 10)))).astype(np.float32)
