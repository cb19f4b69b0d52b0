"""Analyses kept on disk, so that no recording is analyzed twice."""

import os
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
from sklearn.utils.validation import check_memory

from ..files.paths import is_path
from ._analysis import Analysis, Settings, analyze

Remembered = Callable[[Any, str, Any, int, Settings], Analysis]
"""An analysis that takes the identity of the recording, too, and looks it up."""

ANALYSIS_VERSION = 3
"""To be raised by every change that gives other results: what is kept is then out of date."""


def remembering(memory: Any) -> Remembered | None:
    """Return the analysis with a memory: a folder or a :class:`joblib.Memory`; None for none.

    In a folder, files are compressed, as that adds a checksum: what is damaged is found out and
    made anew.
    """
    if memory is None:
        return None
    try:
        if is_path(memory):
            memory = joblib.Memory(os.path.abspath(os.fsdecode(memory)), compress=1, verbose=0)
        return check_memory(memory).cache(_analyze_identified, ignore=["recording", "name"])
    except OSError as error:
        raise ValueError(f"memory cannot be used as a folder ({error}); give another") from error


def analyze_once(
    recording: Any, name: str, *, settings: Settings, remembered: Remembered | None
) -> Analysis:
    """Return the analysis of a recording, if there is a memory a kept one."""
    identity = None if remembered is None else _identity(recording)
    if remembered is None or identity is None:
        return analyze(recording, name, settings)
    found = remembered(recording, name, identity, ANALYSIS_VERSION, settings)
    # What somebody else wrote into the folder is no analysis.
    return found if isinstance(found, Analysis) else analyze(recording, name, settings)


def _analyze_identified(
    recording: Any, name: str, identity: Any, version: int, settings: Settings
) -> Analysis:
    # What is kept is found by the arguments; identity and version are here for that alone.
    return analyze(recording, name, settings)


def _identity(recording: Any) -> Any:
    """Return what changes with the content of a recording; None if it is no recording."""
    if is_path(recording):
        try:
            status = os.stat(recording)
        except (OSError, ValueError):
            return None
        return os.path.realpath(os.fsencode(recording)), status.st_size, status.st_mtime_ns
    samples = recording[0] if isinstance(recording, tuple) and recording else recording
    # To its processes joblib gives large arrays as files.
    is_array = type(samples) in (np.ndarray, np.memmap)
    return joblib.hash(recording, coerce_mmap=True) if is_array else None
