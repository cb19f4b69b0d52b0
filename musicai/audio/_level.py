"""Making audio as loud as a normal recording, whole or block by block."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from ..files.writing import spooled

LOUDNESS = 10 ** (-16 / 20)
"""Root mean square of the whole, -16 dB of full scale, unless peaks would pass `HIGHEST_PEAK`."""

HIGHEST_PEAK = 0.98
BLOCK_SIZE = 65536
"""Values that are measured at a time; how loud something is depends on it in the last bit."""


def level_blocks(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Make audio as loud as a normal recording, in constant memory.

    How loud it is, is known when all has come: until then it lies in a temporary file (Python's
    :mod:`tempfile` says where), 4 bytes a sample.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,) or (n_samples, n_channels)
        The samples in order, on any scale; all mono, or all with the same channels.

    Yields
    ------
    block : ndarray of shape (n_samples,) or (n_samples, n_channels), dtype float32
        The same samples, times one number: their root mean square is -16 dB of full scale (0.16),
        or less where peaks would pass 0.98. They do not depend on how they were cut into blocks.
        Silence stays silence.

    Raises
    ------
    ValueError
        If blocks have different channels.
    OSError
        If the temporary file cannot be written, as where the disk is full.

    See Also
    --------
    write_audio : Takes the blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.audio import level_blocks
    >>> quiet = (1e-3 * np.sin(np.arange(1000)) for _ in range(100))
    >>> audio = np.concatenate(list(level_blocks(quiet)))
    >>> audio.shape, round(float(np.sqrt(np.mean(audio**2))), 2)
    ((100000,), 0.16)
    """
    blocks = iter(blocks)
    first = next(blocks, None)
    if first is None:
        return
    shape = first.shape[1:]
    n_channels = int(np.prod(shape))
    with spooled(_alike(chain([first], blocks), shape)) as values:
        gain = _gain(values.blocks(BLOCK_SIZE))
        for block in values.blocks(n_channels * (BLOCK_SIZE // n_channels)):
            yield (block * gain).reshape(-1, *shape)


def level(audio: np.ndarray) -> np.ndarray:
    """Make audio as loud as `level_blocks` does, in place, and return it."""
    values = audio.reshape(-1)
    starts = range(0, len(values), BLOCK_SIZE)
    audio *= _gain(values[start : start + BLOCK_SIZE] for start in starts)
    return audio


def _alike(blocks: Iterable[np.ndarray], shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Pass blocks on that all have the same channels."""
    for block in blocks:
        if block.shape[1:] != shape:
            raise ValueError(
                f"a block has shape {block.shape} where {('n_samples', *shape)} is expected: "
                "all blocks must have the same channels"
            )
        yield block


def _gain(blocks: Iterable[np.ndarray]) -> np.float32:
    """Return the number that makes mono blocks, or interleaved channels, as loud as they should."""
    n_values, power, peak = 0, 0.0, 0.0
    for block in blocks:
        n_values += len(block)
        power += float(np.sum(np.square(block, dtype=np.float64)))
        peak = max(peak, float(np.abs(block).max()))
    if peak == 0:
        return np.float32(1)
    return np.float32(min(LOUDNESS / np.sqrt(power / n_values), HIGHEST_PEAK / peak))
