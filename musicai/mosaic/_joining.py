"""Stretches of recordings played one after the other, without a seam.

Around the place where one stretch gives way to the next, the moment is looked for in which both
are quietest, the next one is shifted by some milliseconds so that its waveform goes on like the
one before (as in WSOLA: W. Verhelst and M. Roelands, ICASSP 1993), and the two are crossfaded with
equal power. All channels are joined at the same moment, with the same shift.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.signal import correlate

FADE_SECONDS = 0.06
SEARCH_SECONDS = 0.03
"""How far before or after its place a join may be made."""

LAG_SECONDS = 0.012
"""How much later or earlier the next stretch may begin: a period of the lowest notes."""

END_SECONDS = 0.01
"""The whole begins and ends with a fade as short as that."""

Read = Callable[[int, int, int], np.ndarray]
"""Takes the number of a stretch and two samples of the result, counted from the first; returns
what the stretch, if it went on before and after, would play from the one until the other: a new
array of shape (n_samples, n_channels)."""


class _Join(NamedTuple):
    """Where a join lies, in samples of the result, and how far it may reach to either side."""

    place: int
    half: int


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
    reach = round((FADE_SECONDS / 2 + SEARCH_SECONDS) * sr)
    lag = round(LAG_SECONDS * sr)
    ends = round(END_SECONDS * sr)
    shortest = [
        min(b - a, c - b) for (a, b), c in zip(pairwise(borders), borders[2:], strict=False)
    ]
    joins = [
        _Join(place, min(reach, room // 2))
        for place, room in zip(borders[1:-1], shortest, strict=True)
    ]
    before = None  # what is still to be faded out
    for number, (begin, end) in enumerate(pairwise(borders)):
        start = begin if number == 0 else joins[number - 1].place - joins[number - 1].half
        stop = end if number == len(borders) - 2 else joins[number].place + joins[number].half
        samples = read(number, start - lag, stop + lag)
        if before is None:
            samples = samples[lag:-lag]
            _fade_in(samples[:ends])
        else:
            offset = _best_lag(before, samples[: len(before) + 2 * lag], lag, sr)
            samples = samples[lag + offset : len(samples) - lag + offset]
            samples[: len(before)] = _crossfade(before, samples[: len(before)], sr)
        if number == len(borders) - 2:
            _fade_in(samples[::-1][:ends])
            yield samples
        else:
            held = 2 * joins[number].half
            yield samples[: len(samples) - held]
            before = samples[len(samples) - held :]


def _best_lag(before: np.ndarray, after: np.ndarray, lag: int, sr: float) -> int:
    """Return by how many samples `after` is to be read later, to be most like `before`."""
    fade = _fade_slice(before, after[lag : lag + len(before)], sr)
    pattern = before[fade]
    if len(pattern) == 0:
        return 0
    candidates = after[fade.start : fade.stop + 2 * lag]
    products = correlate(candidates, pattern, mode="valid", method="fft")[:, 0]
    energies = _sliding_energy(candidates, len(pattern))
    likeness = products / np.sqrt(np.maximum(energies, 1e-9))
    # Of equals, such as silence, the one nearest to where it should be.
    return int(np.argmax(likeness - 1e-9 * np.abs(np.arange(-lag, lag + 1)))) - lag


def _crossfade(before: np.ndarray, after: np.ndarray, sr: float) -> np.ndarray:
    """Go from one to the other, at the quietest moment."""
    fade = _fade_slice(before, after, sr)
    joined = np.concatenate([before[: fade.start], after[fade.start :]])
    n_fade = fade.stop - fade.start
    if n_fade:
        leaving, coming = before[fade], after[fade]
        angle = np.linspace(0, np.pi / 2, n_fade, dtype=np.float32)[:, np.newaxis]
        mixed = np.cos(angle) * leaving + np.sin(angle) * coming
        # Of equal power if the two have nothing in common; what they have in common adds up.
        common = float(np.vdot(leaving, coming))
        common /= max(float(np.linalg.norm(leaving) * np.linalg.norm(coming)), 1e-9)
        joined[fade] = mixed / np.sqrt(1 + max(common, 0.0) * np.sin(2 * angle))
    return joined


def _fade_slice(before: np.ndarray, after: np.ndarray, sr: float) -> slice:
    """Return where the two together are quietest, for the length of a fade."""
    n_fade = min(round(FADE_SECONDS * sr), len(before))
    both = np.concatenate([before, after], axis=1)
    start = int(np.argmin(_sliding_energy(both, n_fade)))
    return slice(start, start + n_fade)


def _sliding_energy(samples: np.ndarray, n_window: int) -> np.ndarray:
    """Return the energy, of all channels together, of every window of so many samples."""
    energy = np.square(samples, dtype=np.float64).sum(axis=1)
    sums = np.cumsum(np.concatenate([[0.0], energy]))
    return sums[n_window:] - sums[: len(sums) - n_window]


def _fade_in(samples: np.ndarray) -> None:
    samples *= np.linspace(0, 1, len(samples), dtype=np.float32)[:, np.newaxis]
