"""Decoding of an audio file from beginning to end, block by block, with libsndfile or ffmpeg.

The readable part of a damaged or truncated file is used, and the damage is reported.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from ..files.paths import AnyPath, why_unreadable
from ._errors import RecordingError
from ._opening import NotDecodedError, Opened, cause_of, open_sound
from .ffmpeg import (
    INSTALL,
    DecodingError,
    NoFfmpegError,
    find_ffmpeg,
    may_decode,
    open_by_ffmpeg,
)

FORGIVEN_SECONDS = 1.0
"""Tolerated error in the length that a header gives, in seconds; many MP3 headers are inexact."""

MOST_VALUES = 2**20
"""Largest number of values in a block, over all channels.

A damaged header may claim a thousand channels.
"""

LOWEST_RATE, HIGHEST_RATE = 100.0, 1e7
"""Range of plausible sampling rates in hertz; resampling from other rates may take too long."""

PCM_OFFSETS = {"int8": 0, "uint8": 128, "int16": 0, "int32": 0}
"""Supported integer types of samples, each with the value that represents silence."""


@contextmanager
def open_file(
    path: AnyPath,
    name: str,
    *,
    block_size: int,
    on_damage: Callable[[str], object],
) -> Iterator[tuple[Iterator[np.ndarray], float]]:
    """Open an audio file and decode it block by block.

    Parameters
    ----------
    path : path-like
        The file.
    name : str
        Name of the file in errors and warnings.
    block_size : int
        Largest number of samples per block.
    on_damage : callable
        Called with a message after the last samples, if the file is damaged, if it holds audio that
        is not read, or if the length in its header is wrong by more than a second.

    Yields
    ------
    blocks : iterator of ndarray of shape (n_samples, n_channels), dtype float32
        Blocks of samples in order.
    native_rate : float
        The file's sampling rate in hertz.

    Raises
    ------
    RecordingError
        If the file cannot be read or decoded.
    """
    trouble = why_unreadable(path, "audio file")
    if trouble is not None:
        raise RecordingError(f"{name}: {trouble}")
    try:
        with open_sound(path) as opened:
            yield _decode(opened, name, block_size, on_damage), opened.file.samplerate
        return
    except NotDecodedError as error:
        cause = str(error)
    except OSError as error:
        raise RecordingError(
            f"{name}: the file cannot be read ({error.strerror}); check the disk that it is on"
        ) from None
    program = find_ffmpeg()
    if program is None and may_decode(path):
        raise NoFfmpegError(
            f"{name}: this cannot be decoded without the ffmpeg program ({cause}); {INSTALL}, or "
            "convert it to WAV, FLAC, Ogg or MP3"
        )
    if program is None:
        raise RecordingError(f"{name}: {_not_audio(cause)}")
    try:
        with open_by_ffmpeg(
            program, path, name, block_size=block_size, on_damage=on_damage
        ) as decoded:
            yield decoded
    except DecodingError as error:
        raise RecordingError(
            f"{name}: {_not_audio(f'libsndfile: {cause}; ffmpeg: {error}')}"
        ) from None


def _not_audio(cause: str) -> str:
    return (
        f"this cannot be decoded as audio ({cause}); repair it, convert it to WAV, FLAC, Ogg or "
        "MP3, or leave it out"
    )


def _decode(
    opened: Opened, name: str, block_size: int, on_damage: Callable[[str], object]
) -> Iterator[np.ndarray]:
    file = opened.file
    decoded = 0
    cause = None
    block_size = max(1, min(block_size, MOST_VALUES // file.channels))
    # libsndfile converts 16-bit integers to floats slowly; `pcm_to_float` gives the same values.
    dtype = np.int16 if file.subtype == "PCM_16" else np.float32
    while decoded < file.frames and cause is None:
        block = np.zeros((min(block_size, file.frames - decoded), file.channels), dtype)
        try:
            read = len(file.read(out=block))
        except RuntimeError as error:
            cause = cause_of(error)
            # The error hides how many samples were decoded; the rest of the block is still zero.
            read = 1 + int(max(np.flatnonzero(block.any(axis=1)), default=-1))
        if read == 0:
            break
        decoded += read
        yield block[:read] if dtype == np.float32 else pcm_to_float(block[:read])
    if decoded == 0 and cause is not None:
        raise RecordingError(f"{name}: {_not_audio(cause)}")
    trouble = _trouble(opened, decoded, cause)
    if decoded > 0 and trouble:
        on_damage(f"{name}: {trouble}; the readable part was used")


def check_native_rate(native_rate: float, name: str) -> None:
    """Raise a RecordingError if a sampling rate is implausible."""
    if not LOWEST_RATE <= native_rate <= HIGHEST_RATE:
        raise RecordingError(
            f"{name}: a sampling rate of {native_rate:g} Hz is implausible; give the true one, or "
            "repair the file's header"
        )


def pcm_to_float(block: np.ndarray) -> np.ndarray:
    """Return a float32 copy of samples, with integers scaled to [-1, 1]."""
    if block.dtype.kind == "f":
        with np.errstate(over="ignore"):  # overflow becomes infinity, which is rejected later
            return block.astype(np.float32)
    # With up to 16 bits, every step is exact in single precision.
    scaled: np.ndarray = block.astype(np.float32 if block.dtype.itemsize <= 2 else np.float64)
    offset = PCM_OFFSETS[block.dtype.name]
    if offset:
        scaled -= offset
    scaled *= 2.0 ** (1 - 8 * block.dtype.itemsize)
    return scaled.astype(np.float32, copy=False)


def _trouble(opened: Opened, decoded: int, cause: str | None) -> str | None:
    """Return what is wrong with a decoded file, for a warning; None if nothing is wrong."""
    file, n_samples, layout = opened
    if layout.trouble is not None:
        return layout.trouble
    seconds = decoded / file.samplerate
    announced = layout.promised * (decoded if n_samples is None else n_samples) / file.samplerate
    if announced > seconds + FORGIVEN_SECONDS:
        return (
            f"the file ends {announced - seconds:.1f} s before its header says and may be truncated"
        )
    if cause is not None:
        return f"the file is damaged after {seconds:.1f} s ({cause})"
    if "reports a hole" in file.extra_info:  # libogg's message for missing or damaged pages
        return "the file is damaged: pages of the Ogg stream are missing"
    if announced == 0 or announced < seconds - FORGIVEN_SECONDS:
        return (
            f"the header gives {announced:.1f} s but the file holds {seconds:.1f} s (a recording "
            "that was never closed, or several that were joined)"
        )
    return None
