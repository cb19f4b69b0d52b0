"""Warnings that are attributed to the user's code."""

import sys
import warnings

# Packages whose stack frames are skipped in search of the user's code.
_PASSED = ("musicai", "sklearn", "contextlib", "functools")


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning that points to the user's code rather than to musicai or scikit-learn."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _is_passed(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _is_passed(module: str) -> bool:
    return module.partition(".")[0] in _PASSED
