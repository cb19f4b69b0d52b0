"""Samples that are given as arrays: what is accepted, and how integers become floats."""

from numbers import Real
from typing import Any

import numpy as np

from ._errors import RecordingError

PCM_OFFSETS = {"int8": 0, "uint8": 128, "int16": 0, "int32": 0}
"""Integer samples that are understood, with the value that stands for silence."""


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
            raise RecordingError(
                f"{name}: the sampling rate in (samples, sr) is {own_rate!r}; give "
                "samples per second"
            )
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


def pcm_to_float(block: np.ndarray) -> np.ndarray:
    """Return a copy as float32, integers scaled to [-1, 1)."""
    if block.dtype.kind == "f":
        with np.errstate(over="ignore"):  # float64 beyond float32 becomes inf, which is refused
            return block.astype(np.float32)
    # Up to 16 bits every step is exact in single precision.
    scaled: np.ndarray = block.astype(np.float32 if block.dtype.itemsize <= 2 else np.float64)
    scaled -= PCM_OFFSETS[block.dtype.name]
    scaled *= 2.0 ** (1 - 8 * block.dtype.itemsize)
    return scaled.astype(np.float32, copy=False)
