"""Reading a recording block by block, mixed to one or two channels, at one sampling rate.

One channel is what ``librosa.load(path, sr=sr)`` would return, sample for sample, but never as a
whole: a file is decoded strictly forward, mixed down, resampled by a stream and handed on, so that
an hour needs no more memory than a minute.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
import soxr

from ..base.parameters import COUNT_RULE, Rule, check_values, is_integer, is_real
from ..files.paths import is_path, printable
from ._decoding import HIGHEST_RATE, LOWEST_RATE, check_own_rate, open_file, pcm_to_float
from ._errors import RecordingError
from ._mixing import mix_blocks
from .recordings import as_samples

BLOCK_SIZE = 65536
"""Samples that are read at a time: some hundred kilobytes, which fit a processor's cache."""

LOUDEST = 1e12
"""Samples beyond this are taken for damage; squares of their spectra would overflow float32."""

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
    """Read a recording as blocks of samples at `sr`, mono unless two channels are asked for.

    Parameters
    ----------
    recording : str, bytes, PathLike, ndarray of shape (n_samples,) or (samples, sr)
        An audio file: WAV, FLAC, Ogg, MP3 and what else libsndfile reads; where the ffmpeg
        program is installed also MP4 (m4a), WMA, WebM and others. Or samples at `sr`;
        or samples with their own sampling rate, mono or of shape (n_samples, n_channels) as
        soundfile has them. Samples are floats, or PCM integers (8, 16 or 32 bits), which are
        scaled to [-1, 1).
    sr : float
        Samples per second of the blocks, in hertz.
    channels : {1, 2}, default=1
        With 1 all channels are averaged, as by ``librosa.to_mono``. With 2 stereo stays stereo; of
        a recording with any other number of channels the average is on both. Where channels cancel
        each other in their mean, as if the sign of one was turned, they are added with signs with
        which they do not.
    block_size : int, default=65536
        Samples to read at a time, before resampling. The samples do not depend on it.
    name : str, default=None
        What to call the recording in errors. When None its path, or "the recording".
    on_damage : callable, default=warnings.warn
        Called with a message when a file is damaged, or its header gives another length by over a
        second, and what there is was used; and when channels cancel.

    Yields
    ------
    block : ndarray of shape (n_samples,), or (n_samples, 2) with two channels, dtype float32
        The next samples. The whole is as long as ``librosa.resample`` makes it,
        ``ceil(n_samples * sr / own_rate)``.

    Raises
    ------
    ValueError
        If `sr`, `channels` or `block_size` has no possible value.
    RecordingError
        If the recording cannot be read, has no samples, or has NaN or infinite samples. The
        message names it.

    Notes
    -----
    On damaged MP3s, and on some that are not, libmpg123, a part of libsndfile, prints lines to
    standard error; libsndfile gives no way to silence it, and they can be ignored.

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
            blocks, own_rate = found
            yield from _convert(blocks, own_rate, sr, channels, name, on_damage)
    else:
        name = name or "the recording"
        samples, own_rate = as_samples(recording, sr, name)
        starts = range(0, len(samples), block_size)
        blocks = (pcm_to_float(samples[i : i + block_size]) for i in starts)
        yield from _convert(blocks, own_rate, sr, channels, name, on_damage)


def _convert(
    blocks: Iterator[np.ndarray],
    own_rate: float,
    sr: float,
    channels: int,
    name: str,
    on_damage: Callable[[str], object],
) -> Iterator[np.ndarray]:
    check_own_rate(own_rate, name)

    def report(seconds: float) -> None:
        on_damage(
            f"{name}: for {seconds:.1f} s the channels cancel each other, their mean is over 20 dB "
            "below them; they were added with opposite signs there"
        )

    mixed = _checked(mix_blocks(blocks, own_rate, channels, report=report), name)
    return mixed if own_rate == sr else resample_blocks(mixed, own_rate, sr)


def resample_blocks(
    blocks: Iterable[np.ndarray], own_rate: float, sr: float
) -> Iterator[np.ndarray]:
    """Bring blocks of samples to another rate, as ``librosa.resample`` does.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,) or (n_samples, n_channels), dtype float32
        The samples in order, all with the same channels.
    own_rate, sr : float
        Samples per second that come and that go.

    Yields
    ------
    block : ndarray of shape (n_samples,) or (n_samples, n_channels), dtype float32
        As many samples in all as come, times the ratio of the rates, rounded up. They do not
        depend on the sizes of the blocks.

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
    stream = soxr.ResampleStream(own_rate, sr, n_channels, dtype="float32", quality="HQ")
    read = written = 0
    for block in chain([first], blocks):
        read += len(block)
        resampled = stream.resample_chunk(np.ascontiguousarray(block))
        written += len(resampled)
        yield resampled
    rest = stream.resample_chunk(np.zeros((0, *channels), dtype=np.float32), last=True)
    # soxr rounds the length its own way; librosa cuts or pads it to this.
    missing = max(0, int(np.ceil(read * (float(sr) / own_rate))) - written)
    yield np.pad(rest[:missing], [(0, max(0, missing - len(rest))), *[(0, 0)] * len(channels)])


def _checked(blocks: Iterator[np.ndarray], name: str) -> Iterator[np.ndarray]:
    empty = True
    for block in blocks:
        empty = False
        check_samples(block, name)
        yield block
    if empty:
        raise RecordingError(f"{name}: there are no samples in it; leave it out")


def check_samples(samples: np.ndarray, name: str) -> None:
    """Raise a RecordingError for samples that are no numbers, or too large to be any."""
    if np.vdot(samples, samples) <= LOUDEST**2:  # as a rule, and found in one pass
        return
    # Written so that NaN, for which every comparison is false, is refused as well.
    if not (samples.max(initial=0) <= LOUDEST and samples.min(initial=0) >= -LOUDEST):
        raise RecordingError(
            f"{name}: samples are NaN, infinite or beyond {LOUDEST:g}; repair or leave out "
            "the recording"
        )
