"""Frames of a stream of samples: cut, windowed, how loud each is, and which are silence."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike

BATCH_SAMPLES = 2**18
"""Samples of the frames that are analyzed together: enough to amortize calls, few for a cache."""

QUIETEST = -120.0
"""The level of digital silence, in decibels of full scale."""

SILENCE = 60.0
"""Frames this many decibels below the loud parts of a recording are silence.

It is the decay after which reverberation counts as over. The dither of 16 bits lies 70 dB or more
below music, the softest passage of an orchestra 50 dB below its loudest.
"""

LOUD_SECONDS, LOUD_SHARE = 0.5, 0.05
"""Loud parts are the loudest half second in all, of short recordings the loudest twentieth.

A click is shorter, and a single chord in minutes of silence longer.
"""


class FrameBuffer:
    """Cuts samples that are pushed in into overlapping frames, some frames at a time.

    Frame ``t`` is centered on sample ``t * hop_length``; zeros stand before the first sample and
    after the last. The batches depend on nothing but the number of samples, so that results are
    the same to the last bit for any size of the blocks.

    Parameters
    ----------
    frame_length : int
        Samples per frame, an even number.
    hop_length : int
        Samples from a frame to the next.
    batch_samples : int, default=2**18
        About how many samples the frames of a batch hold.
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
        self._filled = self._margin  # silence, so that the first frame is centered on sample 0

    def add(self, block: np.ndarray) -> Iterator[np.ndarray]:
        """Take the next samples and give the batches of frames that are now complete.

        A batch is a view of a buffer that the next step overwrites.
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
        """Give the last frames, with silence after the last sample."""
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
    """Cut blocks of samples into frames as they come.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,)
        The samples in order.
    frame_length, hop_length, batch_samples : int
        As for :class:`FrameBuffer`.

    Yields
    ------
    frames : ndarray of shape (n_frames, frame_length), dtype float32
        A read-only view of a buffer that the next step overwrites.
    """
    buffer = FrameBuffer(
        frame_length=frame_length, hop_length=hop_length, batch_samples=batch_samples
    )
    for block in blocks:
        yield from buffer.add(block)
    yield from buffer.finish()


@lru_cache(maxsize=16)
def hann_window(length: int, dtype: DTypeLike) -> np.ndarray:
    """Return a periodic Hann window that is not to be written to.

    It is that of ``scipy.signal.get_window``, and so librosa's, to the last bit; to import
    scipy.signal takes a tenth of a second.
    """
    window = (0.5 + 0.5 * np.cos(np.linspace(-np.pi, np.pi, length + 1)[:-1])).astype(dtype)
    window.flags.writeable = False
    return window


class FrameLevels:
    """Measures how loud a stream is; frame ``t`` is the hop about sample ``t * hop_length``.

    Parameters
    ----------
    hop_length : int
        Samples from a frame to the next.
    """

    def __init__(self, hop_length: int) -> None:
        self._hop_length = hop_length
        # Silence, so that the first frame is centered on sample 0.
        self._carried = np.zeros(hop_length // 2, dtype=np.float32)
        self._powers: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        """Take the next samples. Sums are over whole hops, so blocks may have any size."""
        samples = np.concatenate([self._carried, block])
        n_whole = len(samples) // self._hop_length * self._hop_length
        hops = samples[:n_whole].reshape(-1, self._hop_length)
        with np.errstate(under="ignore"):
            self._powers.append(np.einsum("th,th->t", hops, hops))
        self._carried = samples[n_whole:]

    def finish(self, n_frames: int) -> np.ndarray:
        """Return the level of each frame, shape (n_frames,), in decibels of full scale."""
        self.add(np.zeros(self._hop_length, dtype=np.float32))
        powers = np.concatenate(self._powers)[:n_frames].astype(np.float64) / self._hop_length
        return to_decibels(np.pad(powers, (0, n_frames - len(powers))))


def silent_frames(power: np.ndarray, frame_rate: float) -> np.ndarray:
    """Tell which frames are silence: `SILENCE` decibels below the loud parts, or digital silence.

    Parameters
    ----------
    power : ndarray of shape (n_frames,)
        How much power the analysis finds in each frame. What it does not look at, such as a
        constant offset, does not count.
    frame_rate : float
        Frames per second.
    """
    n_loud = 1 + int(min(LOUD_SECONDS * frame_rate, LOUD_SHARE * len(power)))
    quietest_of_loud = len(power) - min(n_loud, len(power))
    loud = np.partition(power, quietest_of_loud)[quietest_of_loud]
    return power <= float(loud) * 10 ** (-SILENCE / 10)


def to_decibels(power: np.ndarray) -> np.ndarray:
    """Return mean squares as decibels of full scale, float32."""
    return (10 * np.log10(np.maximum(power, 10 ** (QUIETEST / 10)))).astype(np.float32)
