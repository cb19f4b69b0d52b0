"""Cutting a stream of samples into frames."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

BATCH_SAMPLES = 2**18
"""Samples of the frames that are analysed together: enough to amortise calls, few for a cache."""


def cut_frames(
    blocks: Iterable[np.ndarray], *, frame_length: int, hop_length: int
) -> Iterator[np.ndarray]:
    """Cut blocks of samples into overlapping frames, some frames at a time.

    Frame ``t`` is centred on sample ``t * hop_length``; zeros stand before the first sample and
    after the last. The batches depend on nothing but the number of samples, so that results are
    the same to the last bit for any size of the blocks.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,)
        The samples in order.
    frame_length : int
        Samples per frame, an even number.
    hop_length : int
        Samples from a frame to the next.

    Yields
    ------
    frames : ndarray of shape (n_frames, frame_length), dtype float32
        A read-only view of a buffer that the next step overwrites.
    """
    batch = max(1, BATCH_SAMPLES // frame_length)
    advance = batch * hop_length
    carried = max(0, frame_length - hop_length)
    buffer = np.zeros(advance + carried, dtype=np.float32)
    views = sliding_window_view(buffer, frame_length)[::hop_length]
    margin = np.zeros(frame_length // 2, dtype=np.float32)
    filled = 0
    for block in chain([margin], blocks, [margin]):
        start = 0
        while start < len(block):
            stop = min(len(block), start + len(buffer) - filled)
            buffer[filled : filled + stop - start] = block[start:stop]
            filled += stop - start
            start = stop
            if filled == len(buffer):
                yield views
                buffer[:carried] = buffer[advance:].copy()
                filled = carried
    if filled >= frame_length:
        yield views[: 1 + (filled - frame_length) // hop_length]
