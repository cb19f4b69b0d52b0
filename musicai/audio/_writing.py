"""Writing of audio files."""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from numbers import Real
from typing import Any, BinaryIO

import numpy as np
import soundfile

from ..base.parameters import HIGHEST_WRITTEN_RATE, shown
from ..files.audio_formats import check_audio_file
from ..files.paths import is_path
from ..files.writing import target_name, whole_file
from .playable import playable_blocks

SPARE_BYTES = 2**16


def write_audio(file: Any, samples: Any, sr: float, *, format: str | None = None) -> None:
    """Write samples to an audio file, completely or not at all.

    Parameters
    ----------
    file : str, bytes, PathLike or binary file object
        The output. An existing file is replaced once the new one is complete. A file object
        receives all bytes once encoding is complete.
    samples : array-like of floats of shape (n_samples,) or (n_samples, n_channels), or iterator
        Samples in [-1, 1], or an iterator (such as a generator) over arrays of such samples. Blocks
        from an iterator are written one at a time, in constant memory. Pass a list of blocks as
        ``iter(blocks)``.
    sr : float
        Sampling rate in hertz; a whole number from 1 to 192000.
    format : {"wav", "flac", "ogg", "mp3"}, default=None
        Output format: 16-bit WAV, 16-bit FLAC, Ogg Vorbis or MP3. If None, the path's suffix
        decides; for a file object, `format` is required.

    Raises
    ------
    ValueError
        If the format is unknown or does not support the sampling rate or the number of channels, if
        `sr` is out of range, if `file` is a folder, or if the samples are empty or not floats in
        [-1, 1].
    TypeError
        If `file` is neither a path nor a binary file object, or `samples` is a path or a number.
    FileNotFoundError
        If the folder does not exist.
    OSError
        If the file cannot be written, for instance because the disk is full.

    See Also
    --------
    level_blocks : Normalize the loudness of blocks.

    Examples
    --------
    >>> import tempfile, soundfile
    >>> import numpy as np
    >>> from musicai.audio import write_audio
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_audio(f"{folder}/silence.flac", np.zeros(22050), 22050)
    ...     soundfile.info(f"{folder}/silence.flac").duration
    1.0
    >>> minutes = (np.zeros(60 * 22050) for _ in range(2))
    >>> with tempfile.TemporaryFile() as file:
    ...     write_audio(file, minutes, 22050, format="ogg")
    """
    _check_argument_order(file, samples, sr)
    name = target_name(file)
    format = check_audio_file(file, format)
    _check_rate(name, sr)
    with whole_file(file) as draft:
        blocks = playable_blocks(samples, name)
        _encode(draft, blocks, int(sr), format, name)


def _check_argument_order(file: Any, samples: Any, sr: Any) -> None:
    if is_path(samples) or isinstance(samples, Real):
        given = ", ".join(type(value).__name__ for value in (file, samples, sr))
        raise TypeError(
            f"write_audio(file, samples, sr) takes its arguments in this order; got ({given})"
        )


def _check_rate(name: str, sr: Any) -> None:
    whole = isinstance(sr, Real) and float(sr).is_integer()
    if not whole or isinstance(sr, bool) or not 1 <= sr <= HIGHEST_WRITTEN_RATE:
        raise ValueError(
            f"{name}: sr must be a whole number of hertz from 1 to "
            f"{HIGHEST_WRITTEN_RATE}, got {shown(sr)}"
        )


def _encode(draft: BinaryIO, blocks: Iterator[np.ndarray], sr: int, format: str, name: str) -> None:
    first = next(blocks)
    n_channels = 1 if first.ndim == 1 else first.shape[1]
    # libsndfile can write to a file descriptor directly. Through callbacks to a Python file, errors
    # and Ctrl-C would be lost.
    target = draft.fileno() if os.name == "posix" else draft
    with ExitStack() as encoders:
        try:
            sound = encoders.enter_context(
                soundfile.SoundFile(
                    target, "w", sr, n_channels, format=format.upper(), closefd=False
                )
            )
        except (RuntimeError, TypeError) as error:
            _check_room(draft)  # raises if there was no room for the header
            raise ValueError(
                f"{name}: {n_channels} channels at {sr} Hz cannot be written as "
                f"{format} ({getattr(error, 'error_string', error)}): choose another format or "
                "sampling rate"
            ) from None
        for block in chain([first], blocks):
            try:
                sound.write(block)
            except RuntimeError as error:
                _check_room(draft)
                raise OSError(errno.EIO, f"the audio cannot be written ({error})", name) from None
    _check_room(draft)


def _check_room(draft: BinaryIO) -> None:
    """Raise the operating system's error if the file cannot grow.

    Encoders write their last bytes when they are closed, and libsndfile does not report an error if
    the disk is full. A test write at the end of the file detects a full disk.
    """
    draft.flush()
    descriptor = draft.fileno()
    end = os.lseek(descriptor, 0, os.SEEK_END)
    spare = bytes(SPARE_BYTES)
    while spare:
        spare = spare[os.write(descriptor, spare) :]
    os.ftruncate(descriptor, end)
