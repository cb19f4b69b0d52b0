"""Validation of lists of recordings and of samples in memory."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from ..base.parameters import is_real
from ..files.paths import is_path, printable
from ._decoding import PCM_OFFSETS, open_file
from ._errors import RecordingError
from .headers import read_header


def as_recordings(X: Any) -> tuple[Sequence[Any], list[str]]:
    """Check that `X` is a list of recordings; return the recordings and their names.

    Parameters
    ----------
    X : list, tuple or 1-D array of recordings
        Recordings as for :func:`musicai.audio.read_blocks`.

    Returns
    -------
    recordings : sequence
        The recordings.
    names : list of str
        Name of each recording in messages: its path, or its position in the list.

    Raises
    ------
    TypeError
        If `X` is not a list of recordings.
    ValueError
        If `X` is empty.
    """
    if is_path(X):
        raise TypeError(f"X is one path, {X!r}; expected a list of recordings: pass [x]")
    if isinstance(X, (list, tuple)) and len(X) == 2 and (is_real(X[0]) or is_real(X[1])):
        raise TypeError(
            f"X is one recording, a pair {_types(X)}; expected a list of recordings: pass "
            "[(samples, sr)]"
        )
    if not isinstance(X, (list, tuple)):
        X = _from_array(X)
    if len(X) == 0:
        raise ValueError("X is an empty list: expected at least one recording")
    names = [printable(x) if is_path(x) else f"recording {i}" for i, x in enumerate(X)]
    return X, names


def _types(pair: Sequence[Any]) -> str:
    """Return the types of a pair of values, to show instead of the values, which may be long."""
    return f"({', '.join(type(value).__name__ for value in pair)})"


def _from_array(X: Any) -> list[Any]:
    array = X if isinstance(X, np.ndarray) else np.asarray(X, dtype=object)
    if array.ndim == 1 and array.dtype.kind in "OSUT":
        return list(array)
    if array.ndim == 1:
        raise TypeError(
            f"X is one array of {array.dtype} samples; expected a list of recordings: pass [x]"
        )
    raise TypeError(
        f"X is of type {type(X).__name__}; expected a list of recordings; a recording is "
        "a path, a 1-D array of samples or (samples, sr)"
    )


def count_channels(recording: Any) -> int:
    """Return the number of channels of a recording, or 1 if the recording cannot be read."""
    try:
        if not is_path(recording):
            samples, _ = as_samples(recording, 1.0, "the recording")
            return samples.shape[1]
        header = read_header(recording)
        if header is not None:
            return header.n_channels
        with open_file(recording, "", block_size=1, on_damage=lambda message: None) as (blocks, _):
            return int(next(blocks).shape[1])
    except (RecordingError, StopIteration):
        return 1


def as_samples(recording: Any, default_rate: float, name: str) -> tuple[np.ndarray, float]:
    """Return validated samples of shape (n_samples, n_channels), and their sampling rate.

    Parameters
    ----------
    recording : ndarray of shape (n_samples,) or (samples, sr)
        The samples.
    default_rate : float
        Sampling rate in hertz for samples without one.
    name : str
        Name of the recording in errors.

    Raises
    ------
    RecordingError
        If `recording` is neither an array nor a pair of samples and their sampling rate, or the
        samples are empty or of an unsupported type or shape.
    """
    native_rate = default_rate
    samples = recording
    if isinstance(recording, tuple):
        if len(recording) != 2:
            raise RecordingError(
                f"{name}: got a tuple of {len(recording)} items; expected (samples, sr)"
            )
        samples, native_rate = recording
        if not isinstance(native_rate, Real) or isinstance(native_rate, bool):
            advice = "the sampling rate in (samples, sr) must be a number"
            if is_real(samples):  # swapped: (sr, samples), as scipy.io.wavfile.read returns them
                advice = "did you mean (samples, sr)?"
            raise RecordingError(f"{name}: a pair {_types(recording)} was given; {advice}")
    elif not isinstance(recording, np.ndarray):
        raise RecordingError(
            f"{name}: an object of type {type(recording).__name__} is not a recording; give a "
            "path, a 1-D array of samples, or (samples, sr)"
        )
    return _check_samples(samples, isinstance(recording, tuple), name), float(native_rate)


def _check_samples(samples: Any, may_have_channels: bool, name: str) -> np.ndarray:
    try:
        samples = np.asarray(samples)
    except (ValueError, TypeError, RuntimeError):
        raise RecordingError(f"{name}: samples are not an array of numbers") from None
    if samples.dtype.kind != "f" and samples.dtype.name not in PCM_OFFSETS:
        raise RecordingError(
            f"{name}: samples are {samples.dtype}; give floats in [-1, 1] or integers of 8, 16 "
            "or 32 bits"
        )
    if samples.ndim != 1 and not (samples.ndim == 2 and may_have_channels):
        raise RecordingError(
            f"{name}: samples have shape {samples.shape}; give a 1-D array, or a tuple (samples, "
            "sr) with samples of shape (n_samples,) or (n_samples, n_channels)"
        )
    if samples.size == 0:
        raise RecordingError(f"{name}: it contains no samples; leave it out")
    if samples.ndim == 2 and samples.shape[0] < samples.shape[1]:
        raise RecordingError(
            f"{name}: samples have shape {samples.shape}, more channels than samples; expected "
            "(n_samples, n_channels), did you mean samples.T?"
        )
    return samples[:, np.newaxis] if samples.ndim == 1 else samples
