"""Division of music into passages, which are rendered separately and then mixed.

This is possible because a synthesizer's sound is the sum of the sounds of its notes. A passage
contains the notes that begin in it, at full length. Controllers and programs keep the values that
were set before the passage.
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
"""Length of a passage in samples, not counting notes that last longer; a multiple of `BLOCK`."""

LONGEST = 60 * RATE
"""Length of the longest note in samples; longer notes are struck again to keep passages short."""

PARAMETER_CONTROLS = (6, 38, 96, 97, 98, 99, 100, 101)
"""Controllers that set a parameter in several steps, so all of their earlier values matter.

For any other controller, only the last value matters.
"""

_SENT = BLOCK // 2
"""Delay in samples that puts messages in the middle of a block, so rounding errors are harmless."""


class Strike(NamedTuple):
    """A note, with times in samples that are multiples of `BLOCK`."""

    start: int
    release: int
    silence: int  # when the sound begins to die away, after the key and the pedals are released
    player: int  # index of its instrument in the music
    pitch: int
    velocity: int


class Player(NamedTuple):
    """Program, control changes and pitch bends of an instrument.

    Attributes
    ----------
    program : int
        MIDI program.
    is_drum : bool
        Whether the instrument is a drum kit.
    changes : list of tuple
        Control changes and bends in chronological order. Each has a time in samples, a controller
        number (None for a bend) and a value.
    """

    program: int
    is_drum: bool
    changes: list[tuple[int, int | None, int]]


class Passage(NamedTuple):
    """Start of a passage in samples, and the notes that begin in it."""

    start: int
    strikes: list[Strike]

    @property
    def length(self) -> int:
        """Number of samples from the start until the last sound begins to die away."""
        return max(strike.silence for strike in self.strikes) - self.start


def passages(midi: Any, n_samples: int) -> Iterator[Passage]:
    """Cut music every `n_samples` samples (a multiple of `BLOCK`); yield passages with notes."""
    strikes = sorted(
        strike
        for player, instrument in enumerate(midi.instruments)
        for strike in _strikes(player, instrument)
    )
    for i, group in groupby(strikes, key=lambda strike: strike.start // n_samples):
        yield Passage(i * n_samples, list(group))


def players_of(midi: Any) -> list[Player]:
    """Return the program, control changes and pitch bends of each instrument in the music."""
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
    """Divide notes into groups in which each player has its own channel.

    Yields
    ------
    strikes : list of Strike
        The notes of a group.
    channels : dict of int to int
        The channel of each player in the group.
    """
    playing = sorted({strike.player for strike in strikes})
    drummers = [player for player in playing if players[player].is_drum]
    others = [player for player in playing if not players[player].is_drum]
    # There is only one drum channel, so a group can have only one drummer.
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
    """Return pairs (time, mido message) that play the notes, in chronological order.

    Times are in samples, counted from one block before `start`. Control changes and bends at or
    after `end` are left out.
    """
    mido = need("mido", extra="midi", what="synthesize")
    # Messages at the same time are sorted: programs and note-offs, then control changes and bends,
    # then note-ons. So a pedal that is pressed just as a key is released does not hold that note.
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
    """Yield (time, controller number or None for a bend, value) for each change to send.

    Earlier changes that still matter at `start` come first, at time 0. Changes from `start` to
    `end` follow.
    """
    first, stop = (bisect_left(changes, time, key=itemgetter(0)) for time in (start, end))
    last = {number: i for i, (_, number, _) in enumerate(changes[:first])}
    for i, (_, number, value) in enumerate(changes[:first]):
        if number in PARAMETER_CONTROLS or i == last[number]:
            yield 0, number, value
    for time, number, value in changes[first:stop]:
        yield _SENT + time - start, number, value


def _to_block(seconds: float) -> int:
    # Round to a thousandth of a block first. Beats are often halfway between two blocks, and
    # floating-point errors would move some of them to the earlier block.
    return math.floor(round(seconds * RATE / BLOCK, 3) + 0.5) * BLOCK


def _message(number: int | None, value: int, channel: int, mido: Any) -> Any:
    if number is None:
        return mido.Message("pitchwheel", pitch=value, channel=channel)
    return mido.Message("control_change", control=number, value=value, channel=channel)
