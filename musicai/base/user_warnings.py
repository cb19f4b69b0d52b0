"""Warnings that point at the user's own line."""

import sys
import warnings

# Packages whose frames lie between the user's call and a warning of ours.
_PASSED = ("musicai", "sklearn", "contextlib", "functools")


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, and name the first line outside of this package and scikit-learn as the cause."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _is_passed(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _is_passed(module: str) -> bool:
    return module.partition(".")[0] in _PASSED
