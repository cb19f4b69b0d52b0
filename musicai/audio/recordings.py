"""Recordings: a list of them, or the samples of one."""

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
    """Check that `X` is a list of recordings, and not just one; return it with their names.

    Parameters
    ----------
    X : list, tuple or 1-D array of recordings
        Recordings are what :func:`musicai.audio.read_blocks` takes.

    Returns
    -------
    recordings : sequence
        The recordings.
    names : list of str
        What to call each in messages: its path, or its place in the list.

    Raises
    ------
    TypeError
        If `X` is not a list of recordings.
    ValueError
        If it is empty.
    """
    if is_path(X):
        raise TypeError(f"X is one path, {X!r}, where a list of recordings is expected: pass [x]")
    if isinstance(X, (list, tuple)) and len(X) == 2 and (is_real(X[0]) or is_real(X[1])):
        raise TypeError(
            f"X is one recording, a pair {_types(X)}, where a list of recordings is expected: pass "
            "[(samples, sr)]"
        )
    if not isinstance(X, (list, tuple)):
        X = _from_array(X)
    if len(X) == 0:
        raise ValueError("X is an empty list: expected at least one recording")
    names = [printable(x) if is_path(x) else f"recording {i}" for i, x in enumerate(X)]
    return X, names


def _types(pair: Sequence[Any]) -> str:
    """Return the types of a pair: its values may be a page of samples."""
    return f"({', '.join(type(value).__name__ for value in pair)})"


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


def count_channels(recording: Any) -> int:
    """Return how many channels a recording has; 1 where it cannot be read."""
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
    """Return checked samples of shape (n_samples, n_channels), and their sampling rate.

    Parameters
    ----------
    recording : ndarray of shape (n_samples,) or (samples, sr)
        The samples.
    default_rate : float
        The rate of samples that come without one, in hertz.
    name : str
        What to call the recording in errors.

    Raises
    ------
    RecordingError
        If this is no recording.
    """
    own_rate = default_rate
    samples = recording
    if isinstance(recording, tuple):
        if len(recording) != 2:
            raise RecordingError(
                f"{name}: a tuple of {len(recording)} was given where (samples, sr) is expected"
            )
        samples, own_rate = recording
        if not isinstance(own_rate, Real) or isinstance(own_rate, bool):
            advice = "the sampling rate in (samples, sr) must be a number"
            if is_real(samples):  # as scipy.io.wavfile.read returns it
                advice = "did you mean (samples, sr)?"
            raise RecordingError(f"{name}: a pair {_types(recording)} was given; {advice}")
    elif not isinstance(recording, np.ndarray):
        raise RecordingError(
            f"{name}: an object of type {type(recording).__name__} is no recording; give a path, "
            "a 1-D array of samples, or (samples, sr)"
        )
    return _check_samples(samples, isinstance(recording, tuple), name), float(own_rate)


def _check_samples(samples: Any, may_have_channels: bool, name: str) -> np.ndarray:
    try:
        samples = np.asarray(samples)
    except (ValueError, TypeError, RuntimeError):
        raise RecordingError(f"{name}: samples are no array of numbers") from None
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
        raise RecordingError(f"{name}: there are no samples in it; leave it out")
    if samples.ndim == 2 and samples.shape[0] < samples.shape[1]:
        raise RecordingError(
            f"{name}: samples have shape {samples.shape}, more channels than samples; (n_samples, "
            "n_channels) is expected, did you mean samples.T?"
        )
    return samples[:, np.newaxis] if samples.ndim == 1 else samples
