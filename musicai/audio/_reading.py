"""Reading a recording block by block, as one channel at one sampling rate.

What comes out is what ``librosa.load(path, sr=sampling_rate)`` would return, sample for sample,
but never as a whole: a file is decoded strictly forward, mixed down, resampled by a stream and
handed on, so that an hour needs no more memory than a minute.
"""

import os
import re
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from typing import Any, Literal

import numpy as np
import soundfile
import soxr

from ._errors import RecordingError

BLOCK_SIZE = 65536
"""Samples that are read at a time: some hundred kilobytes, which fit a processor's cache."""

LOUDEST = 1e12
"""Samples beyond this are taken for damage; squares of their spectra would overflow float32."""

FORGIVEN_SECONDS = 1.0
"""How much shorter than announced a file may be; MP3 headers often count some frames too many."""

LOWEST_RATE, HIGHEST_RATE = 100.0, 1e7
"""Sampling rates in hertz beyond these are taken for damage; resampling would never end."""

UNKNOWN_LENGTH = 2**31 - 2**16
"""Lengths in bytes from here on stand for "unknown" in a WAV header."""

PCM_OFFSETS = {"int8": 0, "uint8": 128, "int16": 0, "int32": 0}
"""Integer samples that are understood, with the value that stands for silence."""


def read_blocks(
    recording: Any,
    *,
    sampling_rate: float,
    block_size: int = BLOCK_SIZE,
    name: str | None = None,
    on_truncated: Literal["warn", "ignore"] = "warn",
) -> Iterator[np.ndarray]:
    """Read a recording as blocks of mono samples at `sampling_rate`.

    Parameters
    ----------
    recording : str, bytes, PathLike, ndarray of shape (n_samples,) or (samples, sampling_rate)
        An audio file; or samples at `sampling_rate`; or samples with their own sampling rate,
        mono or of shape (n_samples, n_channels) as soundfile has them. Samples are floats, or
        PCM integers (8, 16 or 32 bits), which are scaled to [-1, 1).
    sampling_rate : float
        Samples per second of the blocks, in hertz.
    block_size : int, default=65536
        Samples to read at a time, before resampling. The samples do not depend on it.
    name : str, default=None
        What to call the recording in errors. When None its path, or "the recording".
    on_truncated : {"warn", "ignore"}, default="warn"
        Whether to warn when a file ends over a second before its header says.

    Yields
    ------
    block : ndarray of shape (n_samples,), dtype float32
        The next samples. Channels are averaged, as by ``librosa.to_mono``; the whole is as long
        as ``librosa.resample`` makes it, ``ceil(n_samples * sampling_rate / own_rate)``.

    Raises
    ------
    RecordingError
        If the recording cannot be read, has no samples, or has NaN or infinite samples. The
        message names it.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.audio import read_blocks
    >>> stereo = np.zeros((48000, 2), dtype=np.float32)
    >>> sum(len(block) for block in read_blocks((stereo, 48000), sampling_rate=22050))
    22050
    """
    if isinstance(recording, (str, bytes, os.PathLike)):
        # Names that are not valid Unicode must not break the printing of a message.
        name = name or os.fsdecode(recording).encode("utf-8", "backslashreplace").decode()
        with _open(recording, name) as file:
            blocks = _decode(file, name, block_size, on_truncated)
            yield from _convert(blocks, file.samplerate, sampling_rate, name)
    else:
        name = name or "the recording"
        samples, own_rate = _as_samples(recording, sampling_rate, name)
        starts = range(0, len(samples), block_size)
        blocks = (_pcm_to_float(samples[i : i + block_size]) for i in starts)
        yield from _convert(blocks, own_rate, sampling_rate, name)


class _ForwardSoundFile(soundfile.SoundFile):
    """A sound file that is only read forward.

    soundfile seeks to the current position after every read of a seekable file. In an MP3 that
    restarts the decoder and changes samples; in a damaged Ogg it changes the length.
    """

    def seekable(self) -> bool:
        return False


@contextmanager
def _open(path: str | bytes | os.PathLike, name: str) -> Iterator[soundfile.SoundFile]:
    _check_file(path, name)
    # Bytes keep names that are not valid Unicode; Windows knows only Unicode names.
    native = os.fsencode(path) if os.name == "posix" else os.fsdecode(path)
    try:
        file = _ForwardSoundFile(native)
    except (RuntimeError, TypeError, ValueError) as error:
        raise RecordingError(f"{name}: {_not_audio(error)}") from None
    with file:
        yield file


def _check_file(path: str | bytes | os.PathLike, name: str) -> None:
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise RecordingError(f"{name}: there is no such file; check the path") from None
    except (OSError, ValueError) as error:
        raise RecordingError(f"{name}: the file cannot be opened ({error})") from None
    if stat.S_ISDIR(status.st_mode):
        raise RecordingError(f"{name}: this is a folder; pass the audio files in it")
    if not stat.S_ISREG(status.st_mode):
        raise RecordingError(f"{name}: this is not a regular file; pass an audio file")
    if not os.access(path, os.R_OK):
        raise RecordingError(f"{name}: the file may not be read; check its permissions")
    if status.st_size == 0:
        raise RecordingError(f"{name}: the file is empty; record or download it again")


def _not_audio(error: Exception) -> str:
    cause = getattr(error, "error_string", str(error)).rstrip(".")
    return f"this cannot be decoded as audio ({cause}); convert it to WAV, FLAC, Ogg or MP3"


def _decode(
    file: soundfile.SoundFile, name: str, block_size: int, on_truncated: str
) -> Iterator[np.ndarray]:
    decoded = 0
    cause = None
    while decoded < file.frames and cause is None:
        block = np.zeros((min(block_size, file.frames - decoded), file.channels), np.float32)
        try:
            read = len(file.read(out=block))
        except RuntimeError as error:
            cause = error
            # The decoder does not say how far it came; what it did not reach is still zero.
            read = 1 + int(max(np.flatnonzero(block.any(axis=1)), default=-1))
        if read == 0:
            break
        decoded += read
        yield block[:read]
    if decoded == 0 and cause is not None:
        raise RecordingError(f"{name}: {_not_audio(cause)}")
    missing = (_announced_samples(file) - decoded) / file.samplerate
    if on_truncated == "warn" and decoded > 0 and (cause or missing > FORGIVEN_SECONDS):
        warnings.warn(
            f"{name}: the file ends {missing:.1f} s before its header says and may be truncated; "
            "what there is was used",
            stacklevel=2,
        )


def _announced_samples(file: soundfile.SoundFile) -> float:
    # For WAV and AIFF libsndfile corrects the length by the file's size and only logs it.
    corrected = re.search(r"(?:data|SSND)\s*: (\d+) \(should be ([1-9]\d*)\)", file.extra_info)
    if corrected is None:
        return file.frames
    announced, found = map(int, corrected.groups())
    # Programs that write to a pipe leave the largest number as length.
    return file.frames if announced >= UNKNOWN_LENGTH else file.frames * announced / found


def _as_samples(recording: Any, default_rate: float, name: str) -> tuple[np.ndarray, float]:
    own_rate = default_rate
    samples = recording
    if isinstance(recording, tuple):
        if len(recording) != 2:
            raise RecordingError(
                f"{name}: a tuple of {len(recording)} was given where (samples, sampling_rate) "
                "is expected"
            )
        samples, own_rate = recording
        if not isinstance(own_rate, Real) or isinstance(own_rate, bool):
            raise RecordingError(
                f"{name}: the sampling rate in (samples, sampling_rate) is {own_rate!r}; give "
                "samples per second"
            )
    elif not isinstance(recording, np.ndarray):
        raise RecordingError(
            f"{name}: an object of type {type(recording).__name__} is no recording; give a path, "
            "a 1-D array of samples, or (samples, sampling_rate)"
        )
    return _check_samples(samples, isinstance(recording, tuple), name), float(own_rate)


def _check_samples(samples: Any, may_have_channels: bool, name: str) -> np.ndarray:
    try:
        samples = np.asarray(samples)
    except (ValueError, TypeError, RuntimeError):
        raise RecordingError(f"{name}: samples are no array of numbers") from None
    if samples.dtype.kind != "f" and samples.dtype.name not in PCM_OFFSETS:
        raise RecordingError(
            f"{name}: samples are {samples.dtype}; give floats in [-1, 1] or integers of 8, 16 "
            "or 32 bits"
        )
    if samples.ndim != 1 and not (samples.ndim == 2 and may_have_channels):
        raise RecordingError(
            f"{name}: samples have shape {samples.shape}; give a 1-D array, or a tuple (samples, "
            "sampling_rate) with samples of shape (n_samples,) or (n_samples, n_channels)"
        )
    if samples.size == 0:
        raise RecordingError(f"{name}: there are no samples in it; leave it out")
    if samples.ndim == 2 and samples.shape[0] < samples.shape[1]:
        raise RecordingError(
            f"{name}: samples have shape {samples.shape}, more channels than samples; (n_samples, "
            "n_channels) is expected, did you mean samples.T?"
        )
    return samples[:, np.newaxis] if samples.ndim == 1 else samples


def _pcm_to_float(block: np.ndarray) -> np.ndarray:
    if block.dtype.kind == "f":
        with np.errstate(over="ignore"):  # float64 beyond float32 becomes inf, which is refused
            return block.astype(np.float32)
    silence = PCM_OFFSETS[block.dtype.name]
    full_scale = 2.0 ** (8 * block.dtype.itemsize - 1)
    return ((block.astype(np.float64) - silence) / full_scale).astype(np.float32)


def _convert(
    blocks: Iterator[np.ndarray], own_rate: float, sampling_rate: float, name: str
) -> Iterator[np.ndarray]:
    if not LOWEST_RATE <= own_rate <= HIGHEST_RATE:
        raise RecordingError(
            f"{name}: a sampling rate of {own_rate:g} Hz is not believable; give the true one, or "
            "repair the file's header"
        )
    mono = _checked(map(_mix_down, blocks), name)
    return mono if own_rate == sampling_rate else _resample(mono, own_rate, sampling_rate)


def _mix_down(block: np.ndarray) -> np.ndarray:
    n_channels = block.shape[1]
    if n_channels == 1:
        return block[:, 0]
    # The sums of np.mean(axis=1) in its order, several times faster for a few channels.
    mono = block[:, 0] + block[:, 1]
    for channel in range(2, n_channels):
        mono += block[:, channel]
    mono /= np.float32(n_channels)
    return mono


def _checked(blocks: Iterator[np.ndarray], name: str) -> Iterator[np.ndarray]:
    empty = True
    for block in blocks:
        empty = False
        # Written so that NaN, for which every comparison is false, is refused as well.
        if not (block.max() <= LOUDEST and block.min() >= -LOUDEST):
            raise RecordingError(
                f"{name}: samples are NaN, infinite or beyond {LOUDEST:g}; repair or leave out "
                "the recording"
            )
        yield block
    if empty:
        raise RecordingError(f"{name}: there are no samples in it; leave it out")


def _resample(
    blocks: Iterator[np.ndarray], own_rate: float, sampling_rate: float
) -> Iterator[np.ndarray]:
    stream = soxr.ResampleStream(own_rate, sampling_rate, 1, dtype="float32", quality="HQ")
    read = written = 0
    for block in blocks:
        read += len(block)
        resampled = stream.resample_chunk(np.ascontiguousarray(block))
        written += len(resampled)
        yield resampled
    # soxr rounds the length its own way; librosa cuts or pads it to this.
    length = int(np.ceil(read * (float(sampling_rate) / own_rate)))
    rest = stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True)[
        : max(0, length - written)
    ]
    yield rest
    yield np.zeros(max(0, length - written - len(rest)), dtype=np.float32)
