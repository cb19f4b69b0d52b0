"""Analyses of many recordings: at the same time, in their order, and each only once.

A recording that was analyzed before comes from a cache on the disk. The others are shared among
threads, processes or the machines of a cluster, by joblib.
"""

import atexit
import os
import threading
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from typing import Any

import joblib
import numpy as np
from sklearn.utils.validation import check_memory

from ..audio import RecordingError
from ..files.content import content_digest
from ..files.paths import is_path
from ._analysis import Analysis, Settings, analyze
from ._tracker import Tracker, tracker_key

Remembered = Callable[[Any, str, Tracker | None, Any, int, Settings], Analysis]
"""An analysis that also takes the identity of the recording, and looks it up."""

Task = Callable[[Any, str], Any]
"""Takes a recording and its name."""

ANALYSIS_VERSION = 10
"""Raise it with every change of results: analyses that were kept before are then ignored."""


_running: set[threading.Event] = set()
"""Of each recording that is being worked on in this process: set when that has ended."""


def analyze_all(
    recordings: Sequence[Any],
    names: Sequence[str],
    *,
    settings: Settings,
    tracker: Tracker | None,
    memory: Any,
    by_content: bool,
    n_jobs: int | None,
    on_error: str,
) -> Generator[Analysis | RecordingError]:
    """Yield the analysis of each recording in order, as they are ready.

    Parameters
    ----------
    recordings : sequence
        The recordings.
    names : sequence of str
        What to call each recording in errors.
    settings : Settings
        How to analyze them.
    tracker : callable or None
        Finds the beats if frames are beats.
    memory : path, joblib.Memory or None
        A folder that keeps analyses.
    by_content : bool
        Whether it knows files by what is in them, wherever they lie.
    n_jobs : int or None
        How many to work on at the same time, as for :class:`joblib.Parallel`.
    on_error : {"raise", "warn"}
        Whether to raise the error of a recording that cannot be used at once, or to yield it.

    Yields
    ------
    result : Analysis or RecordingError
        An error where a recording cannot be used, with ``on_error="warn"`` or if it made a worker
        process die.
    """
    remembered = _remembering(memory)
    key = tracker_key(tracker) if tracker is not None and remembered is not None else None
    task = partial(
        _analyze_one,
        settings=settings,
        tracker=tracker,
        key=key,
        remembered=remembered,
        by_content=by_content,
        on_error=on_error,
    )
    yield from run_in_order(task, recordings, names, n_jobs=n_jobs)


def _analyze_one(
    recording: Any,
    name: str,
    *,
    settings: Settings,
    tracker: Tracker | None,
    key: str | None,
    remembered: Remembered | None,
    by_content: bool,
    on_error: str,
) -> Analysis | RecordingError:
    """Analyze a recording, unless a memory holds its analysis."""
    try:
        identity = None if remembered is None else _identity(recording, by_content)
        if remembered is not None and identity is not None:
            if key is not None:
                identity = identity, key
            found = remembered(recording, name, tracker, identity, ANALYSIS_VERSION, settings)
            if isinstance(found, Analysis):  # and not what another program wrote into the folder
                return found
        return analyze(recording, name, settings, tracker=tracker)
    except RecordingError as error:
        if on_error == "raise":  # at once, before others are analyzed in vain
            error.add_note(
                'With on_error="warn" it is left out with a warning, and the others go on.'
            )
            raise
        return error
    except Exception as error:
        error.add_note(f"This happened to {name}.")
        raise


def _remembering(memory: Any) -> Remembered | None:
    """Return the analysis with a memory, a folder or a :class:`joblib.Memory`; None for none.

    In a folder, files are compressed, since that adds a checksum: a damaged file is noticed and
    its recording analyzed again.
    """
    if memory is None:
        return None
    try:
        if is_path(memory):
            memory = joblib.Memory(os.path.abspath(os.fsdecode(memory)), compress=1, verbose=0)
        return check_memory(memory).cache(
            _analyze_identified, ignore=["recording", "name", "tracker"]
        )
    except OSError as error:
        raise ValueError(f"memory cannot be used as a folder ({error}); give another") from error


def _analyze_identified(
    recording: Any,
    name: str,
    tracker: Tracker | None,
    identity: Any,
    version: int,
    settings: Settings,
) -> Analysis:
    # joblib finds what it keeps by the arguments; identity and version are there for that alone.
    return analyze(recording, name, settings, tracker=tracker)


def _identity(recording: Any, by_content: bool) -> Any:
    """Return a value that changes with the content of a recording; None if it is no recording."""
    if is_path(recording):
        try:
            if by_content:
                return content_digest(recording)
            status = os.stat(recording)
        except (OSError, ValueError):
            return None
        return os.path.realpath(os.fsencode(recording)), status.st_size, status.st_mtime_ns
    samples = recording[0] if isinstance(recording, tuple) and recording else recording
    # joblib passes large arrays to its processes as files.
    is_array = type(samples) in (np.ndarray, np.memmap)
    return joblib.hash(recording, coerce_mmap=True) if is_array else None


def run_in_order(
    task: Task, recordings: Sequence[Any], names: Sequence[str], *, n_jobs: int | None
) -> Generator[Any]:
    """Yield what `task` returns for each recording, in their order, as results come.

    Threads do the work, because decoding and transforms leave the interpreter free for each
    other, unless :func:`joblib.parallel_config` asks for processes or a cluster. When a worker
    process dies, the first recording without a result is tried once more, alone; if its worker
    dies again, that recording has a :class:`RecordingError` as its result, and the others go on.

    After an error, threads finish the recordings they are at, and Python ends only then: to end it
    while they decode would make it crash.

    Parameters
    ----------
    task : callable
        Called as ``task(recording, name)``.
    recordings : sequence
        The recordings.
    names : sequence of str
        What to call each recording in errors.
    n_jobs : int or None
        How many to work on at the same time, as for :class:`joblib.Parallel`.

    Yields
    ------
    result : object
        What `task` returned.
    """
    calls = [
        joblib.delayed(_until_done)(task, recording, name)
        for recording, name in zip(recordings, names, strict=True)
    ]
    done = 0
    while done < len(calls):
        try:
            with _started(calls[done:], n_jobs) as results:
                for result in results:
                    yield result
                    done += 1
        except Exception as error:
            if not _worker_died(error):
                raise
            yield _alone(calls[done], names[done])
            done += 1


def _until_done(task: Task, recording: Any, name: str) -> Any:
    """Return what `task` returns; until then, this process does not end."""
    ended = threading.Event()
    _running.add(ended)
    try:
        return task(recording, name)
    finally:
        _running.discard(ended)
        ended.set()


@atexit.register
def _wait() -> None:
    # joblib's threads are daemons, which nothing else waits for.
    for ended in list(_running):
        ended.wait()


if hasattr(os, "register_at_fork"):  # a child has none of the threads
    os.register_at_fork(after_in_child=_running.clear)


def _alone(call: Any, name: str) -> Any:
    try:
        # Two jobs, so that even a single task has a worker process of its own.
        with _started([call], 2) as results:
            return next(results)
    except Exception as error:
        if not _worker_died(error):
            raise
        return RecordingError(
            f"{name}: the worker process died twice while it analyzed this recording; it may "
            "need more memory than there is, or crash the decoder: convert it, or leave it out"
        )


def _started(calls: list[Any], n_jobs: int | None) -> AbstractContextManager[Generator[Any]]:
    """Start to work on calls; the context yields their results."""
    try:
        parallel = joblib.Parallel(n_jobs, prefer="threads", return_as="generator")
    except ValueError:  # a backend that only gives all results at once, such as "multiprocessing"
        return closing(_all_at_once(joblib.Parallel(n_jobs, prefer="threads"), calls))
    return _cancelling(parallel(calls))


@contextmanager
def _cancelling(results: Generator[Any]) -> Iterator[Generator[Any]]:
    try:
        yield results
    finally:
        with warnings.catch_warnings():  # to work on fewer calls, as joblib advises, was the aim
            warnings.filterwarnings("ignore", ".* cancel")
            results.close()


def _all_at_once(parallel: joblib.Parallel, calls: list[Any]) -> Generator[Any]:
    yield from parallel(calls)


def _worker_died(error: Exception) -> bool:
    # Dask's error is told by its name, since Dask need not be installed.
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"
