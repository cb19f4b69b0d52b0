"""Parameters of estimators: rules of their values, random states, and fits that fail.

Every room states the rules of its parameters in a table, checked in `fit` by `check_values`.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any

import numpy as np

Rule = tuple[Callable[[Any], bool], str]
"""What a value must satisfy, and how to say so."""

MOST_SHOWN = 8
"""Entries of a list that a message shows."""


def check_values(values: Mapping[str, Any], rules: Mapping[str, Rule]) -> None:
    """Raise a ValueError for the first value that breaks its rule."""
    for name, (holds, expected) in rules.items():
        if name in values and not holds(values[name]):
            raise ValueError(f"{name} must be {expected}, got {shown(values[name])}")


def shown(value: Any) -> str:
    """Return a value as a message shows it: as Python writes it, but not a page of numbers."""
    if isinstance(value, np.ndarray) and value.ndim > 0:
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple)) and len(value) > MOST_SHOWN:
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)


def is_integer(value: Any, smallest: int | None = None) -> bool:
    """Tell whether `value` is a whole number, but no bool, of at least `smallest`."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        return False
    return smallest is None or int(value) >= smallest


def is_real(value: Any) -> bool:
    """Tell whether `value` is a finite number, but no bool."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def is_bool(value: Any) -> bool:
    """Tell whether `value` is True or False, of Python or NumPy."""
    return isinstance(value, (bool, np.bool_))


def is_one_of(value: Any, names: tuple[str, ...]) -> bool:
    """Tell whether `value` is one of some names."""
    return isinstance(value, str) and value in names


def is_seed(value: Any) -> bool:
    """Tell whether `value` is a seed that NumPy takes."""
    return is_integer(value, 0) and value < 2**32


def is_file_name(value: Any) -> bool:
    """Tell whether `value` is a path, not empty, as text or PathLike."""
    path = os.fspath(value) if isinstance(value, os.PathLike) else value
    return isinstance(path, str) and path != ""


def as_rng(random_state: Any, *stream: int) -> np.random.RandomState:
    """Return a random state; None gives a fresh one, where NumPy would take its global one.

    An integer seed with a `stream` number gives independent draws for each number.
    """
    if random_state is None:
        return np.random.RandomState()
    if stream and isinstance(random_state, Integral):
        return np.random.RandomState([int(random_state), *stream])
    from sklearn.utils import check_random_state  # audio, which checks values, is without sklearn

    return check_random_state(random_state)


def draw_seed(random_state: Any, *stream: int) -> int:
    """Draw one seed that all randomness of a fit follows from."""
    return int(as_rng(random_state, *stream).randint(2**31))


@contextmanager
def unchanged_on_error(estimator: Any) -> Iterator[None]:
    """Take back all changes of attributes when something goes wrong."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        # In one step, so that no second interruption comes between.
        estimator.__dict__ = before
        raise


VERBOSE_RULE: Rule = (lambda v: is_bool(v) or is_integer(v, 0), "an integer of at least 0")
COUNT_RULE: Rule = (lambda v: is_integer(v, 1), "an integer of at least 1")
COUNT_OR_NONE_RULE: Rule = (
    lambda v: v is None or is_integer(v, 1),
    "an integer of at least 1, or None",
)

SEED_RULE: Rule = (
    lambda v: v is None or isinstance(v, np.random.RandomState) or is_seed(v),
    "an int from 0 to 2**32 - 1, a numpy.random.RandomState or None",
)

TEMPO_RULE: Rule = (
    lambda v: is_real(v) and 4 <= v <= 1000,
    "a number of beats a minute from 4 to 1000",
)
"""MIDI has no slower tempo than a beat in 16.8 seconds."""

HIGHEST_WRITTEN_RATE = 192000
"""Samples per second that are written; libsndfile crashes on an Ogg file with many more."""

FILE_RATE_RULE: Rule = (
    lambda v: is_integer(v, 1000) and v <= HIGHEST_WRITTEN_RATE,
    f"an integer from 1000 to {HIGHEST_WRITTEN_RATE}, in hertz",
)
"""Sampling rates of files that are made, which have whole numbers of hertz."""

SAMPLING_RATE_RULE: Rule = (
    lambda v: is_real(v) and 1000 <= v <= HIGHEST_WRITTEN_RATE,
    f"a number of hertz from 1000 to {HIGHEST_WRITTEN_RATE}",
)
"""Of sound that is made."""
