"""Decoding of formats that need the ffmpeg program: MP4 (m4a), WMA, WebM and others.

ffmpeg runs as a subprocess and writes 32-bit floats to a pipe in the AU format, which has a simple
header. The pipe is read block by block.

Files are not trusted. The name of a file is passed as an absolute path after ``file:``, so that
ffmpeg cannot take it for an option or a URL. Only the formats in `CONTAINERS` are accepted, because
playlists and similar formats (HLS, concat, SDP) can make ffmpeg open other files or network
connections. The only protocol that ffmpeg may use is ``file``.
"""

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from ..files.paths import AnyPath
from ._errors import RecordingError
from ._tags import skip_tags

CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,caf,dsf,eac3,flac,matroska,mov,mpc,mpc8,ogg,tak,tta,w64,wav,wv"
)
"""ffmpeg's names for the accepted formats. MP3 is excluded: ffmpeg mistakes random bytes for it."""

INPUT_OPTIONS = (
    *("-nostdin", "-v", "error", "-protocol_whitelist", "file", "-format_whitelist", CONTAINERS),
    *("-vn", "-sn", "-dn"),  # no video, subtitles or data
)
OUTPUT_OPTIONS = (
    *("-map", "0:a:0", "-map_metadata", "-1", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"),
)
AU_HEADER = struct.Struct(">4s5I")
"""Magic number, offset and length of the samples, encoding, sampling rate, number of channels."""

OWN_PROCESS_GROUP: dict[str, Any] = {"process_group": 0}
if sys.platform == "win32":
    OWN_PROCESS_GROUP = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
"""Options of `subprocess.Popen` that keep Ctrl-C in a terminal from reaching ffmpeg.

Otherwise, ffmpeg would stop early, and a thread that reads its output would assume that the
recording had ended. Python still receives Ctrl-C and then stops ffmpeg.
"""

STOPPED = 255
"""ffmpeg's exit status after a handled signal; for unhandled signals `returncode` is negative."""


INSTALL = "install ffmpeg (apt, brew or winget install ffmpeg)"

_BEGINNINGS = re.compile(
    rb"....(ftyp|moov|mdat|wide|free|skip)|\x1a\x45\xdf\xa3|\x30\x26\xb2\x75"  # MP4, WebM, WMA
    rb"|\xff[\xf0\xf1\xf8\xf9]|\x0b\x77|#!AMR|MAC |MP\+|MPCK|tBaK|TTA|wvpk|DSD "  # AAC, AC-3
    rb"|RIFF|RF64|FORM|riff|caff|OggS|fLaC",  # possibly with a codec unknown to libsndfile
    re.DOTALL,
)


class DecodingError(Exception):
    """Error for a file from which ffmpeg returns no samples; the message is the cause."""


class NoFfmpegError(RecordingError):
    """Error for a recording that cannot be decoded because ffmpeg is not installed."""


def explain_missing_ffmpeg(names: Sequence[str], n_recordings: int) -> str:
    """Return a message that says which recordings need ffmpeg and how to install ffmpeg."""
    which = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    return (
        f"{len(names)} of {n_recordings} recordings ({which}) cannot be read without the ffmpeg "
        f"program; {INSTALL}, or convert them to WAV, FLAC, Ogg or MP3"
    )


def find_ffmpeg() -> str | None:
    """Return the path of the ffmpeg program; None if ffmpeg is not installed."""
    return shutil.which("ffmpeg")


def may_decode(path: AnyPath) -> bool:
    """Return whether a file, after any tags, begins like a file that ffmpeg may decode."""
    try:
        with open(path, "rb") as content:
            content.seek(skip_tags(content, 0))
            return _BEGINNINGS.match(content.read(8)) is not None
    except OSError:
        return False


def input_name(path: AnyPath) -> str:
    """Return a file's name in a form that ffmpeg cannot mistake for an option or a URL."""
    # The path is not normalized, because ".." after a link to a folder means that folder's parent.
    return f"file:{os.path.join(os.getcwd(), os.fsdecode(path))}"


@contextmanager
def open_by_ffmpeg(
    program: str,
    path: AnyPath,
    name: str,
    *,
    block_size: int,
    on_damage: Callable[[str], object],
) -> Iterator[tuple[Iterator[np.ndarray], float]]:
    """Decode the first audio stream of a file; ffmpeg is stopped at the end of the context.

    Parameters
    ----------
    program : str
        Path of the ffmpeg program.
    path : path-like
        An existing file.
    name : str
        Name of the file in messages.
    block_size : int
        Samples per block.
    on_damage : callable
        Called with a message after the last samples if ffmpeg reported an error.

    Yields
    ------
    blocks : iterator of ndarray of shape (n_samples, n_channels), dtype float32
        Blocks of samples in order.
    native_rate : float
        The file's sampling rate in hertz.

    Raises
    ------
    DecodingError
        If ffmpeg cannot be started or returns no samples.
    RecordingError
        If a signal stops ffmpeg while it decodes.
    """
    command = [program, *INPUT_OPTIONS, "-i", input_name(path), *OUTPUT_OPTIONS]
    # Messages go to a file, because ffmpeg would block if it filled a second pipe.
    with (
        tempfile.TemporaryFile() as messages,
        _running(command, messages) as process,
    ):
        assert process.stdout is not None
        header = process.stdout.read(AU_HEADER.size)
        if len(header) < AU_HEADER.size:
            process.wait()
            raise DecodingError(_cause(messages))
        magic, offset, _, _, native_rate, n_channels = AU_HEADER.unpack(header)
        if magic != b".snd" or offset < AU_HEADER.size or n_channels == 0:
            raise DecodingError("its output is not in the requested format")
        process.stdout.read(offset - AU_HEADER.size)
        blocks = _read_samples(process.stdout, n_channels, block_size)
        yield _watched(blocks, process, messages, name, on_damage), native_rate


@contextmanager
def _running(command: list[str], messages: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
            **OWN_PROCESS_GROUP,
        )
    except OSError as error:
        raise DecodingError(f"it cannot be started: {error}") from None
    assert process.stdout is not None
    try:
        yield process
    finally:
        # If the reader stops early, end the process without waiting for the rest of the file.
        process.kill()
        process.stdout.close()
        process.wait()


def _read_samples(pipe: IO[bytes], n_channels: int, block_size: int) -> Iterator[np.ndarray]:
    bytes_per_sample = 4 * n_channels
    while data := pipe.read(block_size * bytes_per_sample):
        whole = len(data) // bytes_per_sample
        if whole > 0:  # a pipe may end in the middle of a sample
            samples = np.frombuffer(data, dtype=">f4", count=whole * n_channels)
            yield samples.reshape(whole, n_channels).astype(np.float32)


def _watched(
    blocks: Iterator[np.ndarray],
    process: subprocess.Popen[bytes],
    messages: IO[bytes],
    name: str,
    on_damage: Callable[[str], object],
) -> Iterator[np.ndarray]:
    """Yield the blocks, then report errors of the ffmpeg process."""
    empty = True
    for block in blocks:
        empty = False
        yield block
    if process.wait() < 0 or process.returncode == STOPPED:  # by a signal; the file may be intact
        raise RecordingError(
            f"{name}: ffmpeg was stopped while it decoded this file; read it again, and if it is "
            "stopped again, give it more memory, run fewer jobs, or leave the file out"
        )
    # ffmpeg reports success even if it skipped damage or the file is truncated.
    failed = process.returncode != 0 or os.fstat(messages.fileno()).st_size > 0
    if failed and empty:
        raise DecodingError(_cause(messages))
    if failed:
        on_damage(
            f"{name}: the file may be truncated or damaged (ffmpeg: {_cause(messages)}); "
            "the readable part was used"
        )


def _cause(messages: IO[bytes]) -> str:
    """Return the cause of a failure from ffmpeg's first message, which is the most specific."""
    messages.seek(0)
    line = messages.readline(4096).decode("utf-8", "backslashreplace").strip()
    if "matches no streams" in line:
        return "there is no audio in it"
    if "not on whitelist" in line:
        return "it identifies this as a format that is not read here"
    # Remove the prefix of the message, which names an ffmpeg component or the file.
    return re.sub(r"^(\[.* @ \w+\] |.*: (?=[A-Z]))", "", line)[:200].rstrip(".") or "no samples"
