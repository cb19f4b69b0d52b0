"""Block-wise reading of recordings, with mixing to one or two channels and resampling.

With one output channel, the samples of an intact file equal those of ``librosa.load(path, sr=sr)``,
except where input channels cancel each other. Memory use does not depend on the length of the
recording.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
import soxr

from ..base.parameters import COUNT_RULE, Rule, check_values, is_integer, is_real
from ..files.paths import is_path, printable
from ._decoding import HIGHEST_RATE, LOWEST_RATE, check_native_rate, open_file, pcm_to_float
from ._errors import RecordingError
from ._mixing import mix_blocks
from .recordings import as_samples

BLOCK_SIZE = 65536
"""Number of samples to read at a time: 256 KiB of float32, which fits into a processor's cache."""

LOUDEST = 1e12
"""Largest absolute value of a sample; larger values would overflow the power spectrum."""

RULES: dict[str, Rule] = {
    "sr": (
        lambda v: is_real(v) and LOWEST_RATE <= v <= HIGHEST_RATE,
        f"a number of hertz from {LOWEST_RATE:g} to {HIGHEST_RATE:g}",
    ),
    "block_size": COUNT_RULE,
    "channels": (lambda v: is_integer(v, 1) and v <= 2, "1 or 2"),
}


def read_blocks(
    recording: Any,
    *,
    sr: float,
    channels: int = 1,
    block_size: int = BLOCK_SIZE,
    name: str | None = None,
    on_damage: Callable[[str], object] = warnings.warn,
) -> Iterator[np.ndarray]:
    """Read a recording as blocks of samples at the sampling rate `sr`.

    Parameters
    ----------
    recording : str, bytes, PathLike, ndarray of shape (n_samples,) or (samples, sr)
        Path of an audio file, mono samples at `sr`, or a pair of samples and their sampling rate.
        libsndfile decodes WAV, FLAC, Ogg, MP3 and other formats. If the ffmpeg program is
        installed, it decodes MP4, WMA, WebM and others. Samples in a pair may have shape
        (n_samples, n_channels), as in soundfile. Samples are floats or PCM integers of 8, 16 or 32
        bits. Integers are scaled to [-1, 1].
    sr : float
        Sampling rate of the blocks, in hertz.
    channels : {1, 2}, default=1
        With 1, channels are averaged, as by ``librosa.to_mono``. With 2, stereo stays stereo; for
        any other number of input channels, both output channels hold the average. If most of the
        sound would cancel in the average, for instance because one channel is inverted, some
        channels are inverted first.
    block_size : int, default=65536
        Samples to read at a time, before resampling. It does not affect the result.
    name : str, default=None
        Name of the recording in errors. If None, its path or "the recording".
    on_damage : callable, default=warnings.warn
        Called with a message if a file is damaged but usable, if it holds audio that is not read,
        if the length in its header is wrong by more than a second, or if channels cancel each
        other.

    Yields
    ------
    block : ndarray of shape (n_samples,), or (n_samples, 2) with two channels, dtype float32
        The next samples. The total length is that of ``librosa.resample``, ``ceil(n_samples * sr /
        native_rate)``.

    Raises
    ------
    ValueError
        If `sr`, `channels` or `block_size` is out of range.
    RecordingError
        If the recording cannot be read, has no samples, or has samples that are NaN, infinite or
        beyond 1e12. The message names the recording.

    Notes
    -----
    libmpg123, which libsndfile uses, prints messages to standard error for damaged MP3 files and
    for some intact ones. Ignore these messages; libsndfile offers no way to silence them.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.audio import read_blocks
    >>> stereo = np.zeros((48000, 2), dtype=np.float32)
    >>> sum(len(block) for block in read_blocks((stereo, 48000), sr=22050))
    22050
    """
    check_values({"sr": sr, "channels": channels, "block_size": block_size}, RULES)
    if is_path(recording):
        name = name or printable(recording)
        with open_file(recording, name, block_size=block_size, on_damage=on_damage) as found:
            blocks, native_rate = found
            yield from _convert(blocks, native_rate, sr, channels, name, on_damage)
    else:
        name = name or "the recording"
        samples, native_rate = as_samples(recording, sr, name)
        starts = range(0, len(samples), block_size)
        blocks = (pcm_to_float(samples[i : i + block_size]) for i in starts)
        yield from _convert(blocks, native_rate, sr, channels, name, on_damage)


def _convert(
    blocks: Iterator[np.ndarray],
    native_rate: float,
    sr: float,
    channels: int,
    name: str,
    on_damage: Callable[[str], object],
) -> Iterator[np.ndarray]:
    check_native_rate(native_rate, name)

    def report(seconds: float) -> None:
        on_damage(
            f"{name}: for {seconds:.1f} s the channels cancel each other (their mean is over 20 "
            "dB below them); there, they were added with opposite signs"
        )

    mixed = _checked(mix_blocks(blocks, native_rate, channels, report=report), name)
    return mixed if native_rate == sr else resample_blocks(mixed, native_rate, sr)


def resample_blocks(
    blocks: Iterable[np.ndarray], native_rate: float, sr: float
) -> Iterator[np.ndarray]:
    """Resample blocks of samples like ``librosa.resample``.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,) or (n_samples, n_channels), dtype float32
        The samples in order, all with the same number of channels.
    native_rate, sr : float
        Sampling rates of the input and the output, in hertz.

    Yields
    ------
    block : ndarray of shape (n_samples,) or (n_samples, n_channels), dtype float32
        Resampled samples, which do not depend on the block sizes. Their total number is the number
        of input samples times ``sr / native_rate``, rounded up.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.audio import resample_blocks
    >>> halves = np.split(np.zeros(44100, dtype=np.float32), 2)
    >>> sum(len(block) for block in resample_blocks(halves, 44100, 22050))
    22050
    """
    blocks = iter(blocks)
    first = next(blocks, np.zeros(0, np.float32))
    channels = first.shape[1:]
    n_channels = channels[0] if channels else 1
    stream = soxr.ResampleStream(native_rate, sr, n_channels, dtype="float32", quality="HQ")
    read = written = 0
    for block in chain([first], blocks):
        read += len(block)
        resampled = stream.resample_chunk(np.ascontiguousarray(block))
        written += len(resampled)
        yield resampled
    rest = stream.resample_chunk(np.zeros((0, *channels), dtype=np.float32), last=True)
    # soxr rounds the length differently, so librosa trims or pads soxr's output to this length.
    missing = max(0, int(np.ceil(read * (float(sr) / native_rate))) - written)
    yield np.pad(rest[:missing], [(0, max(0, missing - len(rest))), *[(0, 0)] * len(channels)])


def _checked(blocks: Iterator[np.ndarray], name: str) -> Iterator[np.ndarray]:
    empty = True
    for block in blocks:
        empty = False
        check_samples(block, name)
        yield block
    if empty:
        raise RecordingError(f"{name}: it contains no samples; leave it out")


def check_samples(samples: np.ndarray, name: str) -> None:
    """Raise a RecordingError if samples are NaN, infinite or implausibly large."""
    if np.vdot(samples, samples) <= LOUDEST**2:  # decides the usual case in one pass
        return
    # The condition is negated, because every comparison with NaN is false.
    if not (samples.max(initial=0) <= LOUDEST and samples.min(initial=0) >= -LOUDEST):
        raise RecordingError(
            f"{name}: samples are NaN, infinite or beyond {LOUDEST:g}; repair or leave out "
            "the recording"
        )
