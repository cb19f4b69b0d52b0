"""Voice leading: the choice of octaves for the tones of chords, so that voices move little.

Dynamic programming finds the smoothest sequence of voicings, which have one note per pitch class
within a register. As in D. Tymoczko, "A geometry of music", Oxford 2011, chapter 2, the distance
between two chords is the sum of the movements of their voices.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np

# Costs are in semitones of movement.
_LOWEST_CLOSE = 52  # E3; seconds and thirds on lower notes are muddy
_COST_OF_MUD = 3.0  # per muddy interval; about the total movement of voices between two chords
_COST_OF_INVERSION = 1.5  # less than mud, so that a clear inversion wins over a muddy root position
_COST_OFF_CENTER = 0.15  # per semitone from the middle of the register; it mainly breaks ties
_COST_OF_SPREAD = 0.25  # per semitone by which a chord is wider than an octave
_WIDEST_GAP = 9  # semitones between neighboring voices; tones farther apart do not blend

_RANGE = 24  # semitones; with a range of one octave, a line would have to leap at both ends
# Cost per semitone from the center of a line's range. It is lower than the cost of movement, so
# that the nearer octave usually wins, but high enough to keep lines away from the range's ends.
_PULL_TO_CENTER = 0.4


class Register(NamedTuple):
    """The range of voices, as MIDI numbers."""

    lowest: int
    highest: int


Voicing = tuple[int, ...]
"""MIDI numbers from the lowest voice up."""


def lead_voices(
    chords: list[tuple[int, ...]],
    roots: list[int],
    register: Register,
    *,
    ends: Iterable[int] = (),
) -> list[Voicing]:
    """Choose a voicing for each chord.

    Parameters
    ----------
    chords : list of tuple of int
        Pitch classes of each chord. A chord without pitch classes is a rest; voices continue after
        it as if it were not there.
    roots : list of int
        Pitch class of each chord's root, which is preferred in the lowest voice.
    register : Register
        Range of the voices: at least two octaves.
    ends : iterable of int, default=()
        Indices of chords in ascending order, such as the first chord of each bar. The voicings
        before each index do not depend on chords from that index on.

    Returns
    -------
    voicings : list of tuple of int
        For each chord, one MIDI number per pitch class, from the lowest up.
    """
    voicings: list[Voicing] = []
    before: Voicing | None = None
    with_roots = list(zip(chords, roots, strict=True))
    borders = [0, *(end for end in ends if 0 < end < len(chords)), len(chords)]
    for start, end in pairwise(borders):
        some = with_roots[start:end]
        sounding = _lead([each for each in some if each[0]], register, before)
        before = sounding[-1] if sounding else before
        places = iter(sounding)
        voicings += [next(places) if chord else () for chord, _ in some]
    return voicings


def _lead(
    chords: list[tuple[tuple[int, ...], int]], register: Register, before: Voicing | None
) -> list[Voicing]:
    """Choose a voicing for each of `chords`, which are pairs (pitch classes, root).

    `before` is the voicing of the previous chord, if any.
    """
    if not chords:
        return []
    tables = [_candidates(tuple(sorted(tones)), register) for tones, _ in chords]
    total = _own_costs(tables[0], chords[0][1], register)
    if before is not None:
        total = total + _movement(np.array([before]), tables[0])[0]
    origins = []
    for last, table, (_, root) in zip(tables[:-1], tables[1:], chords[1:], strict=True):
        moves = total[:, None] + _movement(last, table)
        origins.append(moves.argmin(axis=0))
        total = moves.min(axis=0) + _own_costs(table, root, register)
    choice = int(total.argmin())
    voicings = []
    for at in range(len(chords) - 1, -1, -1):
        voicings.append(tuple(int(note) for note in tables[at][choice]))
        if at:
            choice = int(origins[at - 1][choice])
    return voicings[::-1]


def lead_line(tones: np.ndarray, lowest: int) -> np.ndarray:
    """Choose octaves for the pitch classes of a melody or bass so that successive notes are close.

    Parameters
    ----------
    tones : ndarray of int of shape (n_tones,)
        Pitch classes; -1 for a rest.
    lowest : int
        MIDI number of the lowest possible note; the range is two octaves.

    Returns
    -------
    notes : ndarray of int of shape (n_tones,)
        MIDI numbers; -1 for a rest.
    """
    notes = np.full(len(tones), -1)
    last = center = lowest + _RANGE // 2 - 1
    for i in np.flatnonzero(tones >= 0):
        octaves = np.arange(lowest, lowest + _RANGE)
        octaves = octaves[octaves % 12 == tones[i]]
        costs = np.abs(octaves - last) + _PULL_TO_CENTER * np.abs(octaves - center)
        last = notes[i] = octaves[np.argmin(costs)]
    return notes


@lru_cache(maxsize=4096)
def _candidates(chord: tuple[int, ...], register: Register) -> np.ndarray:
    """Return the voicings of a chord in a register, shape (n_voicings, n_voices).

    Voicings with a gap wider than `_WIDEST_GAP` are left out, unless all have one.
    """
    places = [
        [note for note in range(register.lowest, register.highest + 1) if note % 12 == tone]
        for tone in chord
    ]
    every = np.sort(np.array(list(product(*places))), axis=1)
    close = np.all(np.diff(every, axis=1) <= _WIDEST_GAP, axis=1)
    return every[close] if close.any() else every


def _own_costs(table: np.ndarray, root: int, register: Register) -> np.ndarray:
    """Return the part of each voicing's cost that is independent of other chords, (n_voicings,)."""
    gaps = np.diff(table, axis=1)
    mud = ((gaps < 5) & (table[:, :-1] < _LOWEST_CLOSE)).sum(axis=1)
    inverted = table[:, 0] % 12 != root
    off_center = np.abs(table.mean(axis=1) - (register.lowest + register.highest) / 2)
    spread = np.maximum(0, table[:, -1] - table[:, 0] - 12)
    return (
        _COST_OF_MUD * mud
        + _COST_OF_INVERSION * inverted
        + _COST_OFF_CENTER * off_center
        + _COST_OF_SPREAD * spread
    )


def _movement(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the total movement of voices, in semitones, shape (n_before, n_after).

    If two voicings differ in their number of voices, the value is a lower bound.
    """
    if before.shape[1] == after.shape[1]:
        return np.abs(before[:, None] - after[None]).sum(axis=2)
    steps = np.abs(before[:, None, :, None] - after[None, :, None, :])
    return np.maximum(steps.min(axis=3).sum(axis=2), steps.min(axis=2).sum(axis=2))
