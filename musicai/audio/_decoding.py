"""Decoding an audio file strictly forward, block by block.

libsndfile decodes WAV, FLAC, Ogg, MP3 and many more; other formats go to ffmpeg where that is
installed. A file that ends too early is used, with a warning.

The first frame of an MP3 may hold a table (Xing, Info or VBRI) with the number of frames. Without
one, libsndfile takes the first bit rate for that of the whole file, and reads no further than the
length that follows from it; where the bit rate varies, most of the music may lie behind that point.
From a pipe, whose length is unknown, libsndfile reads to the end.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread
from typing import BinaryIO

import numpy as np
import soundfile

from ..files.paths import AnyPath, native_name, why_unreadable
from ._errors import RecordingError
from ._ogg import fault_of_ogg
from .ffmpeg import DecodingError, find_ffmpeg, open_by_ffmpeg
from .headers import UNKNOWN_SAMPLES

FORGIVEN_SECONDS = 1.0
"""How much shorter than announced a file may be; MP3 headers often count some frames too many."""

MOST_VALUES = 2**20
"""Values of all channels in a block; a header may claim a thousand channels."""

UNKNOWN_BYTES = 2**31 - 2**16
"""Lengths in bytes from here on stand for "unknown" in a WAV header."""

CORRECTED_LENGTH = re.compile(
    r"(?:data|SSND|Data Size|riff|Riff size)\s*: (\d+) \(should be ([1-9]\d*)\)"
)
"""In libsndfile's log, in bytes, for WAV, AIFF, AU, W64 and RF64."""

RIFF_LENGTHS = re.compile(r"Length : (\d+)\n.*?RIFF : (\d+)\n.*?Bytes/sec +: ([1-9]\d*)", re.DOTALL)
"""In libsndfile's log: bytes of the file, those that its header tells of, those of a second."""

NO_MPEG_FRAMES = 7
"""libsndfile's code when its MP3 decoder finds no frames; the words to it speak of no file."""

TABLES = (b"Xing", b"Info", b"VBRI")
"""How the tables of MP3 files begin that hold the number of frames."""

FIRST_FRAMES = 16384
"""Bytes after the tags in which the first frame of an MP3 is expected."""

TAG_HEADER = 10
"""Bytes of the header of an ID3v2 tag (ID3v2.4 structure, section 3.1); of a footer, too."""

PCM_OFFSETS = {"int8": 0, "uint8": 128, "int16": 0, "int32": 0}
"""Integer samples that are understood, with the value that stands for silence."""


@contextmanager
def open_file(
    path: AnyPath,
    name: str,
    *,
    block_size: int,
    on_damage: Callable[[str], object],
) -> Iterator[tuple[Iterator[np.ndarray], float]]:
    """Open an audio file.

    Parameters
    ----------
    path : path-like
        The file.
    name : str
        What to call it in errors and warnings.
    block_size : int
        Samples per block.
    on_damage : callable
        Called with a message when the file is damaged or ends early.

    Yields
    ------
    blocks : iterator of ndarray of shape (n_samples, n_channels), dtype float32
    own_rate : float
        The file's sampling rate.

    Raises
    ------
    RecordingError
        If it cannot be decoded.
    """
    trouble = why_unreadable(path, "audio file")
    if trouble is not None:
        raise RecordingError(f"{name}: {trouble}")
    with ExitStack() as native:
        try:
            file = native.enter_context(_ForwardSoundFile(native_name(path)))
            if lacks_length(file, path):
                pipe = native.enter_context(piped(path))
                file = native.enter_context(_ForwardSoundFile(pipe, closefd=False))
        except (RuntimeError, TypeError, ValueError) as error:
            cause = _cause(error)
        else:
            if file.format != "RAW":
                yield _decode(file, name, block_size, on_damage), file.samplerate
                return
            cause = "the file has no header"
    program = find_ffmpeg()
    if program is None:
        raise RecordingError(
            f"{name}: this cannot be decoded as audio ({cause}); install ffmpeg to read this "
            "format, or convert it to WAV, FLAC, Ogg or MP3"
        )
    try:
        with open_by_ffmpeg(
            program, path, name, block_size=block_size, on_damage=on_damage
        ) as decoded:
            yield decoded
    except DecodingError as error:
        raise RecordingError(
            f"{name}: {_not_audio(f'libsndfile: {cause}; ffmpeg: {error}')}"
        ) from None


class _ForwardSoundFile(soundfile.SoundFile):
    """A sound file that is only read forward.

    soundfile seeks to the current position after every read of a seekable file. In an MP3 that
    restarts the decoder and changes samples; in a damaged Ogg it changes the length.
    """

    def seekable(self) -> bool:
        return False


def _cause(error: Exception) -> str:
    if getattr(error, "code", None) == NO_MPEG_FRAMES:
        return "no MP3 frames were found in it"
    if isinstance(error, TypeError):  # soundfile takes anything named .raw for headerless
        return "the name says that it has no header"
    return getattr(error, "error_string", str(error)).removeprefix("Error : ").rstrip(".")


def _not_audio(cause: str) -> str:
    return (
        f"this cannot be decoded as audio ({cause}); repair it, convert it to WAV, FLAC, Ogg or "
        "MP3, or leave it out"
    )


def _decode(
    file: soundfile.SoundFile, name: str, block_size: int, on_damage: Callable[[str], object]
) -> Iterator[np.ndarray]:
    decoded = 0
    cause = None
    block_size = max(1, min(block_size, MOST_VALUES // file.channels))
    # libsndfile is slow at turning 16-bit integers to floats; the result is the same.
    dtype = np.int16 if file.subtype == "PCM_16" else np.float32
    while decoded < file.frames and cause is None:
        block = np.zeros((min(block_size, file.frames - decoded), file.channels), dtype)
        try:
            read = len(file.read(out=block))
        except RuntimeError as error:
            cause = _cause(error)
            # The decoder does not say how far it came; what it did not reach is still zero.
            read = 1 + int(max(np.flatnonzero(block.any(axis=1)), default=-1))
        if read == 0:
            break
        decoded += read
        yield block[:read] if dtype == np.float32 else pcm_to_float(block[:read])
    if decoded == 0 and cause is not None:
        raise RecordingError(f"{name}: {_not_audio(cause)}")
    trouble = _trouble(file, decoded, cause)
    if decoded > 0 and trouble:
        on_damage(f"{name}: {trouble}; what there is was used")


def pcm_to_float(block: np.ndarray) -> np.ndarray:
    """Return a copy as float32, integers scaled to [-1, 1)."""
    if block.dtype.kind == "f":
        with np.errstate(over="ignore"):  # float64 beyond float32 becomes inf, which is refused
            return block.astype(np.float32)
    # Up to 16 bits every step is exact in single precision.
    scaled: np.ndarray = block.astype(np.float32 if block.dtype.itemsize <= 2 else np.float64)
    scaled -= PCM_OFFSETS[block.dtype.name]
    scaled *= 2.0 ** (1 - 8 * block.dtype.itemsize)
    return scaled.astype(np.float32, copy=False)


def _trouble(file: soundfile.SoundFile, decoded: int, cause: str | None) -> str | None:
    """Say what was wrong with a file that was decoded, None if nothing was."""
    missing = (_announced_samples(file, decoded) - decoded) / file.samplerate
    if missing > FORGIVEN_SECONDS:
        return f"the file ends {missing:.1f} s before its header says and may be truncated"
    if cause is not None:
        return f"the file is damaged after {decoded / file.samplerate:.1f} s ({cause})"
    fault = fault_of_ogg(file.name) if file.format == "OGG" else None
    if fault is not None:
        return fault
    if "reports a hole" in file.extra_info:  # libogg's word for missing or damaged pages
        return "the file is damaged, some pages of the Ogg stream are missing"
    n_seconds = _seconds_behind_the_end(file)
    if n_seconds > FORGIVEN_SECONDS:
        return (
            f"the file goes on for {n_seconds:.1f} s behind the end that its header gives, which "
            "was not read"
        )
    return None


def _announced_samples(file: soundfile.SoundFile, decoded: int) -> float:
    if file.frames >= UNKNOWN_SAMPLES:
        return decoded
    # libsndfile corrects the length by the file's size and only logs it.
    corrected = CORRECTED_LENGTH.search(file.extra_info)
    if corrected is None:
        return file.frames
    announced, found = map(int, corrected.groups())
    # Programs that write to a pipe leave the largest number as length.
    unknown = UNKNOWN_SAMPLES if file.format in ("RF64", "W64") else UNKNOWN_BYTES
    return file.frames if announced >= unknown else file.frames * announced / found


def _seconds_behind_the_end(file: soundfile.SoundFile) -> float:
    """Tell how much a WAV file may hold behind what its header tells of.

    A recorder that lost its power may leave the header of an earlier moment, and lengths over 4 GiB
    do not fit in.
    """
    lengths = RIFF_LENGTHS.search(file.extra_info)
    if lengths is None:
        return 0.0
    n_bytes, announced, bytes_per_second = map(int, lengths.groups())
    return (n_bytes - announced) / bytes_per_second if 0 < announced < UNKNOWN_BYTES else 0.0


def lacks_length(file: soundfile.SoundFile, path: AnyPath) -> bool:
    """Return whether an open file is an MP3 without a table, which has to be read from a pipe.

    If it cannot be opened any more, the answer is no; so it is where libsndfile cannot read from
    Python's pipes.
    """
    if file.format != "MP3" or os.name != "posix":
        return False
    try:
        with open(path, "rb") as content:
            _skip_tags(content)
            beginning = content.read(FIRST_FRAMES)
    except OSError:
        return False
    return not any(table in beginning for table in TABLES)


@contextmanager
def piped(path: AnyPath) -> Iterator[int]:
    """Yield a descriptor from which the frames of an MP3 file can be read, forward only."""
    failed: list[OSError] = []
    reading, writing = os.pipe()

    def write() -> None:
        try:
            with open(writing, "wb", buffering=0) as pipe, open(path, "rb") as content:
                _skip_tags(content)
                with suppress(BrokenPipeError):  # the reader has closed its end
                    shutil.copyfileobj(content, pipe)
        except OSError as error:
            failed.append(error)

    thread = Thread(target=write, daemon=True)  # a reader that is never closed ends with Python
    try:
        thread.start()
        yield reading
    finally:
        os.close(reading)
        if not sys.is_finalizing():  # when Python ends, no thread goes on (3.13: nor ends)
            thread.join()
    if failed:  # or what there was so far would pass for all
        raise failed[0]


def _skip_tags(content: BinaryIO) -> None:
    """Move past the ID3v2 tags at the beginning of a file."""
    position = 0
    while (header := content.read(TAG_HEADER))[:3] == b"ID3" and len(header) == TAG_HEADER:
        flags, sizes = header[5], header[6:]
        size = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(sizes)))
        footer = TAG_HEADER if flags & 0x10 else 0
        position += TAG_HEADER + size + footer
        content.seek(position)
    content.seek(position)
