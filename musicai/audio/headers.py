"""What the headers of recordings say; nothing is decoded."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import soundfile

from ..files.paths import AnyPath, native_name
from .ffmpeg import CONTAINERS, OWN_PROCESS_GROUP, input_name

UNKNOWN_SAMPLES = 2**62
"""libsndfile says so when a header leaves the length open."""

_PROBE_OPTIONS = (
    *("-v", "error", "-protocol_whitelist", "file", "-format_whitelist", CONTAINERS),
    *("-show_entries", "format=duration", "-of", "csv=p=0"),
)
_PATIENCE = 20.0  # seconds, for a file


class Header(NamedTuple):
    """What libsndfile knows of a file; the format by its name there."""

    format: str
    sr: int
    n_samples: int
    n_channels: int


def read_header(path: AnyPath) -> Header | None:
    """Return the header of a recording, None where libsndfile does not know it."""
    if not _has_content(path):
        return None
    try:
        with soundfile.SoundFile(native_name(path)) as file:
            return Header(file.format, file.samplerate, file.frames, file.channels)
    except (OSError, RuntimeError, TypeError, ValueError):
        return None


def read_durations(paths: Sequence[AnyPath]) -> np.ndarray:
    """Return the length of each recording in seconds, NaN where it cannot be read.

    libsndfile takes a millisecond for a file. For what only ffmpeg knows its ffprobe takes a tenth
    of a second, so several run at a time.
    """
    seconds = np.array([_by_libsndfile(path) for path in paths], np.float64)
    program = shutil.which("ffprobe")
    unknown = np.flatnonzero(np.isnan(seconds))
    if program is None or len(unknown) == 0:
        return seconds
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = threads.map(lambda i: _by_ffprobe(program, paths[i]), unknown)
        seconds[unknown] = list(found)
    return seconds


def _has_content(path: AnyPath) -> bool:
    # To open a pipe would wait for ever.
    return os.path.isfile(path) and os.path.getsize(path) > 0


def _by_libsndfile(path: AnyPath) -> float:
    header = read_header(path)
    if header is None or not 0 < header.n_samples < UNKNOWN_SAMPLES:
        return np.nan
    return header.n_samples / header.sr


def _by_ffprobe(program: str, path: AnyPath) -> float:
    if not _has_content(path):
        return np.nan
    command = [program, *_PROBE_OPTIONS, input_name(path)]
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=True,
            **OWN_PROCESS_GROUP,
        )
        return float(answer.stdout.split(b"\n")[0])
    except (OSError, subprocess.SubprocessError, ValueError):
        return np.nan
