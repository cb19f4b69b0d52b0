"""Writing audio files."""

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
    """Write samples to an audio file, whole or not at all.

    Parameters
    ----------
    file : str, bytes, PathLike or binary file object
        The file. An existing one is replaced once the new one is complete; a file object is
        written to when all is encoded.
    samples : array-like of floats of shape (n_samples,) or (n_samples, n_channels), or iterator
        Samples in [-1, 1]; or an iterator (such as a generator) of arrays of such samples, which
        are written as they come, so that any length takes the same memory. For a list of blocks
        pass ``iter(blocks)``.
    sr : float
        Samples per second, in hertz; a whole number.
    format : {"wav", "flac", "ogg", "mp3"}, default=None
        How to write them: PCM of 16 bits, FLAC of 16 bits, Ogg Vorbis, or MP3. When None the
        suffix of the path decides; a file object needs it.

    Raises
    ------
    ValueError
        If the format is unknown, or the samples are not floats in [-1, 1], or the format cannot
        hold the sampling rate or the channels.
    TypeError
        If `file` is neither a path nor a file object that takes bytes.
    FileNotFoundError
        If the folder does not exist.
    OSError
        If it cannot be written, as where the disk is full.

    See Also
    --------
    level_blocks : Makes blocks as loud as other music.

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
    _refuse_other_orders(file, samples, sr)
    name = target_name(file)
    format = check_audio_file(file, format)
    _check_rate(name, sr)
    with whole_file(file) as draft:
        blocks = playable_blocks(samples, name)
        _encode(draft, blocks, int(sr), format, name)


def _refuse_other_orders(file: Any, samples: Any, sr: Any) -> None:
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
    # To a descriptor libsndfile writes by itself: errors and Ctrl-C would get lost in callbacks.
    target = draft.fileno() if os.name == "posix" else draft
    with ExitStack() as encoders:
        try:
            sound = encoders.enter_context(
                soundfile.SoundFile(
                    target, "w", sr, n_channels, format=format.upper(), closefd=False
                )
            )
        except (RuntimeError, TypeError) as error:
            _check_room(draft)  # raises, if there was none for the header
            raise ValueError(
                f"{name}: {n_channels} channels at {sr} Hz cannot be written as "
                f"{format} ({getattr(error, 'error_string', error)}): take another format or "
                "sampling rate"
            ) from None
        for block in chain([first], blocks):
            try:
                sound.write(block)
            except RuntimeError as error:
                _check_room(draft)
                raise OSError(
                    errno.EIO, f"the audio could not be written ({error})", name
                ) from None
    _check_room(draft)


def _check_room(draft: BinaryIO) -> None:
    """Raise the system's error if the file cannot grow.

    What encoders hold back until the end is written when they are closed, and if that fails
    libsndfile does not tell. But then the disk is full, and takes nothing more.
    """
    draft.flush()
    descriptor = draft.fileno()
    end = os.lseek(descriptor, 0, os.SEEK_END)
    spare = bytes(SPARE_BYTES)
    while spare:
        spare = spare[os.write(descriptor, spare) :]
    os.ftruncate(descriptor, end)
