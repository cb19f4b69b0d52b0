"""Reading a moment out of a recording, without all that comes before it."""

from math import gcd
from typing import Any

import numpy as np
import soxr

from ..base.parameters import Rule, check_values, is_integer, is_real
from ..files.paths import is_path, printable
from ._decoding import check_own_rate, pcm_to_float
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
"""Read on either side as well: the decoder and the resampler settle in it."""


def read_excerpt(
    recording: Any,
    start: float,
    n_samples: int,
    *,
    sr: float,
    channels: int = 1,
    name: str | None = None,
) -> np.ndarray:
    """Read some samples from a moment on.

    They are those of :func:`read_blocks`, but found by seeking, where `start` is one of its samples
    and rates are whole numbers; elsewhere they lie between its samples, within half of one. In an
    MP3 that is damaged or has no table of contents the place can be some milliseconds off. What
    only the ffmpeg program decodes is read from its beginning.

    Parameters
    ----------
    recording : str, bytes, PathLike, ndarray of shape (n_samples,) or (samples, sr)
        As for :func:`read_blocks`.
    start : float
        Where to begin, in seconds; may lie before the recording.
    n_samples : int
        How many samples at `sr`; zeros stand where the recording has none.
    sr : float
        Samples per second of the excerpt, in hertz.
    channels : {1, 2}, default=1
        As for :func:`read_blocks`.
    name : str, default=None
        What to call the recording in errors. When None its path, or "the recording".

    Returns
    -------
    excerpt : ndarray of shape (n_samples,), or (n_samples, 2) with two channels, dtype float32
        The samples.

    Raises
    ------
    ValueError
        If a number has no possible value.
    RecordingError
        If the recording cannot be read, or has NaN or infinite samples there.

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
        samples, own_rate = as_samples(recording, sr, name)
        check_own_rate(own_rate, name)
        first, last = _own_samples(start, n_samples, own_rate, sr)
        begin, end = whole_cells(first, last, samples.shape[1], own_rate)
        samples = pcm_to_float(samples[begin:end])
    else:
        try:
            with open_sound(recording, again=True) as (file, n_there, _):
                own_rate = file.samplerate
                check_own_rate(own_rate, name)
                first, last = _own_samples(start, n_samples, own_rate, sr)
                n_there = file.frames if n_there is None else n_there
                first, last = min(first, n_there), min(last, n_there)
                begin, end = whole_cells(first, last, file.channels, own_rate)
                file.seek(begin)
                samples = file.read(end - begin, dtype="float32", always_2d=True)
        except (NotDecodedError, RuntimeError, TypeError, ValueError, OSError):
            # From its beginning it can be read after all, or is refused with the cause.
            return _read_forward(recording, start, n_samples, sr, channels, name)
    near = mix_excerpt(samples, own_rate, channels)[first - begin : last - begin]
    check_samples(near, name)
    return _place(near, first / own_rate, own_rate, start, n_samples, sr)


def _own_samples(start: float, n_samples: int, own_rate: float, sr: float) -> tuple[int, int]:
    """Return the first sample of the recording to read, and the one after the last."""
    stop = start + n_samples / sr
    first = int(np.floor((start - MARGIN_SECONDS) * own_rate))
    if float(own_rate).is_integer() and float(sr).is_integer():
        # There the samples of both rates fall together.
        first -= first % (int(own_rate) // gcd(int(own_rate), int(sr)))
    return max(0, first), max(0, int(np.ceil((stop + MARGIN_SECONDS) * own_rate)))


def _place(
    samples: np.ndarray,
    begins: float,
    own_rate: float,
    start: float,
    n_samples: int,
    sr: float,
) -> np.ndarray:
    """Bring samples that begin at some second to the rate, and cut out what was asked for."""
    if own_rate != sr and len(samples):
        samples = soxr.resample(samples, own_rate, sr, quality="HQ")
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
    # A damaged file was warned of when it was analyzed.
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
