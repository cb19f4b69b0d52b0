"""Running one task on many recordings at the same time, with results in order."""

import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

import joblib

from ..audio import RecordingError

Task = Callable[[Any, str], Any]
"""Takes a recording and its name."""


def run_in_order(
    task: Task, recordings: Sequence[Any], names: Sequence[str], *, n_jobs: int | None
) -> Generator[Any]:
    """Yield what `task` returns for each recording, in their order, as results come.

    Threads do the work, because decoding and transforms leave the interpreter free for each
    other, unless :func:`joblib.parallel_config` asks for processes or a cluster. When a worker
    process dies, the first recording without a result is tried once more, alone; if its worker
    dies again, that recording has a :class:`RecordingError` as its result, and the others go on.

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
        joblib.delayed(task)(recording, name)
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
            warnings.filterwarnings("ignore", ".* cancelled")
            results.close()


def _all_at_once(parallel: joblib.Parallel, calls: list[Any]) -> Generator[Any]:
    yield from parallel(calls)


def _worker_died(error: Exception) -> bool:
    # Dask's error is told by its name, since Dask need not be installed.
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"
