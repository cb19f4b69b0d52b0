"""Reading of an excerpt of a recording, if possible without decoding the audio before it."""

from math import gcd
from typing import Any

import numpy as np
import soxr

from ..base.parameters import Rule, check_values, is_integer, is_real
from ..files.paths import is_path, printable
from ._decoding import check_native_rate, pcm_to_float
from ._mixing import mix_excerpt, whole_cells
from ._opening import NotDecodedError, open_sound
from ._reading import RULES as READING_RULES
from ._reading import check_samples, read_blocks
from .recordings import as_samples

RULES: dict[str, Rule] = {
    "start": (is_real, "a number of seconds"),
    "n_samples": (lambda v: is_integer(v, 0), "an integer of at least 0"),
    "sr": READING_RULES["sr"],
    "channels": READING_RULES["channels"],
}
MARGIN_SECONDS = 0.1
"""Seconds to read before and after an excerpt, so that decoder and resampler settle."""


def read_excerpt(
    recording: Any,
    start: float,
    n_samples: int,
    *,
    sr: float,
    channels: int = 1,
    name: str | None = None,
) -> np.ndarray:
    """Read an excerpt of a recording.

    The result nearly equals the corresponding samples from :func:`read_blocks`, but a file is
    decoded only around the excerpt. If `start` falls between two samples of `read_blocks`, or a
    sampling rate is not a whole number, the excerpt is shifted by up to half a sample. In an MP3
    file that is damaged or has no table of contents, the excerpt can be off by a few milliseconds.
    Files that only the ffmpeg program can decode, or in which seeking fails, are read from the
    beginning.

    Parameters
    ----------
    recording : str, bytes, PathLike, ndarray of shape (n_samples,) or (samples, sr)
        As for :func:`read_blocks`.
    start : float
        Start of the excerpt in seconds; may be negative.
    n_samples : int
        Number of samples to return, at `sr`. Zeros fill any part outside the recording.
    sr : float
        Sampling rate of the excerpt, in hertz.
    channels : {1, 2}, default=1
        As for :func:`read_blocks`.
    name : str, default=None
        Name of the recording in errors. If None, its path or "the recording".

    Returns
    -------
    excerpt : ndarray of shape (n_samples,), or (n_samples, 2) with two channels, dtype float32
        The samples.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    RecordingError
        If the recording cannot be read or has no samples, or if samples in or near the excerpt are
        NaN, infinite or beyond 1e12.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.audio import read_excerpt
    >>> ramp = np.arange(100, dtype=np.float32) / 100
    >>> read_excerpt(ramp, 0.5, 3, sr=100)
    array([0.5 , 0.51, 0.52], dtype=float32)
    """
    values = {"start": start, "n_samples": n_samples, "sr": sr, "channels": channels}
    check_values(values, RULES)
    name = name or (printable(recording) if is_path(recording) else "the recording")
    if not is_path(recording):
        samples, native_rate = as_samples(recording, sr, name)
        check_native_rate(native_rate, name)
        first, last = _sample_range(start, n_samples, native_rate, sr)
        begin, end = whole_cells(first, last, samples.shape[1], native_rate)
        samples = pcm_to_float(samples[begin:end])
    else:
        try:
            with open_sound(recording, cache=True) as (file, n_there, _):
                native_rate = file.samplerate
                check_native_rate(native_rate, name)
                first, last = _sample_range(start, n_samples, native_rate, sr)
                n_there = file.frames if n_there is None else n_there
                first, last = min(first, n_there), min(last, n_there)
                begin, end = whole_cells(first, last, file.channels, native_rate)
                file.seek(begin)
                samples = file.read(end - begin, dtype="float32", always_2d=True)
        except (NotDecodedError, RuntimeError, TypeError, ValueError, OSError):
            # Reading from the beginning may still work. If not, `_read_forward` raises an error.
            return _read_forward(recording, start, n_samples, sr, channels, name)
    near = mix_excerpt(samples, native_rate, channels)[first - begin : last - begin]
    check_samples(near, name)
    return _place(near, first / native_rate, native_rate, start, n_samples, sr)


def _sample_range(start: float, n_samples: int, native_rate: float, sr: float) -> tuple[int, int]:
    """Return the start and stop indices of the samples to read, including margins."""
    stop = start + n_samples / sr
    first = int(np.floor((start - MARGIN_SECONDS) * native_rate))
    if float(native_rate).is_integer() and float(sr).is_integer():
        # Start where samples at both rates coincide.
        first -= first % (int(native_rate) // gcd(int(native_rate), int(sr)))
    return max(0, first), max(0, int(np.ceil((stop + MARGIN_SECONDS) * native_rate)))


def _place(
    samples: np.ndarray,
    begins: float,
    native_rate: float,
    start: float,
    n_samples: int,
    sr: float,
) -> np.ndarray:
    """Resample samples that begin `begins` seconds into the recording, and cut out the excerpt."""
    if native_rate != sr and len(samples):
        samples = soxr.resample(samples, native_rate, sr, quality="HQ")
    offset = round((start - begins) * sr)
    excerpt = np.zeros((n_samples, *samples.shape[1:]), dtype=np.float32)
    found = samples[max(0, offset) : max(0, offset + n_samples)]
    there = max(0, -offset)
    excerpt[there : there + len(found)] = found[: max(0, n_samples - there)]
    return excerpt


def _read_forward(
    recording: Any, start: float, n_samples: int, sr: float, channels: int, name: str
) -> np.ndarray:
    first = round(start * sr)
    excerpt = np.zeros(n_samples if channels == 1 else (n_samples, channels), dtype=np.float32)
    position = 0
    # Damage is not reported here, because reading the whole recording reports it.
    blocks = read_blocks(
        recording, sr=sr, channels=channels, name=name, on_damage=lambda message: None
    )
    for block in blocks:
        begin, end = max(first, position), min(first + n_samples, position + len(block))
        if begin < end:
            excerpt[begin - first : end - first] = block[begin - position : end - position]
        position += len(block)
        if position >= first + n_samples:
            break
    return excerpt
