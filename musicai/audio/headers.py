"""Format, length and number of channels of recordings, mostly read from their headers."""

import os
import re
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from ..files.paths import AnyPath, is_path, why_unreadable
from ._decoding import check_native_rate, open_file
from ._errors import RecordingError
from ._opening import NotDecodedError, has_known_header, open_sound
from .ffmpeg import (
    INPUT_OPTIONS,
    OWN_PROCESS_GROUP,
    find_ffmpeg,
    input_name,
    may_decode,
)

_OUTPUTS = (
    *("-v", "info", "-nostats", "-progress", "pipe:2"),
    *("-map", "0:a:0", "-c", "copy", "-f", "null", "-"),
    *("-map", "0:a:0", "-frames:a", "1", "-f", "u8", "pipe:1"),
)
"""ffmpeg options that scan all packets of a recording, and decode one packet as a test."""

_PATIENCE = 20.0  # seconds to wait for ffmpeg to scan a file
_DURATION = re.compile(rb"Duration: (\d+):(\d+):(\d+\.\d+)")
_END = re.compile(rb"out_time_us=(\d+)")
_MOST_DIFFERENCE = 1.0
"""Tolerated difference between the duration in the header and that of the packets, in seconds.

If the difference is larger, the file is decoded to find its length.
"""


class Header(NamedTuple):
    """Properties of a file according to libsndfile.

    Attributes
    ----------
    format : str
        libsndfile's name for the format; empty if libsndfile needs a corrected length, because
        other programs would rely on the wrong length in the header.
    sr, n_channels : int
        Sampling rate in hertz, and number of channels.
    n_samples : int or None
        Number of samples per channel; None if only decoding can determine it.
    """

    format: str
    sr: int
    n_samples: int | None
    n_channels: int


def read_header(path: AnyPath) -> Header | None:
    """Return the properties of a recording; None if libsndfile cannot open it."""
    if why_unreadable(path, "audio file") is not None:
        return None
    try:
        with open_sound(path, trust_table=True) as (file, n_samples, layout):
            is_wrong = layout.parts and layout.promised != 1
            format = "" if is_wrong else file.format
            return Header(format, file.samplerate, n_samples, file.channels)
    except (NotDecodedError, OSError):
        return None


def need_ffmpeg(recordings: Sequence[Any]) -> list[int]:
    """Return the indices of the recordings that cannot be read because ffmpeg is missing."""
    if find_ffmpeg() is not None:
        return []
    return [
        i
        for i, recording in enumerate(recordings)
        if is_path(recording) and read_header(recording) is None and may_decode(recording)
    ]


def read_durations(paths: Sequence[AnyPath]) -> np.ndarray:
    """Return the lengths of recordings in seconds, shape (n_recordings,).

    The lengths are those of the audio that :func:`musicai.audio.read_blocks` reads, or NaN for a
    file that cannot be read or that ffmpeg cannot scan within 20 seconds. A file is decoded only if
    its length cannot be found otherwise. libsndfile takes a few milliseconds per file. ffmpeg, for
    formats that need it, takes a few tenths of a second, so several processes run in parallel.
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
    """Return the length of a file in seconds.

    This is NaN if the file is empty or unreadable, and None if ffmpeg may be able to read it.
    """
    if why_unreadable(path, "audio file") is not None:
        return np.nan
    try:
        with open_sound(path, trust_table=True) as (file, n_samples, _):
            check_native_rate(file.samplerate, "")
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
            blocks, native_rate = found
            return sum(len(block) for block in blocks) / native_rate or np.nan
    except RecordingError:
        return np.nan


def _by_ffmpeg(program: str, path: AnyPath) -> float:
    if has_known_header(path):  # the file is damaged, or libsndfile lacks the codec
        return _by_decoding(path)
    command = [program, *INPUT_OPTIONS, "-i", input_name(path), *_OUTPUTS]
    try:
        ran = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,  # on damage, ffmpeg reports failure after it has scanned the file
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
