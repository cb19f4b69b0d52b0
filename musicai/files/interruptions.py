"""Ctrl-C held back while something is open in half; it is kept, and heard afterwards."""

import signal
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
    and so does Ctrl-C that is ignored; threads other than the main one are not interrupted anyway.

    Parameters
    ----------
    patient : bool, default=False
        Whether the second is held back as well, and somebody else's handler replaced.
    """
    came: list[int] = []
    handler = signal.getsignal(signal.SIGINT)  # None is one of C, which could not be put back
    ours = handler is signal.default_int_handler or (patient and callable(handler))
    if not ours or not _may_set_handlers():
        yield lambda: False
        return

    def note(number: int, frame: FrameType | None) -> None:
        if came and not patient:
            raise KeyboardInterrupt
        came.append(number)

    try:
        signal.signal(signal.SIGINT, note)
        yield lambda: bool(came)
    finally:
        patient = True  # a second one now would leave `note` in its place for good
        signal.signal(signal.SIGINT, handler)


def _may_set_handlers() -> bool:
    """Tell whether this is the main thread, which threading may mistake in a program in C."""
    try:
        signal.signal(signal.SIGINT, signal.getsignal(signal.SIGINT))
    except ValueError:
        return False
    return True


@contextmanager
def opened(make: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    """Enter the context that a call makes, and leave it; Ctrl-C does not come in between.

    What has been opened and has no owner yet would stay open for ever, and what is closed but
    counts as open would be closed once more. The context is not told of errors within it.
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
