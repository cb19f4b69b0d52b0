"""Music cut into passages that can be played by themselves and added up.

A synthesizer's sound is the sum of its notes, so a passage may hold the notes that begin in it, at
their whole length, and what controllers and programs have come to by then.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from ..base.extras import need
from ._channels import CHANNELS, DRUMS
from ._sounding import release_times
from .rendering import BLOCK, RATE

PASSAGE = 20 * RATE
"""Samples in which the notes of a passage begin; whole blocks of the synthesizer's."""

LONGEST = 60 * RATE
"""A note that is held for longer is struck again, so that no passage is much longer than this."""

PARAMETER_CONTROLS = (6, 38, 96, 97, 98, 99, 100, 101)
"""Controllers that set a parameter by one after the other; all others count by their last value."""

_SENT = BLOCK // 2
"""Messages are sent half a block early, that rounding may not put them into another one."""


class Strike(NamedTuple):
    """A note, with times in samples that are whole blocks."""

    start: int
    release: int
    silence: int  # when it has ended, pedal included
    player: int  # which of the music's instruments
    pitch: int
    velocity: int


class Player(NamedTuple):
    """Program, controllers and bends of an instrument.

    Attributes
    ----------
    program : int
        Its program.
    is_drum : bool
        Whether it plays drums.
    changes : list of tuple
        Controllers and bends in order: the time in samples, the controller's number or None for a
        bend, and the value.
    """

    program: int
    is_drum: bool
    changes: list[tuple[int, int | None, int]]


class Passage(NamedTuple):
    """Notes that begin within some samples, `PASSAGE` as a rule."""

    start: int
    strikes: list[Strike]

    @property
    def length(self) -> int:
        """Samples from its start until all its keys and pedals are released."""
        return max(strike.silence for strike in self.strikes) - self.start


def passages(midi: Any, n_samples: int) -> Iterator[Passage]:
    """Cut music every `n_samples`, whole blocks; passages without notes are passed by."""
    strikes = sorted(
        strike
        for player, instrument in enumerate(midi.instruments)
        for strike in _strikes(player, instrument)
    )
    for i, group in groupby(strikes, key=lambda strike: strike.start // n_samples):
        yield Passage(i * n_samples, list(group))


def players_of(midi: Any) -> list[Player]:
    """Return a player for each instrument of some music."""
    players = []
    for instrument in midi.instruments:
        changes: list[tuple[int, int | None, int]] = [
            (_to_block(each.time), each.number, each.value) for each in instrument.control_changes
        ]
        changes += [(_to_block(each.time), None, each.pitch) for each in instrument.pitch_bends]
        changes.sort(key=itemgetter(0))
        players.append(Player(instrument.program, instrument.is_drum, changes))
    return players


def ensembles(
    strikes: Sequence[Strike], players: Sequence[Player]
) -> Iterator[tuple[list[Strike], dict[int, int]]]:
    """Divide notes so that each group's players find a channel; give notes and channels."""
    playing = sorted({strike.player for strike in strikes})
    drummers = [player for player in playing if players[player].is_drum]
    others = [player for player in playing if not players[player].is_drum]
    # Drummers share the one channel that is theirs, so only one of them can be in a group.
    for i in range(max(len(drummers), -(-len(others) // len(CHANNELS)))):
        seated = others[i * len(CHANNELS) : (i + 1) * len(CHANNELS)]
        channels = dict(zip(seated, CHANNELS, strict=False))
        channels.update(dict.fromkeys(drummers[i : i + 1], DRUMS))
        yield [strike for strike in strikes if strike.player in channels], channels


def messages(
    strikes: Sequence[Strike],
    channels: dict[int, int],
    start: int,
    end: int,
    players: Sequence[Player],
) -> list[tuple[int, Any]]:
    """Return what to send and when, in samples; a block goes before `start`."""
    mido = need("mido", extra="midi", what="synthesize")
    # What happens at the same time happens in this order: keys up, controllers, keys down. A pedal
    # that is pressed as a key is released comes too late for it.
    timed: list[tuple[int, int, Any]] = []
    for player, channel in channels.items():
        program = players[player].program
        timed.append((0, 0, mido.Message("program_change", program=program, channel=channel)))
        for time, number, value in _changes(players[player].changes, start, end):
            timed.append((time, 1, _message(number, value, channel, mido)))
    for strike in strikes:
        note = {"channel": channels[strike.player], "note": strike.pitch}
        on = mido.Message("note_on", velocity=strike.velocity, **note)
        timed.append((_SENT + strike.start - start, 2, on))
        timed.append((_SENT + strike.release - start, 0, mido.Message("note_off", **note)))
    timed.sort(key=lambda each: each[:2])
    return [(time, message) for time, _, message in timed]


def _strikes(player: int, instrument: Any) -> Iterator[Strike]:
    times = zip(instrument.notes, *release_times(instrument), strict=True)
    for note, up, silence in times:
        start = _to_block(note.start)
        release = max(_to_block(up), start + BLOCK)
        while release - start > LONGEST:
            middle = start + LONGEST
            yield Strike(start, middle, middle, player, note.pitch, note.velocity)
            start = middle
        end = int(np.clip(_to_block(silence), release, start + LONGEST))
        yield Strike(start, release, end, player, note.pitch, note.velocity)


def _changes(
    changes: list[tuple[int, int | None, int]], start: int, end: int
) -> Iterator[tuple[int, int | None, int]]:
    """Yield changes from `start` to `end`, and before them at time 0 the state at `start`."""
    first, stop = (bisect_left(changes, time, key=itemgetter(0)) for time in (start, end))
    last = {number: i for i, (_, number, _) in enumerate(changes[:first])}
    for i, (_, number, value) in enumerate(changes[:first]):
        if number in PARAMETER_CONTROLS or i == last[number]:
            yield 0, number, value
    for time, number, value in changes[first:stop]:
        yield _SENT + time - start, number, value


def _to_block(seconds: float) -> int:
    # Beats often are half-way between two blocks, and their times are not exact.
    return math.floor(round(seconds * RATE / BLOCK, 3) + 0.5) * BLOCK


def _message(number: int | None, value: int, channel: int, mido: Any) -> Any:
    if number is None:
        return mido.Message("pitchwheel", pitch=value, channel=channel)
    return mido.Message("control_change", control=number, value=value, channel=channel)
