"""How long recordings are, by what their headers say; nothing is decoded."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import soundfile

from ..audio._decoding import UNKNOWN_SAMPLES
from ..audio._ffmpeg import CONTAINERS
from ._readable import clock, readable

_PROBE_OPTIONS = (
    *("-v", "error", "-protocol_whitelist", "file", "-format_whitelist", CONTAINERS),
    *("-show_entries", "format=duration", "-of", "csv=p=0"),
)
_PATIENCE = 20.0  # seconds, for a file


def read_durations(paths: Sequence[Path]) -> np.ndarray:
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


def describe_durations(
    recordings: Sequence[Path], durations: np.ndarray, target: Sequence[str] | None
) -> str:
    """Say how much music there is in all and by style, and which are the shortest and longest."""
    known = np.flatnonzero(np.isfinite(durations))
    if len(known) == 0:
        return "Their lengths could not be read."
    text = f"{clock(durations[known].sum())} in all (hours:minutes:seconds)"
    if target is not None:
        styles = np.array(target)[known]
        shares = [
            f"{name} {clock(durations[known][styles == name].sum())}" for name in np.unique(styles)
        ]
        text += f": {', '.join(shares)}"
    shortest = int(known[durations[known].argmin()])
    longest = int(known[durations[known].argmax()])
    text += (
        f".\nThe shortest is {readable(recordings[shortest].name)}, {clock(durations[shortest])}; "
        f"the longest is {readable(recordings[longest].name)}, {clock(durations[longest])}."
    )
    if len(known) < len(durations):
        text += f"\nOf {len(durations) - len(known)} the length could not be read."
    return text


def _by_libsndfile(path: Path) -> float:
    if not path.is_file() or path.stat().st_size == 0:  # to open a pipe would wait for ever
        return np.nan
    # Bytes keep names that are not valid Unicode; Windows knows only Unicode names.
    native = os.fsencode(path) if os.name == "posix" else os.fsdecode(path)
    try:
        header = soundfile.info(native)
    except (OSError, RuntimeError, TypeError, ValueError):
        return np.nan
    return header.duration if 0 < header.frames < UNKNOWN_SAMPLES else np.nan


def _by_ffprobe(program: str, path: Path) -> float:
    if not path.is_file() or path.stat().st_size == 0:
        return np.nan
    command = [program, *_PROBE_OPTIONS, f"file:{os.path.abspath(path)}"]
    try:
        answer = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=True
        )
        return float(answer.stdout.split(b"\n")[0])
    except (OSError, subprocess.SubprocessError, ValueError):
        return np.nan
