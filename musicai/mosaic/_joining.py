"""Stretches and passages of recordings played one after the other, without a seam.

Around the place where one stretch gives way to the next, the moment is looked for in which both
are quietest, the next one is shifted by some milliseconds so that its waveform goes on like the
one before (as in WSOLA: W. Verhelst and M. Roelands, ICASSP 1993), and the two are crossfaded with
equal power. All channels are joined at the same moment, with the same shift.

Passages of beats are joined by a short fade that ends just before the attack of the beat on which
the next one comes in: the attack is whole, and what comes before it is still the passage before.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ._stretches import Passage
from ._time_scaling import best_lag, sliding_energy, stretch

FADE_SECONDS = 0.06
SEARCH_SECONDS = 0.03
"""How far before or after its place a join may be made."""

LAG_SECONDS = 0.012
"""How much later or earlier the next stretch may begin: a period of the lowest notes."""

END_SECONDS = 0.01
"""The whole begins and ends with a fade as short as that."""

BEAT_FADE_SECONDS = 0.03
"""How long a fade before a beat is."""

AHEAD_SECONDS = 0.02
"""How long before a beat it has ended: attacks begin up to 15 ms before their beat."""

Read = Callable[[int, int, int], np.ndarray]
"""Takes the number of a stretch and two samples of the result, counted from the first; returns
what the stretch, if it went on before and after, would play from the one until the other: a new
array of shape (n_samples, n_channels)."""

ReadPassage = Callable[[Passage, int, int], np.ndarray]
"""Takes a passage and two samples of its recording, counted at the rate of the passage; returns the
samples between in shape (n_samples, n_channels)."""


class Join(NamedTuple):
    """How a stretch comes in.

    Attributes
    ----------
    start, stop : int
        The samples of the result from which, and up to which, it is faded in.
    lag : int
        By how many samples it is read later than its place, so that its waveform goes on.
    """

    start: int
    stop: int
    lag: int


class _Part(NamedTuple):
    """What a stretch plays from its join on, and what it is joined to: the end of the one before.

    The first one is joined to nothing, and its join has no length.
    """

    samples: np.ndarray
    before: np.ndarray
    fade: slice
    join: Join


def join_stretches(borders: Sequence[int], read: Read, *, sr: float) -> Iterator[np.ndarray]:
    """Play stretches one after the other.

    Parameters
    ----------
    borders : sequence of int
        The samples at which each stretch begins, and the one after the last of them all.
    read : callable
        Gives samples of a stretch.
    sr : float
        Samples per second.

    Yields
    ------
    block : ndarray of shape (n_samples, n_channels), dtype float32
        The next samples; of all blocks together there are ``borders[-1] - borders[0]``.
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
    """Return how each stretch comes in where `join_stretches` plays them; same parameters."""
    return [part.join for part in _parts(borders, read, sr)]


def _held(borders: Sequence[int], sr: float) -> list[int]:
    """Return how far each join may reach to either side of its place."""
    reach = round((FADE_SECONDS / 2 + SEARCH_SECONDS) * sr)
    shortest = [
        min(b - a, c - b) for (a, b), c in zip(pairwise(borders), borders[2:], strict=False)
    ]
    return [min(reach, room // 2) for room in shortest]


def _parts(borders: Sequence[int], read: Read, sr: float) -> Iterator[_Part]:
    """Read stretches, each shifted so that its waveform goes on like that of the one before."""
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
    """Play passages one after the other.

    Parameters
    ----------
    passages : sequence of Passage
        In order; each begins when the one before ends.
    read : callable
        Gives samples of the recording of a passage.
    n_samples : int
        How long to play.
    sr : int
        Samples per second.

    Yields
    ------
    block : ndarray of shape (n_samples, n_channels), dtype float32
        The next samples.
    """
    fade = round(BEAT_FADE_SECONDS * sr)
    joins = passage_joins(passages, sr=sr)
    held: np.ndarray | None = None  # the end of the passage before, which is to fade out
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
    """Return the samples at which all passages but the first have been faded in."""
    fade, ahead = round(BEAT_FADE_SECONDS * sr), round(AHEAD_SECONDS * sr)
    return [max(fade, round(float(each.target[0]) * sr) - ahead) for each in passages[1:]]


def _stretched(
    passage: Passage, read: ReadPassage, begin: int, last: int, sr: int
) -> Iterator[np.ndarray]:
    """Play one passage from a sample of the mosaic to another."""
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
    """Return by how many samples `after` is to be read later, to be most like `before`."""
    fade = _fade_slice(before, after[lag : lag + len(before)], sr)
    pattern = before[fade]
    if len(pattern) == 0:
        return 0
    return best_lag(after[fade.start : fade.stop + 2 * lag], pattern)


def _crossfade(before: np.ndarray, after: np.ndarray, fade: slice) -> np.ndarray:
    """Go from one to the other in the course of some samples."""
    joined = np.concatenate([before[: fade.start], after[fade.start :]])
    joined[fade] = _mixed(before[fade], after[fade])
    return joined


def _mixed(leaving: np.ndarray, coming: np.ndarray) -> np.ndarray:
    """Go from one sound to another of the same shape, (n_samples, n_channels)."""
    angle = np.linspace(0, np.pi / 2, len(leaving), dtype=np.float32)[:, np.newaxis]
    mixed = np.cos(angle) * leaving + np.sin(angle) * coming
    # Of equal power if the two have nothing in common; what they have in common adds up.
    common = float(np.vdot(leaving, coming))
    common /= max(float(np.linalg.norm(leaving) * np.linalg.norm(coming)), 1e-9)
    mixed /= np.sqrt(1 + max(common, 0.0) * np.sin(2 * angle))
    return mixed


def _fade_slice(before: np.ndarray, after: np.ndarray, sr: float) -> slice:
    """Return where the two together are quietest, for the length of a fade."""
    n_fade = min(round(FADE_SECONDS * sr), len(before))
    both = np.concatenate([before, after], axis=1)
    start = int(np.argmin(sliding_energy(both, n_fade)))
    return slice(start, start + n_fade)


def _fade_in(samples: np.ndarray) -> None:
    samples *= np.linspace(0, 1, len(samples), dtype=np.float32)[:, np.newaxis]
