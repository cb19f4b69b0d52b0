"""Validation of samples to write, and division into blocks of equal size."""

from collections.abc import Iterator
from typing import Any

import numpy as np

BLOCK_SIZE = 65536
"""Number of samples to write at a time.

Some versions of libsndfile crash if a long Ogg file is written in one call. The Ogg encoder's
output depends on the size of the first block, so all blocks but the last have this size.
"""

MOST_CHANNELS = 8
"""Largest number of channels; libsndfile crashes on Ogg files with hundreds of channels."""


def playable_blocks(samples: Any, name: str) -> Iterator[np.ndarray]:
    """Yield validated samples in blocks of `BLOCK_SIZE`; only the last may be shorter.

    Parameters
    ----------
    samples : array-like of shape (n_samples,) or (n_samples, n_channels), or iterator of arrays
        Samples as for :func:`write_audio`.
    name : str
        Name of the file in errors.

    Yields
    ------
    block : ndarray of shape (n_samples,) or (n_samples, n_channels), dtype float32
        A nonempty block of samples. There is at least one block.

    Raises
    ------
    ValueError
        If there are no samples, if they are not floats in [-1, 1], if the number of channels varies
        or exceeds 8, or if an array has more channels than samples.
    """
    blocks = _checked(samples, name) if isinstance(samples, Iterator) else [_whole(samples, name)]
    held: list[np.ndarray] = []
    n_held = 0
    for block in blocks:
        held.append(block)
        n_held += len(block)
        if n_held >= BLOCK_SIZE:
            joined = held[0] if len(held) == 1 else np.concatenate(held)
            n_even = n_held - n_held % BLOCK_SIZE
            for start in range(0, n_even, BLOCK_SIZE):
                yield joined[start : start + BLOCK_SIZE].astype(np.float32, copy=False)
            held, n_held = [joined[n_even:]], n_held - n_even
    if n_held > 0:
        yield np.concatenate(held).astype(np.float32, copy=False)


def _whole(samples: Any, name: str) -> np.ndarray:
    audio = _as_floats(samples, name)
    _check_layout(audio, name, may_be_short=False)
    _check_values(audio, name, advice="divide them by their peak")
    return audio


def _checked(samples: Iterator[Any], name: str) -> Iterator[np.ndarray]:
    shape: tuple[int, ...] | None = None
    for given in samples:
        block = _as_floats(given, name)
        if block.size == 0:
            continue
        if shape is None:
            _check_layout(block, name, may_be_short=True)
        elif block.shape[1:] != shape:
            raise ValueError(
                f"{name}: a block has shape {block.shape} where {('n_samples', *shape)} is "
                "expected: all blocks must have the same channels"
            )
        shape = block.shape[1:]
        _check_values(block, name, advice="pass level_blocks(blocks), or divide all by their peak")
        yield np.array(block, np.float32)  # a copy, because the caller may reuse the buffer
    if shape is None:
        raise ValueError(f"{name}: the iterator has no samples; there is nothing to write")


def _as_floats(samples: Any, name: str) -> np.ndarray:
    try:
        audio = np.asarray(samples)
    except (ValueError, TypeError, RuntimeError):
        raise ValueError(
            f"{name}: samples are not an array of numbers; for blocks of samples pass iter(blocks)"
        ) from None
    if audio.dtype.kind != "f" or audio.ndim not in (1, 2):
        raise ValueError(
            f"{name}: samples have shape {audio.shape} and type {audio.dtype}; expected floats "
            "of shape (n_samples,) or (n_samples, n_channels)"
        )
    return audio


def _check_layout(audio: np.ndarray, name: str, *, may_be_short: bool) -> None:
    if audio.size == 0:
        raise ValueError(f"{name}: samples have shape {audio.shape}; there is nothing to write")
    if audio.ndim == 1:
        return
    n_samples, n_channels = audio.shape
    if n_channels == 12:
        raise ValueError(
            f"{name}: samples have shape {audio.shape}, which looks like chroma: convert it to "
            "audio first, with ChromaExtractor().inverse_transform or "
            "musicai.render.chroma_to_audio"
        )
    if n_samples < n_channels and not (may_be_short and n_channels <= MOST_CHANNELS):
        raise ValueError(
            f"{name}: samples have shape {audio.shape}, more channels than samples; expected "
            "(n_samples, n_channels), did you mean samples.T?"
        )
    if n_channels > MOST_CHANNELS:
        raise ValueError(f"{name}: {n_channels} channels; at most {MOST_CHANNELS} are supported")


def _check_values(audio: np.ndarray, name: str, *, advice: str) -> None:
    peak = max(audio.max(), -audio.min())
    if not np.isfinite(peak):
        raise ValueError(f"{name}: samples contain NaN or infinity; repair them before writing")
    if peak > 1:
        raise ValueError(f"{name}: samples peak at {peak:g} and would be clipped; {advice}")
