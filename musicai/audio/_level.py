"""Making audio as loud as a normal recording, whole or block by block."""

from collections.abc import Iterable, Iterator

import numpy as np

from ..files.writing import spooled

LOUDNESS = 10 ** (-16 / 20)
"""Root mean square of the whole, -16 dB of full scale, unless peaks would pass `HIGHEST_PEAK`."""

HIGHEST_PEAK = 0.98
BLOCK_SIZE = 65536
"""Samples that are measured at a time; how loud something is depends on it in the last bit."""


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
    with spooled(blocks) as sound:
        gain = _gain(sound.blocks(BLOCK_SIZE))
        for block in sound.blocks(BLOCK_SIZE):
            yield block * gain


def level(audio: np.ndarray) -> np.ndarray:
    """Make audio as loud as `level_blocks` does, in place, and return it."""
    starts = range(0, len(audio), BLOCK_SIZE)
    audio *= _gain(audio[start : start + BLOCK_SIZE] for start in starts)
    return audio


def _gain(blocks: Iterable[np.ndarray]) -> np.float32:
    """Return the number that makes blocks as loud as they should be."""
    n_values, power, peak = 0, 0.0, 0.0
    for block in blocks:
        n_values += block.size
        power += float(np.sum(np.square(block, dtype=np.float64)))
        peak = max(peak, float(np.abs(block).max()))
    if peak == 0:
        return np.float32(1)
    return np.float32(min(LOUDNESS / np.sqrt(power / n_values), HIGHEST_PEAK / peak))
