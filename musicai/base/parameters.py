"""Parameters of estimators: validation rules, random states and recovery from errors.

Other modules define tables of rules for their parameters, and `check_values` applies the rules.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any

import numpy as np

Rule = tuple[Callable[[Any], bool], str]
"""Predicate that valid values satisfy, and a description of valid values for messages."""

MOST_SHOWN = 8
"""Length of the longest list that a message shows in full."""


def check_values(values: Mapping[str, Any], rules: Mapping[str, Rule]) -> None:
    """Raise a ValueError for the first value that violates the rule of the same name."""
    for name, (holds, expected) in rules.items():
        if name in values and not holds(values[name]):
            raise ValueError(f"{name} must be {expected}, got {shown(values[name])}")


def shown(value: Any) -> str:
    """Return a short representation of a value for messages."""
    if isinstance(value, np.ndarray) and value.ndim > 0:
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple)) and len(value) > MOST_SHOWN:
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)


def is_integer(value: Any, smallest: int | None = None) -> bool:
    """Return whether `value` is an integer (not a bool), and at least `smallest` if given."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        return False
    return smallest is None or int(value) >= smallest


def is_real(value: Any) -> bool:
    """Return whether `value` is a finite real number (not a bool)."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer too large for a float
        return False


def is_bool(value: Any) -> bool:
    """Return whether `value` is a Python or NumPy bool."""
    return isinstance(value, (bool, np.bool_))


def is_one_of(value: Any, names: tuple[str, ...]) -> bool:
    """Return whether `value` is a string in `names`."""
    return isinstance(value, str) and value in names


def is_seed(value: Any) -> bool:
    """Return whether `value` is a valid seed for NumPy."""
    return is_integer(value, 0) and value < 2**32


def is_file_name(value: Any) -> bool:
    """Return whether `value` is a nonempty str, or a PathLike that represents one."""
    path = os.fspath(value) if isinstance(value, os.PathLike) else value
    return isinstance(path, str) and path != ""


def as_rng(random_state: Any, *stream: int) -> np.random.RandomState:
    """Convert a seed to a random state; return a random state unchanged.

    Unlike in scikit-learn, None gives a new random state rather than NumPy's global one. With an
    integer seed, the numbers in `stream` select one of many independent random states.
    """
    if random_state is None:
        return np.random.RandomState()
    if stream and isinstance(random_state, Integral):
        return np.random.RandomState([int(random_state), *stream])
    from sklearn.utils import check_random_state  # late, so that musicai.audio loads no sklearn

    return check_random_state(random_state)


def draw_seed(random_state: Any, *stream: int) -> int:
    """Draw an integer seed from the random state that `as_rng` returns for these arguments."""
    return int(as_rng(random_state, *stream).randint(2**31))


@contextmanager
def unchanged_on_error(estimator: Any) -> Iterator[None]:
    """Restore the attributes of an estimator if the context raises an error."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        # In one step, so that a second interruption cannot leave the estimator half restored.
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
    "a number of beats per minute from 4 to 1000",
)
"""Rule for tempos; MIDI cannot store a tempo below 3.6 beats per minute."""

HIGHEST_WRITTEN_RATE = 192000
"""Highest sampling rate of written files, in hertz.

At far higher rates, libsndfile crashes on Ogg files.
"""

FILE_RATE_RULE: Rule = (
    lambda v: is_integer(v, 1000) and v <= HIGHEST_WRITTEN_RATE,
    f"an integer from 1000 to {HIGHEST_WRITTEN_RATE}, in hertz",
)
"""Rule for sampling rates of written files, which must be whole numbers."""

SAMPLING_RATE_RULE: Rule = (
    lambda v: is_real(v) and 1000 <= v <= HIGHEST_WRITTEN_RATE,
    f"a number of hertz from 1000 to {HIGHEST_WRITTEN_RATE}",
)
"""Rule for sampling rates of synthesized audio."""
