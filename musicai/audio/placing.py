"""Trimming or padding of audio to a given length."""

from collections.abc import Iterable, Iterator

import numpy as np


def cut_or_pad(
    blocks: Iterable[np.ndarray], n_samples: int, n_fade: int = 0
) -> Iterator[np.ndarray]:
    """Trim or pad blocks of audio to a total of `n_samples` samples.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_block,) or (n_block, n_channels), dtype float32
        The blocks in order, of any lengths.
    n_samples : int
        Total number of samples to yield. If the input is shorter, silence is appended.
    n_fade : int, default=0
        Number of samples over which to fade out the input, up to sample `n_samples`.

    Yields
    ------
    block : ndarray of shape (n_block,) or (n_block, n_channels), dtype float32
        A block of samples, with the same channels as the input.
    """
    fade = np.linspace(1, 0, min(n_fade, n_samples), dtype=np.float32)
    n_kept = n_samples - len(fade)
    start, channels = 0, ()
    for block in blocks:
        channels = block.shape[1:]
        part = block[: n_samples - start]
        fading = part[max(0, n_kept - start) :]
        if len(fading):
            first = start + len(part) - len(fading) - n_kept
            faded = (fading.T * fade[first : first + len(fading)]).T
            part = np.concatenate([part[: len(part) - len(fading)], faded])
        yield part
        start += len(part)
        if start == n_samples:
            return
    while start < n_samples:
        silence = np.zeros((min(n_samples - start, 65536), *channels), np.float32)
        yield silence
        start += len(silence)
