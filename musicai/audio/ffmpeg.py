"""Decoding what only the ffmpeg program knows: MP4 (m4a), WMA, WebM and others.

ffmpeg runs as a process of its own and writes 32-bit floats in the AU format, whose header is
six numbers, into a pipe that is read block by block.

A file is not trusted. Its name is given as an absolute path after ``file:``, so that it can be
neither an option nor an address; only containers of audio are accepted, since a playlist (HLS,
concat, SDP) would make ffmpeg open other files or the network; and ffmpeg may use no protocol
but files.
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
"""Formats, in ffmpeg's names. MP3 is left to libsndfile: ffmpeg takes random bytes for it."""

INPUT_OPTIONS = (
    *("-nostdin", "-v", "error", "-protocol_whitelist", "file", "-format_whitelist", CONTAINERS),
    *("-vn", "-sn", "-dn"),  # no video, subtitles or data
)
OUTPUT_OPTIONS = (
    *("-map", "0:a:0", "-map_metadata", "-1", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"),
)
AU_HEADER = struct.Struct(">4s5I")
"""Magic, offset of the samples in bytes, their length, encoding, sampling rate, channels."""

OWN_PROCESS_GROUP: dict[str, Any] = {"process_group": 0}
if sys.platform == "win32":
    OWN_PROCESS_GROUP = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
"""How to start a program that does not receive a terminal's Ctrl-C.

It would end early, and a thread that reads from it would take that for the end of the recording.
Python receives it, and ends the program.
"""

STOPPED = 255
"""ffmpeg's exit status after a handled signal; for unhandled signals `returncode` is negative."""


INSTALL = "install ffmpeg (apt, brew or winget install ffmpeg)"

_BEGINNINGS = re.compile(
    rb"....(ftyp|moov|mdat|wide|free|skip)|\x1a\x45\xdf\xa3|\x30\x26\xb2\x75"  # MP4, WebM, WMA
    rb"|\xff[\xf0\xf1\xf8\xf9]|\x0b\x77|#!AMR|MAC |MP\+|MPCK|tBaK|TTA|wvpk|DSD "  # AAC, AC-3
    rb"|RIFF|RF64|FORM|riff|caff|OggS|fLaC",  # with a codec that libsndfile does not know
    re.DOTALL,
)


class DecodingError(Exception):
    """ffmpeg gave no samples; the message is the cause."""


class NoFfmpegError(RecordingError):
    """A recording is in a format that only ffmpeg reads, which is not installed."""


def explain_lack(names: Sequence[str], n_recordings: int) -> str:
    """Say that some of a number of recordings need ffmpeg, and how to get it."""
    which = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    return (
        f"{len(names)} of {n_recordings} recordings ({which}) cannot be read without the ffmpeg "
        f"program; {INSTALL}, or convert them to WAV, FLAC, Ogg or MP3"
    )


def find_ffmpeg() -> str | None:
    """Return where the ffmpeg program is, None if it is not installed."""
    return shutil.which("ffmpeg")


def may_know(path: AnyPath) -> bool:
    """Return whether a file begins as those of a format that ffmpeg reads."""
    try:
        with open(path, "rb") as content:
            content.seek(skip_tags(content, 0))
            return _BEGINNINGS.match(content.read(8)) is not None
    except OSError:
        return False


def input_name(path: AnyPath) -> str:
    """Return a file's name as an argument that ffmpeg takes for nothing else."""
    # Joined, not normalized: ".." behind a symbolic link is not what it looks like.
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
    """Start decoding the first audio stream of a file; the process ends with the context.

    Parameters
    ----------
    program : str
        What `find_ffmpeg` found.
    path : path-like
        An existing file.
    name : str
        What to call it in messages.
    block_size : int
        Samples per block.
    on_damage : callable
        Called with a message when decoding ends with an error after some samples.

    Yields
    ------
    blocks : iterator of ndarray of shape (n_samples, n_channels), dtype float32
    own_rate : float
        The file's sampling rate.

    Raises
    ------
    DecodingError
        If no samples come.
    """
    command = [program, *INPUT_OPTIONS, "-i", input_name(path), *OUTPUT_OPTIONS]
    # A file takes any amount of messages; a second pipe that nobody reads would block ffmpeg.
    with (
        tempfile.TemporaryFile() as messages,
        _running(command, messages) as process,
    ):
        assert process.stdout is not None
        header = process.stdout.read(AU_HEADER.size)
        if len(header) < AU_HEADER.size:
            process.wait()
            raise DecodingError(_cause(messages))
        magic, offset, _, _, own_rate, n_channels = AU_HEADER.unpack(header)
        if magic != b".snd" or offset < AU_HEADER.size or n_channels == 0:
            raise DecodingError("its output is not what was asked for")
        process.stdout.read(offset - AU_HEADER.size)
        blocks = _read_samples(process.stdout, n_channels, block_size)
        yield _watched(blocks, process, messages, name, on_damage), own_rate


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
        raise DecodingError(f"it cannot be started, {error}") from None
    assert process.stdout is not None
    try:
        yield process
    finally:
        # Whoever stops early must not leave a process behind, nor wait for all of the file.
        process.kill()
        process.stdout.close()
        process.wait()


def _read_samples(pipe: IO[bytes], n_channels: int, block_size: int) -> Iterator[np.ndarray]:
    bytes_per_sample = 4 * n_channels
    while data := pipe.read(block_size * bytes_per_sample):
        whole = len(data) // bytes_per_sample
        if whole > 0:  # a pipe may break off within a sample
            samples = np.frombuffer(data, dtype=">f4", count=whole * n_channels)
            yield samples.reshape(whole, n_channels).astype(np.float32)


def _watched(
    blocks: Iterator[np.ndarray],
    process: subprocess.Popen[bytes],
    messages: IO[bytes],
    name: str,
    on_damage: Callable[[str], object],
) -> Iterator[np.ndarray]:
    """Pass the blocks on and tell how it ended."""
    empty = True
    for block in blocks:
        empty = False
        yield block
    if process.wait() < 0 or process.returncode == STOPPED:  # the file may be whole
        raise RecordingError(
            f"{name}: ffmpeg was stopped while it decoded this file; read it again, and if it is "
            "stopped again, give it more memory, run fewer jobs, or leave the file out"
        )
    # ffmpeg reports success when it skipped what is damaged, or when a file just ends.
    failed = process.returncode != 0 or os.fstat(messages.fileno()).st_size > 0
    if failed and empty:
        raise DecodingError(_cause(messages))
    if failed:
        on_damage(
            f"{name}: the file may be truncated or damaged (ffmpeg: {_cause(messages)}); "
            "what there is was used"
        )


def _cause(messages: IO[bytes]) -> str:
    """Return the first line of ffmpeg's messages, which is the most specific."""
    messages.seek(0)
    line = messages.readline(4096).decode("utf-8", "backslashreplace").strip()
    if "matches no streams" in line:
        return "there is no audio in it"
    if "not on whitelist" in line:
        return "it takes this for a format that is not read here"
    # The cause follows the name of a part of ffmpeg, or of the file.
    return re.sub(r"^(\[.* @ \w+\] |.*: (?=[A-Z]))", "", line)[:200].rstrip(".") or "no samples"
