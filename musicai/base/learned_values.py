"""Checks of what a file says that was learned: whether arrays and values are what they should be.

They ask for what is needed to go on: names, types, shapes and finite numbers. How large a number
may be only the data that it was learned from could tell.
"""

from collections.abc import Hashable
from numbers import Real
from typing import Any

import numpy as np

_LONGEST = 300
"""Characters of what a file made of a message."""


def check_array(
    name: str,
    array: Any,
    shape: tuple[int, ...],
    dtype: Any = np.float64,
    *,
    lowest: float = -np.inf,
    highest: float = np.inf,
) -> None:
    """Raise a ValueError if shape or type differ, or a value is not finite or out of bounds."""
    if type(array) not in (np.ndarray, np.memmap):  # a masked array is an ndarray as well
        raise ValueError(f"{name} is of type {type(array).__name__} where an array is expected")
    if array.shape != shape or array.dtype != np.dtype(dtype):
        raise ValueError(
            f"{name} is {array.dtype} of shape {array.shape}, and {np.dtype(dtype)} of shape "
            f"{shape} is expected"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has values that are not finite")
    if array.size and (array.min() < lowest or array.max() > highest):
        raise ValueError(
            f"{name} has values from {array.min():.4g} to {array.max():.4g}, and {lowest:.4g} to "
            f"{highest:.4g} is expected"
        )


def check_masses(name: str, array: Any, shape: tuple[int, ...]) -> None:
    """Raise a ValueError if `array` does not hold probabilities that sum to one along rows."""
    check_array(name, array, shape, lowest=0, highest=1)
    if not np.allclose(array.sum(axis=-1), 1):
        raise ValueError(f"{name} holds probabilities that do not sum to one")


def check_labels(styles: Any) -> None:
    """Raise a ValueError if `styles` is no array of different style labels."""
    if type(styles) is not np.ndarray or styles.dtype != object or styles.ndim != 1:
        raise ValueError("styles_ is no 1-D array of objects")
    labels = styles.tolist()
    if not all(isinstance(label, Hashable) and label is not None for label in labels):
        raise ValueError("styles_ has labels that are None or not hashable")
    if len(set(labels)) != len(labels):
        raise ValueError("styles_ has a label twice")


def require(name: str, value: Any, holds: bool, expected: str) -> None:
    """Raise a ValueError unless `holds`."""
    if not holds:
        raise ValueError(f"{name} must be {expected}, got {shortened(repr(value))}")


def is_number(value: Any) -> bool:
    """Tell whether `value` is a number, but no bool; it may be infinite or NaN."""
    return isinstance(value, Real) and not isinstance(value, bool)


def in_words(error: Exception) -> str:
    """Say what an error means, in short."""
    if isinstance(error, KeyError | AttributeError):
        return f"something is missing, {shortened(str(error))}"
    return shortened(str(error) or type(error).__name__)


def cause(error: Exception) -> Exception | None:
    """Return an error to name as the cause of another; None where it is too long to be read."""
    return error if len(str(error)) <= _LONGEST else None


def shortened(text: str) -> str:
    """Return the start of a text that may be of any length."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
