"""Checks of parameters that are plain values; every room states its rules in a table."""

import math
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

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


def is_one_of(value: Any, names: tuple[str, ...]) -> bool:
    """Tell whether `value` is one of some names."""
    return isinstance(value, str) and value in names
