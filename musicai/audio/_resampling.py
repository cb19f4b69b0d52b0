"""Resampling by soxr's stream."""

from collections.abc import Iterable, Iterator

import numpy as np
import soxr


def resample_blocks(
    blocks: Iterable[np.ndarray], own_rate: float, sr: float
) -> Iterator[np.ndarray]:
    """Bring blocks of mono samples to another rate, as ``librosa.resample`` does.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,), dtype float32
        The samples in order.
    own_rate, sr : float
        Samples per second that come and that go.

    Yields
    ------
    block : ndarray of shape (n_samples,), dtype float32
        As many samples in all as come, times the ratio of the rates, rounded up. They do not
        depend on the sizes of the blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.audio import resample_blocks
    >>> halves = np.split(np.zeros(44100, dtype=np.float32), 2)
    >>> sum(len(block) for block in resample_blocks(halves, 44100, 22050))
    22050
    """
    stream = soxr.ResampleStream(own_rate, sr, 1, dtype="float32", quality="HQ")
    read = written = 0
    for block in blocks:
        read += len(block)
        resampled = stream.resample_chunk(np.ascontiguousarray(block))
        written += len(resampled)
        yield resampled
    # soxr rounds the length its own way; librosa cuts or pads it to this.
    length = int(np.ceil(read * (float(sr) / own_rate)))
    rest = stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True)[
        : max(0, length - written)
    ]
    yield rest
    yield np.zeros(max(0, length - written - len(rest)), dtype=np.float32)
