"""Ctrl-C held back while something is open in half; it is kept, and heard afterwards."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import FrameType
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")


@contextmanager
def interruptions(patient: bool = False) -> Iterator[Callable[[], bool]]:
    """Hold Ctrl-C back, and give a function that tells whether it was pressed.

    A second Ctrl-C comes through at once. A handler that somebody else has set stays where it is,
    and threads other than the main one are not interrupted anyway.

    Parameters
    ----------
    patient : bool, default=False
        Whether the second is held back as well, and somebody else's handler replaced.
    """
    came: list[int] = []
    handler = signal.getsignal(signal.SIGINT)  # None is one of C, which could not be put back
    ours = handler is signal.default_int_handler or (patient and handler is not None)
    if threading.current_thread() is not threading.main_thread() or not ours:
        yield lambda: False
        return

    def note(number: int, frame: FrameType | None) -> None:
        if came and not patient:
            raise KeyboardInterrupt
        came.append(number)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(came)
    finally:
        signal.signal(signal.SIGINT, handler)


@contextmanager
def opened(make: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    """Enter the context that a call makes; Ctrl-C comes before or after, and never in between.

    What has been opened and has no owner yet would stay open for ever, and what is closed but
    counts as open would be closed once more.
    """
    with ExitStack() as resources:
        try:
            with held_back():
                resource = resources.enter_context(make())
            yield resource
        finally:
            with held_back():
                resources.close()


@contextmanager
def held_back() -> Iterator[None]:
    """Let Ctrl-C come afterwards."""

    def interrupted() -> bool:
        return False

    try:
        with interruptions() as interrupted:
            yield
    finally:
        if interrupted():
            raise KeyboardInterrupt


def unique_rows(rows: np.ndarray, **also: Any) -> Any:
    """Return what `numpy.unique` does; in its sort of rows Ctrl-C would become a TypeError."""
    with held_back():
        return np.unique(rows, axis=0, **also)
