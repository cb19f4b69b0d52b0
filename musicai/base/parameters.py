"""Checks of parameters that are plain values; every room states its rules in a table."""

import math
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

Rule = tuple[Callable[[Any], bool], str]
"""What a value must satisfy, and how to say so."""


def check_values(values: Mapping[str, Any], rules: Mapping[str, Rule]) -> None:
    """Raise a ValueError for the first value that breaks its rule."""
    for name, (holds, expected) in rules.items():
        if name in values and not holds(values[name]):
            raise ValueError(f"{name} must be {expected}, got {values[name]!r}")


def is_integer(value: Any, smallest: int | None = None) -> bool:
    """Tell whether `value` is a whole number, but no bool, of at least `smallest`."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        return False
    return smallest is None or int(value) >= smallest


def is_real(value: Any) -> bool:
    """Tell whether `value` is a finite number, but no bool."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def is_bool(value: Any) -> bool:
    """Tell whether `value` is True or False, of Python or NumPy."""
    return isinstance(value, (bool, np.bool_))


def is_one_of(value: Any, names: tuple[str, ...]) -> bool:
    """Tell whether `value` is one of some names."""
    return isinstance(value, str) and value in names


VERBOSE_RULE: Rule = (lambda v: is_bool(v) or is_integer(v, 0), "an integer of at least 0")
COUNT_RULE: Rule = (lambda v: is_integer(v, 1), "an integer of at least 1")
COUNT_OR_NONE_RULE: Rule = (
    lambda v: v is None or is_integer(v, 1),
    "an integer of at least 1, or None",
)

TEMPO_RULE: Rule = (
    lambda v: is_real(v) and 4 <= v <= 1000,
    "a number of beats a minute from 4 to 1000",
)
"""MIDI has no slower tempo than a beat in 16.8 seconds."""

HIGHEST_WRITTEN_RATE = 192000
"""Samples per second that are written; libsndfile crashes on an Ogg file with many more."""

SAMPLING_RATE_RULE: Rule = (
    lambda v: is_real(v) and 1000 <= v <= HIGHEST_WRITTEN_RATE,
    f"a number of hertz from 1000 to {HIGHEST_WRITTEN_RATE}",
)
"""Of sound that is made."""
