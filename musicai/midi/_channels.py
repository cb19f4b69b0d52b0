"""Notes and controllers of MIDI files, by the channels that they belong to.

A synthesizer has channels, not tracks: a pedal in one track holds the notes that other tracks
send to its channel. So tracks are merged in time, and each instrument (the notes of one track,
channel and program) has all controllers and bends of its channel.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from ..base.extras import need
from ._events import (
    BEND,
    CONTROL,
    META,
    NOTE_OFF,
    NOTE_ON,
    PORT,
    PROGRAM,
    TRACK_NAME,
    Event,
    Track,
    text_of,
)
from ._sounding import NOTES_OFF_CONTROLS, PEDAL_CONTROLS, PEDAL_DOWN, RESET_CONTROL

if TYPE_CHECKING:
    from pretty_midi import Instrument, PrettyMIDI

DRUMS = 9
"""General MIDI's channel of drums, counted from 0."""

CHANNELS = tuple(channel for channel in range(16) if channel != DRUMS)
"""Those of all other instruments."""

MOST_CHANGES = 2**20
"""Controllers and bends of all instruments together; a million take 200 MB."""

_Channel = tuple[int, int]  # port and channel: each port has sixteen channels of its own


class _Struck(NamedTuple):
    """A key that went down, with the program of its channel at that time."""

    tick: int
    velocity: int
    program: int
    is_over: bool  # by a note-off just before it that had nothing else to end


class _Note(NamedTuple):
    """A note; times are in ticks."""

    start: int
    end: int
    pitch: int
    velocity: int


class _Channels:
    """Notes, controllers and bends of merged tracks.

    Attributes
    ----------
    notes : dict
        The notes of each track, channel and program.
    controls : dict
        The controllers of each channel: tick, number and value.
    bends : dict
        The bends of each channel: tick and value.
    n_unended : int
        How many notes have no note-off.
    """

    def __init__(self, tracks: Sequence[Track]) -> None:
        self.notes: defaultdict[tuple[int, _Channel, int], list[_Note]] = defaultdict(list)
        self.controls: defaultdict[_Channel, list[tuple[int, int, int]]] = defaultdict(list)
        self.bends: defaultdict[_Channel, list[tuple[int, int]]] = defaultdict(list)
        self.n_unended = 0
        self._programs: defaultdict[_Channel, int] = defaultdict(int)
        # By track as well: where two hands share a key, each ends its own note.
        self._down: defaultdict[_Channel, dict[tuple[int, int], list[_Struck]]] = defaultdict(dict)
        self._other_offs: defaultdict[tuple[_Channel, int], list[int]] = defaultdict(list)
        self._idle_offs: dict[tuple[int, _Channel, int], int] = {}
        self._emptied: dict[_Channel, int] = {}
        for track, channel, event in _in_time(tracks):
            self._take(track, channel, event)
        for channel in self._down:
            self._end_rest(channel, tracks)

    def _take(self, track: int, channel: _Channel, event: Event) -> None:
        tick, kind, data = event.tick, event.status & 0xF0, event.data
        if kind == NOTE_ON and data[1]:
            is_over = self._idle_offs.get((track, channel, data[0])) == tick
            struck = _Struck(tick, data[1], self._programs[channel], is_over)
            self._down[channel].setdefault((track, data[0]), []).append(struck)
        elif kind in (NOTE_ON, NOTE_OFF):
            self._release(track, channel, data[0], tick)
        elif kind == PROGRAM:
            self._programs[channel] = data[0]
        elif kind == BEND:
            self.bends[channel].append((tick, (data[1] << 7 | data[0]) - 0x2000))
        elif kind == CONTROL:
            self.controls[channel].append((tick, data[0], data[1]))
            if data[0] in NOTES_OFF_CONTROLS and self._emptied.get(channel) != tick:
                self._emptied[channel] = tick
                self._release_all(channel, tick)

    def _release(self, track: int, channel: _Channel, pitch: int, tick: int) -> None:
        struck = self._down[channel].pop((track, pitch), None)
        if struck is None:
            self._other_offs[channel, pitch].append(tick)
            self._idle_offs[track, channel, pitch] = tick
            return
        # Some programs write the new note first where a key is struck again at once.
        older = [each for each in struck if each.tick < tick]
        if older and len(older) < len(struck):
            self._down[channel][track, pitch] = struck[len(older) :]
        ending = older or struck
        self._add(track, channel, pitch, ending, [tick] * len(ending))

    def _release_all(self, channel: _Channel, tick: int) -> None:
        """End the notes that began before; at one time, controllers come before keys go down."""
        for (track, pitch), struck in list(self._down[channel].items()):
            if struck[0].tick < tick:
                self._release(track, channel, pitch, tick)

    def _end_rest(self, channel: _Channel, tracks: Sequence[Track]) -> None:
        """End what has no note-off in its track: by one in another track, or with the track."""
        for (track, pitch), struck in self._down[channel].items():
            offs = self._other_offs[channel, pitch]
            ends = []
            for each in struck:
                i = bisect_right(offs, each.tick)
                if i < len(offs):
                    ends.append(offs[i])
                elif each.is_over:
                    ends.append(each.tick)
                else:
                    ends.append(max(tracks[track].end, each.tick))
                    self.n_unended += 1
            self._add(track, channel, pitch, struck, ends)

    def _add(
        self, track: int, channel: _Channel, pitch: int, struck: list[_Struck], offs: list[int]
    ) -> None:
        """Add notes of one key, which end with their note-off or where the key is struck again.

        Notes of no length have their note-off in front in many files.
        """
        ticks = [each.tick for each in struck]
        for (start, velocity, program, is_over), end in zip(struck, offs, strict=True):
            i = bisect_right(ticks, start)
            if i < len(ticks):
                end = start if is_over else min(end, ticks[i])
            self.notes[track, channel, program].append(_Note(start, end, pitch, velocity))


def instruments_of(tracks: Sequence[Track], midi: "PrettyMIDI") -> tuple[list["Instrument"], int]:
    """Return the instruments of some tracks, and how many notes have no note-off.

    Parameters
    ----------
    tracks : sequence of Track
        All tracks of a file.
    midi : pretty_midi.PrettyMIDI
        Knows the time of each tick.

    Raises
    ------
    ValueError
        If there are so many controllers that memory would not suffice.
    """
    pretty_midi = need("pretty_midi", extra="midi", what="read_midi")
    channels = _Channels(tracks)
    last: defaultdict[_Channel, int] = defaultdict(int)
    for (_, channel, _), notes in channels.notes.items():
        last[channel] = max(last[channel], max(note.end for note in notes))
    for channel, tick in last.items():
        channels.controls[channel] += _lifts(channels.controls[channel], tick)
    n_changes = sum(
        len(channels.controls[channel]) + len(channels.bends[channel])
        for _, channel, _ in channels.notes
    )
    if n_changes > MOST_CHANGES:
        raise ValueError(f"its instruments have {n_changes} controllers, which is beyond music")
    time, names = midi.tick_to_time, [_name(track) for track in tracks]
    found = []
    for track, channel, program in sorted(channels.notes, key=itemgetter(0)):
        is_drum = channel[1] == DRUMS
        instrument = pretty_midi.Instrument(program, is_drum=is_drum, name=names[track])
        instrument.notes = [
            pretty_midi.Note(velocity, pitch, time(start), time(end))
            for start, end, pitch, velocity in sorted(channels.notes[track, channel, program])
        ]
        instrument.control_changes = [
            pretty_midi.ControlChange(number, value, time(tick))
            for tick, number, value in channels.controls[channel]
        ]
        instrument.pitch_bends = [
            pretty_midi.PitchBend(value, time(tick)) for tick, value in channels.bends[channel]
        ]
        found.append(instrument)
    return found, channels.n_unended


def _in_time(tracks: Sequence[Track]) -> Iterator[tuple[int, _Channel, Event]]:
    """Merge tracks; at one time those come first that only set up a channel for others."""
    timed = []
    for i, track in enumerate(tracks):
        strikes = {e.tick for e in track.events if e.status & 0xF0 == NOTE_ON and e.data[1]}
        port = 0
        for event in track.events:
            if event.status != META:
                order = event.tick, event.tick in strikes
                timed.append((order, i, (port, event.status & 0x0F), event))
            elif event.data[0] == PORT and len(event.data) > 1:
                port = event.data[1]
    timed.sort(key=itemgetter(0))
    for _, i, channel, event in timed:
        yield i, channel, event


def _lifts(controls: list[tuple[int, int, int]], tick: int) -> list[tuple[int, int, int]]:
    """Lift pedals with the last note of a channel that nobody lifts."""
    down: dict[int, bool] = {}
    for _, number, value in controls:
        if number == RESET_CONTROL:
            down.clear()
        elif number in PEDAL_CONTROLS:
            down[number] = value >= PEDAL_DOWN
    return [(tick, number, 0) for number in PEDAL_CONTROLS if down.get(number)]


def _name(track: Track) -> str:
    names = (text_of(e) for e in track.events if e.status == META and e.data[0] == TRACK_NAME)
    return next(names, "")
