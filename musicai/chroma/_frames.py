"""Cutting a stream of samples into frames, and the window they are seen through."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike

BATCH_SAMPLES = 2**18
"""Samples of the frames that are analyzed together: enough to amortise calls, few for a cache."""


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
    """

    def __init__(self, *, frame_length: int, hop_length: int) -> None:
        batch = max(1, BATCH_SAMPLES // max(frame_length, hop_length))
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
    blocks: Iterable[np.ndarray], *, frame_length: int, hop_length: int
) -> Iterator[np.ndarray]:
    """Cut blocks of samples into frames as they come.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,)
        The samples in order.
    frame_length, hop_length : int
        As for :class:`FrameBuffer`.

    Yields
    ------
    frames : ndarray of shape (n_frames, frame_length), dtype float32
        A read-only view of a buffer that the next step overwrites.
    """
    buffer = FrameBuffer(frame_length=frame_length, hop_length=hop_length)
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
