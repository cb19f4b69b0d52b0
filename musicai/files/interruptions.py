"""Ctrl-C during a training step."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import numpy as np


@contextmanager
def interruptions(patient: bool = False) -> Iterator[Callable[[], bool]]:
    """Hold Ctrl-C back, and yield a function that returns whether it was pressed.

    A second Ctrl-C raises KeyboardInterrupt at once. A handler that somebody else has set stays
    where it is, and only the main thread receives Ctrl-C at all.

    Parameters
    ----------
    patient : bool, default=False
        Whether to hold back the second one as well: torchrun passes Ctrl-C on to processes that
        have received it from the terminal already, and all of them stop after the same step.
    """
    pressed = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed and not patient:
            raise KeyboardInterrupt
        pressed = True

    held = False
    try:
        with suppress(ValueError):  # not the main thread
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                signal.signal(signal.SIGINT, note)
                held = True
        yield lambda: pressed
    finally:
        patient = True  # a second one now would leave `note` in its place for good
        if held:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def unique_rows(rows: np.ndarray, **also: Any) -> Any:
    """Return what `numpy.unique` does."""
    return np.unique(rows, axis=0, **also)
