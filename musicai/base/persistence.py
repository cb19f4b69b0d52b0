"""What estimators are in a file, and what a file must hold to become one again.

pickle, joblib and skops all keep the state of an estimator, a dictionary, and hand it back when a
file is opened. Files outlive versions of the library, and come from people whom nobody knows. So
the state tells the version that it is of, what older versions left otherwise is converted, and
whatever was learned is checked once, here, before it is used: what opens can be used.
"""

import os
import warnings
from inspect import Parameter, signature
from typing import Any

from packaging.version import Version

from .._version import __version__
from .learned_values import cause, in_words, shortened

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
                f"this state of {kind} cannot be used ({in_words(error)}): {advice}"
            ) from cause(error)

    def __sklearn_is_fitted__(self) -> bool:
        raise NotImplementedError

    def _converted(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return the state as this version would have left it."""
        return state

    def _check_learned(self) -> None:
        """Raise an error if what was learned cannot be used."""


def _is_newer(version: Any) -> bool:
    try:
        # What follows a "+" names a build of the same version.
        return Version(Version(version).public) > Version(Version(__version__).public)
    except (TypeError, ValueError):
        return True  # whatever it is, it was not written by a version up to this one


def _defaults(kind: type) -> dict[str, Any]:
    """Return the parameters of an estimator that older versions do not know."""
    parameters = signature(kind.__init__).parameters.values()  # type: ignore[misc]
    return {p.name: p.default for p in parameters if p.default is not Parameter.empty}


def _refuse_hidden_methods(kind: type, state: dict[str, Any]) -> None:
    # What an instance holds under the name of a method would be called in its place. What another
    # author's subclass holds in a class attribute is theirs to replace.
    ours = [
        base for base in kind.__mro__ if base.__module__.split(".")[0] in ("musicai", "sklearn")
    ]
    for name in state:
        if not isinstance(name, str) or any(callable(getattr(base, name, None)) for base in ours):
            raise ValueError(f"{shortened(repr(name))} stands in it where no value belongs")
