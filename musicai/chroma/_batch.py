"""Parallel and cached analysis of many recordings.

Earlier analyses are loaded from a cache on disk, if there is one. joblib distributes the other
recordings over threads, processes or the machines of a cluster.
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

CachedAnalysis = Callable[[Any, str, Tracker | None, Any, int, Settings], Analysis]
"""Cached analysis function; one of its arguments is a key that identifies the recording."""

Task = Callable[[Any, str], Any]
"""Function of a recording and its name."""

ANALYSIS_VERSION = 10
"""Version of the results; increment it whenever they change, to invalidate cached analyses."""


_running: set[threading.Event] = set()
"""One event for each recording in progress in this process; it is set when the task ends."""


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
    """Yield the analyses of recordings in order, as they become available.

    Parameters
    ----------
    recordings : sequence
        The recordings.
    names : sequence of str
        Names of the recordings in errors.
    settings : Settings
        Parameters of the analysis.
    tracker : callable or None
        Beat tracker to use with `sync`.
    memory : path, joblib.Memory or None
        Cache for analyses.
    by_content : bool
        Whether the cache identifies files by their content rather than their path.
    n_jobs : int or None
        Number of recordings to process in parallel, as for :class:`joblib.Parallel`.
    on_error : {"raise", "warn"}
        Whether to raise the error of an unusable recording at once, or to yield it.

    Yields
    ------
    result : Analysis or RecordingError
        Analysis of a recording, or its error. Errors are yielded with ``on_error="warn"``, and for
        recordings that crash a worker process.
    """
    cached_analyze = _cached_analysis(memory)
    key = tracker_key(tracker) if tracker is not None and cached_analyze is not None else None
    task = partial(
        _analyze_one,
        settings=settings,
        tracker=tracker,
        key=key,
        cached_analyze=cached_analyze,
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
    cached_analyze: CachedAnalysis | None,
    by_content: bool,
    on_error: str,
) -> Analysis | RecordingError:
    """Return the analysis of a recording, from the cache if possible.

    If the recording is unusable, raise its error or, if `on_error` is "warn", return the error.
    """
    try:
        identity = None if cached_analyze is None else _identity(recording, by_content)
        if cached_analyze is not None and identity is not None:
            if key is not None:
                identity = identity, key
            found = cached_analyze(recording, name, tracker, identity, ANALYSIS_VERSION, settings)
            if isinstance(found, Analysis):  # anything else was written by another program
                return found
        return analyze(recording, name, settings, tracker=tracker)
    except RecordingError as error:
        if on_error == "raise":  # at once, rather than after the other recordings
            error.add_note(
                'With on_error="warn", it is left out with a warning, and the others continue.'
            )
            raise
        return error
    except Exception as error:
        error.add_note(f"The error occurred in {name}.")
        raise


def _cached_analysis(memory: Any) -> CachedAnalysis | None:
    """Return a function that caches analyses in `memory`; None if `memory` is None.

    If `memory` is a folder, its files are compressed, which adds checksums. If a file is damaged,
    its recording is therefore analyzed again.
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
        raise ValueError(f"memory cannot be used as a folder ({error}); choose another") from error


def _analyze_identified(
    recording: Any,
    name: str,
    tracker: Tracker | None,
    identity: Any,
    version: int,
    settings: Settings,
) -> Analysis:
    # `identity` and `version` only serve as part of joblib's cache key.
    return analyze(recording, name, settings, tracker=tracker)


def _identity(recording: Any, by_content: bool) -> Any:
    """Return a cache key for a recording, or None if the recording cannot be cached.

    The key of a file is its digest if `by_content`, otherwise its path, size and modification time.
    The key of samples is a hash. A file that cannot be read has no key, nor do samples that are not
    a plain NumPy array.
    """
    if is_path(recording):
        try:
            if by_content:
                return content_digest(recording)
            status = os.stat(recording)
        except (OSError, ValueError):
            return None
        return os.path.realpath(os.fsencode(recording)), status.st_size, status.st_mtime_ns
    samples = recording[0] if isinstance(recording, tuple) and recording else recording
    # joblib passes large arrays to its processes as memory-mapped files.
    is_array = type(samples) in (np.ndarray, np.memmap)
    return joblib.hash(recording, coerce_mmap=True) if is_array else None


def run_in_order(
    task: Task, recordings: Sequence[Any], names: Sequence[str], *, n_jobs: int | None
) -> Generator[Any]:
    """Yield the result of `task` for each recording, in order.

    Unless :func:`joblib.parallel_config` selects processes or a cluster, tasks run in threads,
    because decoding and transforms release the interpreter lock. If one of joblib's worker
    processes dies, the first recording without a result is tried once more, alone. If its worker
    dies again, its result is a :class:`RecordingError`, and the other recordings continue. With
    Dask, joblib 1.6 does not report that workers died (see docs/guide/scale.md).

    After an error, Python exits only when the threads have finished their current recordings. If
    Python exited while a thread decodes, it would crash.

    Parameters
    ----------
    task : callable
        Called as ``task(recording, name)``.
    recordings : sequence
        The recordings.
    names : sequence of str
        Names of the recordings in errors.
    n_jobs : int or None
        Number of recordings to process in parallel, as for :class:`joblib.Parallel`.

    Yields
    ------
    result : object
        Return value of `task`, or a :class:`RecordingError` if its worker process died twice.
    """
    calls = [
        joblib.delayed(_run_to_the_end)(task, recording, name)
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
            yield _retry(calls[done], names[done])
            done += 1


def _run_to_the_end(task: Task, recording: Any, name: str) -> Any:
    """Run `task`, and keep Python from exiting until it returns."""
    ended = threading.Event()
    _running.add(ended)
    try:
        return task(recording, name)
    finally:
        _running.discard(ended)
        ended.set()


@atexit.register
def _wait() -> None:
    # joblib's threads are daemons, so Python would not wait for them.
    for ended in list(_running):
        ended.wait()


if hasattr(os, "register_at_fork"):  # joblib's threads do not exist in a forked child
    os.register_at_fork(after_in_child=_running.clear)


def _retry(call: Any, name: str) -> Any:
    try:
        # With two jobs, even a single task gets its own worker process.
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
    """Start calls in parallel; the context manager returns an iterator over their results."""
    try:
        parallel = joblib.Parallel(n_jobs, prefer="threads", return_as="generator")
    except ValueError:  # a backend without generators, such as "multiprocessing"
        return closing(_all_at_once(joblib.Parallel(n_jobs, prefer="threads"), calls))
    return _cancelling(parallel(calls))


@contextmanager
def _cancelling(results: Generator[Any]) -> Iterator[Generator[Any]]:
    try:
        yield results
    finally:
        with warnings.catch_warnings():  # joblib warns about canceled calls
            warnings.filterwarnings("ignore", ".* cancel")
            results.close()


def _all_at_once(parallel: joblib.Parallel, calls: list[Any]) -> Generator[Any]:
    yield from parallel(calls)


def _worker_died(error: Exception) -> bool:
    # Dask's error is identified by name, because Dask may not be installed.
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"
