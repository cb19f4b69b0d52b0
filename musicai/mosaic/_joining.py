"""Crossfades between the segments or passages of a mosaic.

Of two adjacent segments, the second is shifted by a few milliseconds so that its waveform continues
that of the first, as in WSOLA (W. Verhelst and M. Roelands, ICASSP 1993). The segments are
crossfaded with equal power at the quietest place near their border. All channels are shifted and
crossfaded alike.

Adjacent passages of beats are joined by a short crossfade that ends just before the first beat of
the second passage, so that the attack of this beat is preserved.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ._segments import Passage
from ._time_scaling import best_lag, sliding_energy, stretch

FADE_SECONDS = 0.06
"""Maximum length of a crossfade between segments, in seconds."""

SEARCH_SECONDS = 0.03
"""Maximum distance, in seconds, from the border of two segments to the middle of the crossfade."""

LAG_SECONDS = 0.012
"""Maximum shift of a segment, in seconds: one period of an 83 Hz tone, about the lowest note of a
guitar."""

END_SECONDS = 0.01
"""Length, in seconds, of the fade-in of the first segment and of the fade-out of the last one."""

BEAT_FADE_SECONDS = 0.03
"""Length of a crossfade between passages, in seconds."""

AHEAD_SECONDS = 0.02
"""Time, in seconds, from the end of a crossfade between passages to the first beat of the second
passage. Attacks begin 5 to 12 ms before the detected beats."""

Read = Callable[[int, int, int], np.ndarray]
"""Reader of segments. It takes the index of a segment and two positions in the result, in samples.
It returns a new array, (n_samples, n_channels), with the sound of the segment, transposed and with
its gain, from the first position up to the second. Outside the segment, its recording continues.
"""

ReadPassage = Callable[[Passage, int, int], np.ndarray]
"""Reader of passages. It takes a passage and two positions in its transposed recording, in samples
at the sampling rate of the result. It returns the transposed sound from the first position up to
the second, shape (n_samples, n_channels)."""


class Join(NamedTuple):
    """The crossfade at the beginning of a segment.

    Attributes
    ----------
    start, stop : int
        The samples of the result at which the crossfade starts and stops.
    lag : int
        Number of samples by which the segment begins later in its recording, to align the
        waveforms. Negative if it begins earlier.
    """

    start: int
    stop: int
    lag: int


class _Part(NamedTuple):
    """The sound of a segment, and its join with the previous segment.

    For the first segment, `before` is empty and the join has zero length.
    """

    samples: np.ndarray  # the segment, from the earliest sample at which its join may begin
    before: np.ndarray  # the end of the previous segment, which overlaps the first samples
    fade: slice  # the part of the overlap that is crossfaded
    join: Join


def join_segments(borders: Sequence[int], read: Read, *, sr: float) -> Iterator[np.ndarray]:
    """Play segments in order, with crossfades.

    Parameters
    ----------
    borders : sequence of int
        The sample at which each segment begins, followed by the sample at which the last one ends.
    read : callable
        Reader of the segments; see `Read`.
    sr : float
        Samples per second.

    Yields
    ------
    block : ndarray of shape (n_samples, n_channels), dtype float32
        The next samples. Together, the blocks have ``borders[-1] - borders[0]`` samples.
    """
    ends = round(END_SECONDS * sr)
    held = _held(borders, sr)
    for number, (samples, before, fade, _) in enumerate(_parts(borders, read, sr)):
        if number == 0:
            _fade_in(samples[:ends])
        samples[: len(before)] = _crossfade(before, samples[: len(before)], fade)
        if number == len(held):
            _fade_in(samples[::-1][:ends])
            yield samples
        else:
            yield samples[: len(samples) - 2 * held[number]]


def find_joins(borders: Sequence[int], read: Read, *, sr: float) -> list[Join]:
    """Return the joins that `join_segments` makes with the same arguments."""
    return [part.join for part in _parts(borders, read, sr)]


def _held(borders: Sequence[int], sr: float) -> list[int]:
    """Return, for each join, how many samples it may use on each side of its border."""
    reach = round((FADE_SECONDS / 2 + SEARCH_SECONDS) * sr)
    shortest = [
        min(b - a, c - b) for (a, b), c in zip(pairwise(borders), borders[2:], strict=False)
    ]
    return [min(reach, room // 2) for room in shortest]


def _parts(borders: Sequence[int], read: Read, sr: float) -> Iterator[_Part]:
    """Read segments, each shifted so that its waveform continues that of the previous one."""
    held = _held(borders, sr)
    most = round(LAG_SECONDS * sr)
    before: np.ndarray | None = None
    for number, (begin, end) in enumerate(pairwise(borders)):
        start = begin if number == 0 else begin - held[number - 1]
        stop = end if number == len(held) else end + held[number]
        samples = read(number, start - most, stop + most)
        lag = 0
        if before is None:
            before = samples[:0]
        else:
            lag = _best_lag(before, samples[: len(before) + 2 * most], most, sr)
        samples = samples[most + lag : len(samples) - most + lag]
        fade = _fade_slice(before, samples[: len(before)], sr)
        yield _Part(samples, before, fade, Join(start + fade.start, start + fade.stop, lag))
        if number < len(held):
            before = samples[len(samples) - 2 * held[number] :]


def join_passages(
    passages: Sequence[Passage], read: ReadPassage, *, n_samples: int, sr: int
) -> Iterator[np.ndarray]:
    """Play passages in order, with crossfades.

    Parameters
    ----------
    passages : sequence of Passage
        The passages in order. Each begins where the previous one ends.
    read : callable
        Reader of the passages; see `ReadPassage`.
    n_samples : int
        Length of the result in samples.
    sr : int
        Samples per second.

    Yields
    ------
    block : ndarray of shape (n_samples, n_channels), dtype float32
        The next samples.
    """
    fade = round(BEAT_FADE_SECONDS * sr)
    joins = passage_joins(passages, sr=sr)
    held: np.ndarray | None = None  # the end of the sound so far, kept for the next crossfade
    for passage, first, last in zip(passages, [0, *joins], [*joins, n_samples], strict=True):
        begin = first if held is None else first - fade
        tail = held
        for number, block in enumerate(_stretched(passage, read, begin, last, sr)):
            if number == 0:
                if tail is not None:
                    block[:fade] = _mixed(tail, block[:fade])
                held = block
            else:
                held = np.concatenate([held, block])
            yield held[:-fade]
            held = held[-fade:]
    if held is not None:
        yield held


def passage_joins(passages: Sequence[Passage], *, sr: int) -> list[int]:
    """Return, for each passage except the first, the sample at which its crossfade ends."""
    fade, ahead = round(BEAT_FADE_SECONDS * sr), round(AHEAD_SECONDS * sr)
    return [max(fade, round(float(each.target[0]) * sr) - ahead) for each in passages[1:]]


def _stretched(
    passage: Passage, read: ReadPassage, begin: int, last: int, sr: int
) -> Iterator[np.ndarray]:
    """Yield one passage, stretched, from sample `begin` of the mosaic up to sample `last`."""
    factor = np.float32(10 ** (passage.gain / 20))
    blocks = stretch(
        lambda first, stop: read(passage, first, stop),
        passage.source * (sr / passage.rate),
        passage.target * sr,
        start=begin,
        stop=last,
        sr=sr,
    )
    return (block * factor for block in blocks)


def _best_lag(before: np.ndarray, after: np.ndarray, lag: int, sr: float) -> int:
    """Return the lag, from -`lag` to `lag` samples, that makes `after` most similar to `before`."""
    fade = _fade_slice(before, after[lag : lag + len(before)], sr)
    pattern = before[fade]
    if len(pattern) == 0:
        return 0
    return best_lag(after[fade.start : fade.stop + 2 * lag], pattern)


def _crossfade(before: np.ndarray, after: np.ndarray, fade: slice) -> np.ndarray:
    """Return `before` up to the fade, then the crossfade, then the rest of `after`."""
    joined = np.concatenate([before[: fade.start], after[fade.start :]])
    joined[fade] = _mixed(before[fade], after[fade])
    return joined


def _mixed(leaving: np.ndarray, coming: np.ndarray) -> np.ndarray:
    """Crossfade two sounds of the same shape, (n_samples, n_channels)."""
    angle = np.linspace(0, np.pi / 2, len(leaving), dtype=np.float32)[:, np.newaxis]
    mixed = np.cos(angle) * leaving + np.sin(angle) * coming
    # These weights preserve the power of uncorrelated sounds. They would make correlated sounds
    # louder, so the mix is scaled down accordingly.
    common = float(np.vdot(leaving, coming))
    common /= max(float(np.linalg.norm(leaving) * np.linalg.norm(coming)), 1e-9)
    mixed /= np.sqrt(1 + max(common, 0.0) * np.sin(2 * angle))
    return mixed


def _fade_slice(before: np.ndarray, after: np.ndarray, sr: float) -> slice:
    """Return the slice of crossfade length in which the two sounds together are quietest."""
    n_fade = min(round(FADE_SECONDS * sr), len(before))
    both = np.concatenate([before, after], axis=1)
    start = int(np.argmin(sliding_energy(both, n_fade)))
    return slice(start, start + n_fade)


def _fade_in(samples: np.ndarray) -> None:
    samples *= np.linspace(0, 1, len(samples), dtype=np.float32)[:, np.newaxis]
