"""What estimators are in a file, and what a file must hold to become one again.

pickle, joblib and skops all keep the state of an estimator, a dictionary, and hand it back when a
file is opened. Files outlive versions of the library, and come from people whom nobody knows. So
the state tells the version that it is of, what older versions left otherwise is converted, and
whatever was learned is checked once, here, before it is used: what opens can be used.
"""

import os
import warnings
from collections.abc import Hashable
from inspect import Parameter, signature
from numbers import Real
from typing import Any

import numpy as np
from packaging.version import Version

from ._version import __version__

_VERSION = "_musicai_version"


class Persistent:
    """An estimator that can be kept in a file; to be named before `BaseEstimator`."""

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = {**super().__getstate__(), _VERSION: __version__}  # type: ignore[dict-item]
        # A path object would be one more type for others to trust.
        return {k: os.fspath(v) if isinstance(v, os.PathLike) else v for k, v in state.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        kind = type(self).__name__
        state = dict(state)
        version = state.pop(_VERSION, None)  # baselines did not tell it before 0.1.0.dev1
        advice = "it is damaged, or was not written by musicai"
        if version is not None and _is_newer(version):
            warnings.warn(
                f"this {kind} was saved by musicai {version} and is opened by {__version__}: it "
                "may not behave as it did; update musicai",
                stacklevel=2,
            )
            advice = f"it may need musicai {version}"
        try:
            _refuse_hidden_methods(type(self), state)
            state = self._converted({**_defaults(type(self)), **state})
            super().__setstate__(state)  # type: ignore[misc]
            if self.__sklearn_is_fitted__():
                self._check_learned()
        except Exception as error:  # there is nothing that a foreign state might not raise
            raise ValueError(
                f"this file holds a {kind} that cannot be used ({in_words(error)}): {advice}"
            ) from None

    def __sklearn_is_fitted__(self) -> bool:
        raise NotImplementedError

    def _converted(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return the state as this version would have left it."""
        return state

    def _check_learned(self) -> None:
        """Raise an error if what was learned cannot be used."""


def check_array(
    name: str,
    array: Any,
    shape: tuple[int, ...],
    dtype: Any = np.float64,
    *,
    lowest: float = -np.inf,
    highest: float = np.inf,
) -> None:
    """Raise a ValueError if `array` is not of this shape and type, or a value is out of bounds.

    NaN is out of any bounds.
    """
    if type(array) not in (np.ndarray, np.memmap):  # a masked array is an ndarray as well
        raise ValueError(f"{name} is of type {type(array).__name__} where an array is expected")
    if array.shape != shape or array.dtype != np.dtype(dtype):
        raise ValueError(
            f"{name} is {array.dtype} of shape {array.shape}, and {np.dtype(dtype)} of shape "
            f"{shape} is expected"
        )
    if array.size and not (array.min() >= lowest and array.max() <= highest):
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
        raise ValueError(f"{name} must be {expected}, got {_short(repr(value))}")


def is_number(value: Any) -> bool:
    """Tell whether `value` is a number, but no bool; it may be infinite or NaN."""
    return isinstance(value, Real) and not isinstance(value, bool)


def in_words(error: Exception) -> str:
    """Say what an error means, in short."""
    if isinstance(error, KeyError | AttributeError):
        return f"something is missing, {_short(str(error))}"
    return _short(str(error) or type(error).__name__)


def _is_newer(version: Any) -> bool:
    try:
        return Version(version) > Version(__version__)
    except (TypeError, ValueError):
        return True  # whatever it is, it was not written by a version up to this one


def _defaults(kind: type) -> dict[str, Any]:
    """Return the parameters of an estimator that older versions do not know."""
    parameters = signature(kind.__init__).parameters.values()  # type: ignore[misc]
    return {p.name: p.default for p in parameters if p.default is not Parameter.empty}


def _refuse_hidden_methods(kind: type, state: dict[str, Any]) -> None:
    # What an instance holds under the name of a method would be called in its place.
    for name in state:
        if not isinstance(name, str) or callable(getattr(kind, name, None)):
            raise ValueError(f"{_short(repr(name))} stands in it where no value belongs")


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:300]}..."
