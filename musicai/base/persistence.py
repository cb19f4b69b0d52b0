"""Pickling of estimators, and validation of unpickled state.

pickle, joblib and skops store the state of an estimator as a dictionary. A file may come from a
different version of the library or from a stranger. The state therefore contains the library's
version, and all declared attributes are validated when the file is loaded.
"""

import os
import warnings
from collections.abc import Mapping
from inspect import Parameter, signature
from numbers import Integral, Real
from typing import Any, NamedTuple, get_args

import numpy as np
from packaging.version import Version

from .._version import __version__

_VERSION = "_musicai_version"
_NUMBERS = {int: Integral, float: Real}
_LONGEST = 300  # characters of a value to show in messages; text from a file may have any length


class Array(NamedTuple):
    """Expected properties of an array among the fitted attributes of an estimator.

    A size in `shape` is a number, None for any size, or a name. Sizes with the same name must be
    equal and at least 1. If an int attribute with that name is declared earlier, the sizes must
    equal its value. Numbers in the array must be finite and from `low` to `high`; objects must be
    hashable and distinct.
    """

    dtype: Any
    shape: tuple[int | str | None, ...]
    low: float = -np.inf
    high: float = np.inf


class Persistent:
    """Mixin for estimators that can be saved; list it before `BaseEstimator` among the bases."""

    def _fitted_state(self) -> Mapping[str, Any]:
        """Return the expected fitted attributes, in the form that `check_state` takes.

        An implementation may raise any error to reject an invalid state.
        """
        return {}

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = {**super().__getstate__(), _VERSION: __version__}  # type: ignore[dict-item]
        # Paths are stored as text, because users of skops would have to trust the type of a path.
        return {k: os.fspath(v) if isinstance(v, os.PathLike) else v for k, v in state.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        kind = type(self).__name__
        version = state.get(_VERSION) if isinstance(state, dict) else None
        if version is not None and _is_newer(version):
            warnings.warn(
                f"this {kind} was saved by musicai {version} and is opened by {__version__}: it "
                "may not behave as it did; update musicai",
                stacklevel=2,
            )
        try:
            hidden = [name for name in state if callable(getattr(type(self), name, None))]
            if hidden:
                raise ValueError(f"{hidden} are methods and cannot hold values")
            state = {**_defaults(type(self)), **state}
            del state[_VERSION]
            super().__setstate__(state)  # type: ignore[misc]
            self.get_params()  # type: ignore[attr-defined]  # also checks nested estimators
            if self.__sklearn_is_fitted__():  # type: ignore[attr-defined]
                check_state(vars(self), self._fitted_state())
        except Exception as error:  # an untrusted state may cause any error
            reason = _shortened(f"{type(error).__name__}: {error}".removeprefix("ValueError: "))
            advice = "the file is damaged or not from musicai: fit again"
            if version not in (None, __version__):
                advice = (
                    f"musicai {_shortened(version)} wrote it, and this is {__version__}: open it "
                    "with that version, or fit again"
                )
            raise ValueError(f"this state of {kind} cannot be used ({reason}); {advice}") from error


def check_state(state: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Raise a ValueError unless a state has the expected attributes.

    `expected` maps the name of each attribute to a type or an `Array`. ``int`` stands for any
    integer and ``float`` for any real number, but neither accepts a bool. A list of types or arrays
    requires a list of the same length, and a dict requires a dict with the same keys. The state may
    contain further attributes.
    """
    sizes: dict[str, int] = {}
    for name, kind in expected.items():
        if name not in state:
            raise ValueError(f"{name} is missing")
        _check(name, state[name], kind, sizes)
        if kind is int:
            sizes[name] = int(state[name])


def _check(name: str, value: Any, expected: Any, sizes: dict[str, int]) -> None:
    if isinstance(expected, Array):
        _check_array(name, value, expected, sizes)
    elif isinstance(expected, Mapping):
        if not isinstance(value, dict) or value.keys() != expected.keys():
            raise _wrong(name, value, f"a dict of {', '.join(map(str, expected))}")
        for key, kind in expected.items():
            _check(f"{name}[{key!r}]", value[key], kind, sizes)
    elif isinstance(expected, list):
        if not isinstance(value, list) or len(value) != len(expected):
            raise _wrong(name, value, f"a list of {len(expected)}")
        for i, kind in enumerate(expected):
            _check(f"{name}[{i}]", value[i], kind, sizes)
    elif not _has_type(value, expected):
        raise _wrong(
            name,
            value,
            f"a value of type {expected.__name__ if isinstance(expected, type) else expected}",
        )


def _has_type(value: Any, kind: Any) -> bool:
    kinds = get_args(kind) or (kind,)
    if isinstance(value, bool):  # bool is a subclass of int
        return bool in kinds
    return isinstance(value, tuple(_NUMBERS.get(each, each) for each in kinds))


def _check_array(name: str, array: Any, expected: Array, sizes: dict[str, int]) -> None:
    dtype, bounds = np.dtype(expected.dtype), (expected.low, expected.high)
    wanted = f"{dtype} of shape {tuple(sizes.get(str(size), size) for size in expected.shape)}"
    # The types are compared, because isinstance would accept masked arrays.
    if type(array) not in (np.ndarray, np.memmap) or array.ndim != len(expected.shape):
        raise _wrong(name, array, wanted)
    fit = [
        n == sizes.setdefault(size, n) >= 1 if isinstance(size, str) else size in (n, None)
        for size, n in zip(expected.shape, array.shape, strict=True)
    ]
    if array.dtype != dtype or not all(fit):
        raise _wrong(name, array, wanted)
    if dtype.kind == "O":
        if len(set(array.ravel().tolist())) < array.size:
            raise ValueError(f"{name} has duplicate values")
    elif not np.isfinite(array).all() or ((array < bounds[0]) | (array > bounds[1])).any():
        raise _wrong(name, array, f"finite values from {bounds[0]:g} to {bounds[1]:g}")


def _wrong(name: str, value: Any, expected: str) -> ValueError:
    got = repr(value)
    if isinstance(value, np.ndarray):
        got = f"of {value.dtype} of shape {value.shape}"
    elif isinstance(value, dict | list):
        got = f"of length {len(value)}"
    got = _shortened(f"{type(value).__name__} {got}")
    return ValueError(f"{name} is {got}; expected {_shortened(expected)}")


def _shortened(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _is_newer(version: Any) -> bool:
    try:
        # `public` omits the part after a "+", which names a build of the same version.
        return Version(Version(version).public) > Version(Version(__version__).public)
    except (TypeError, ValueError):
        return True  # this version and earlier ones do not write such a value


def _defaults(kind: type) -> dict[str, Any]:
    """Return the default parameters of an estimator class, some of which older files lack."""
    parameters = signature(kind.__init__).parameters.values()  # type: ignore[misc]
    return {p.name: p.default for p in parameters if p.default is not Parameter.empty}
