"""What the headers of recordings say, as far as it is true; nothing is decoded."""

import os
import re
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from ..files.paths import AnyPath, is_path, why_unreadable
from ._decoding import check_own_rate, open_file
from ._errors import RecordingError
from ._opening import NotDecodedError, begins_as_known, open_sound
from .ffmpeg import (
    INPUT_OPTIONS,
    OWN_PROCESS_GROUP,
    find_ffmpeg,
    input_name,
    may_know,
)

_OUTPUTS = (
    *("-v", "info", "-nostats", "-progress", "pipe:2"),
    *("-map", "0:a:0", "-c", "copy", "-f", "null", "-"),
    *("-map", "0:a:0", "-frames:a", "1", "-f", "u8", "pipe:1"),
)
"""Have ffmpeg go through the packets of a recording, and decode some to see whether it can."""

_PATIENCE = 20.0  # seconds, for a file
_DURATION = re.compile(rb"Duration: (\d+):(\d+):(\d+\.\d+)")
_END = re.compile(rb"out_time_us=(\d+)")
_MOST_DIFFERENCE = 1.0
"""Seconds between the header and the packets; if there are more, only decoding can tell."""


class Header(NamedTuple):
    """What libsndfile knows of a file.

    Attributes
    ----------
    format : str
        By its name there; empty where the header gives a wrong length, which other programs may
        believe.
    sr, n_channels : int
        Samples per second, and channels.
    n_samples : int or None
        Of each channel; None if only decoding can tell.
    """

    format: str
    sr: int
    n_samples: int | None
    n_channels: int


def read_header(path: AnyPath) -> Header | None:
    """Return the header of a recording, None where libsndfile does not know it."""
    if why_unreadable(path, "audio file") is not None:
        return None
    try:
        with open_sound(path, in_brief=True) as (file, n_samples, layout):
            is_wrong = layout.parts and layout.promised != 1
            format = "" if is_wrong else file.format
            return Header(format, file.samplerate, n_samples, file.channels)
    except (NotDecodedError, OSError):
        return None


def need_ffmpeg(recordings: Sequence[Any]) -> list[int]:
    """Return which recordings are files that ffmpeg alone may read, where it is not installed."""
    if find_ffmpeg() is not None:
        return []
    return [
        i
        for i, recording in enumerate(recordings)
        if is_path(recording) and read_header(recording) is None and may_know(recording)
    ]


def read_durations(paths: Sequence[AnyPath]) -> np.ndarray:
    """Return the length of each recording in seconds, NaN where it cannot be read.

    It is the length of what :func:`musicai.audio.read_blocks` reads, as far as that can be known
    without decoding; a file that leaves it in doubt is decoded. libsndfile takes some milliseconds
    for a file. ffmpeg takes some tenths of a second for what it alone knows, so several run at a
    time.
    """
    lengths = [_by_libsndfile(path) for path in paths]
    program = find_ffmpeg()
    unknown = [i for i, seconds in enumerate(lengths) if seconds is None]
    if program is not None and unknown:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            found = threads.map(lambda i: _by_ffmpeg(program, paths[i]), unknown)
            for i, seconds in zip(unknown, found, strict=True):
                lengths[i] = seconds
    return np.array([np.nan if seconds is None else seconds for seconds in lengths], np.float64)


def _by_libsndfile(path: AnyPath) -> float | None:
    """Return the seconds of a file, NaN if it cannot be read, None if ffmpeg may read it."""
    if why_unreadable(path, "audio file") is not None:
        return np.nan
    try:
        with open_sound(path, in_brief=True) as (file, n_samples, _):
            check_own_rate(file.samplerate, "")
            if n_samples is None:
                return _by_decoding(path)
            is_empty = n_samples == 0 or len(file.read(1)) == 0
            return np.nan if is_empty else n_samples / file.samplerate
    except NotDecodedError:
        return None
    except (OSError, RuntimeError, RecordingError):
        return np.nan


def _by_decoding(path: AnyPath) -> float:
    try:
        with open_file(path, "", block_size=2**16, on_damage=lambda message: None) as found:
            blocks, own_rate = found
            return sum(len(block) for block in blocks) / own_rate or np.nan
    except RecordingError:
        return np.nan


def _by_ffmpeg(program: str, path: AnyPath) -> float:
    if begins_as_known(path):  # and is damaged, or has a codec that libsndfile does not know
        return _by_decoding(path)
    command = [program, *INPUT_OPTIONS, "-i", input_name(path), *_OUTPUTS]
    try:
        ran = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,  # damage makes it fail after all was read
            **OWN_PROCESS_GROUP,
        )
    except (OSError, subprocess.SubprocessError):
        return np.nan
    if not ran.stdout:
        return np.nan
    ends, header = _END.findall(ran.stderr), _DURATION.search(ran.stderr)
    if ends and header:
        hours, minutes, seconds = map(float, header.groups())
        promised = 3600 * hours + 60 * minutes + seconds
        if abs(promised - int(ends[-1]) / 1e6) <= _MOST_DIFFERENCE:
            return promised
    return _by_decoding(path)
