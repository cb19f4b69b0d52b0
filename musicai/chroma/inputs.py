"""What the extractor takes: a list of recordings, and never just one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.parameters import is_real
from ..files.paths import is_path, printable


def as_recordings(X: Any) -> Sequence[Any]:
    """Return the recordings in `X` as a sequence, refusing what is only one recording."""
    if is_path(X):
        raise TypeError(f"X is one path, {X!r}, where a list of recordings is expected: pass [x]")
    if isinstance(X, tuple) and len(X) == 2 and is_real(X[1]):
        raise TypeError(
            "X is one recording, (samples, sr), where a list of recordings is expected: pass [x]"
        )
    if not isinstance(X, (list, tuple)):
        X = _from_array(X)
    if len(X) == 0:
        raise ValueError("X is an empty list: expected at least one recording")
    return X


def recording_name(recording: Any, position: int) -> str:
    """Return what to call a recording in messages: its path, or its place in the list."""
    return printable(recording) if is_path(recording) else f"recording {position}"


def _from_array(X: Any) -> list[Any]:
    array = X if isinstance(X, np.ndarray) else np.asarray(X, dtype=object)
    if array.ndim == 1 and array.dtype.kind in "OSUT":
        return list(array)
    if array.ndim == 1:
        raise TypeError(
            f"X is one array of {array.dtype} samples, where a list of recordings is expected: "
            "pass [x]"
        )
    raise TypeError(
        f"X is of type {type(X).__name__} where a list of recordings is expected; a recording is "
        "a path, a 1-D array of samples or (samples, sr)"
    )
