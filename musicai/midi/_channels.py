"""Notes, control changes and pitch bends of MIDI files, by channel.

Synthesizers ignore tracks: a pedal in one track also holds the notes of other tracks on the same
channel. Therefore, the events of all tracks are merged in chronological order. Each instrument has
the notes of one track, channel and program, and all control changes and bends of its channel.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

from ..base.extras import need
from ._pairing import Key, Note, Stroke
from ._sounding import NOTES_OFF_CONTROLS, PEDAL_CONTROLS, PEDAL_DOWN, RESET_CONTROL
from .events import (
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

if TYPE_CHECKING:
    from pretty_midi import Instrument, PrettyMIDI

DRUMS = 9
"""General MIDI's drum channel, counted from 0."""

CHANNELS = tuple(channel for channel in range(16) if channel != DRUMS)
"""The 15 channels for instruments other than drums."""

MOST_CHANGES = 2**20
"""Largest total number of control changes and bends of all instruments; a million take 200 MB."""

_Channel = tuple[int, int]  # port and channel; each port has 16 channels
_Player = tuple[int, _Channel, int]  # track, channel and program


class _Channels:
    """Notes, control changes and pitch bends of all tracks of a file.

    Attributes
    ----------
    notes : dict
        For each track, channel and program, a list of notes with their pitches.
    controls : dict
        For each channel, a list of control changes: their ticks, controller numbers and values.
    bends : dict
        For each channel, a list of bends: their ticks and values.
    n_unended : int
        Number of notes that neither a note-off nor a control change ends.
    """

    def __init__(self, tracks: Sequence[Track]) -> None:
        self.notes: defaultdict[_Player, list[tuple[Note, int]]] = defaultdict(list)
        self.controls: defaultdict[_Channel, list[tuple[int, int, int]]] = defaultdict(list)
        self.bends: defaultdict[_Channel, list[tuple[int, int]]] = defaultdict(list)
        self.n_unended = 0
        # Group strokes by track, because a pianist's two hands may have separate tracks and play
        # the same key at once. Each note-off should then end the note of its own hand.
        strokes: defaultdict[tuple[int, _Channel, int], list[Stroke]] = defaultdict(list)
        programs: defaultdict[_Channel, int] = defaultdict(int)
        for track, channel, (tick, status, data) in _merged_events(tracks):
            kind = status & 0xF0
            if kind in (NOTE_ON, NOTE_OFF):
                velocity = data[1] if kind == NOTE_ON else 0
                stroke = Stroke(tick, velocity, programs[channel])
                strokes[track, channel, data[0]].append(stroke)
            elif kind == PROGRAM:
                programs[channel] = data[0]
            elif kind == BEND:
                self.bends[channel].append((tick, (data[1] << 7 | data[0]) - 0x2000))
            elif kind == CONTROL:
                self.controls[channel].append((tick, data[0], data[1]))
        self._add_notes({place: Key(each) for place, each in strokes.items()}, tracks)

    def _add_notes(
        self, keys: dict[tuple[int, _Channel, int], Key], tracks: Sequence[Track]
    ) -> None:
        cuts = {
            channel: [tick for tick, number, _ in controls if number in NOTES_OFF_CONTROLS]
            for channel, controls in self.controls.items()
        }
        offs: defaultdict[tuple[_Channel, int], list[int]] = defaultdict(list)
        for (_, channel, pitch), key in keys.items():
            offs[channel, pitch] += key.idle_offs
        for each in offs.values():
            each.sort()
        for (track, channel, pitch), key in keys.items():
            ends = offs[channel, pitch], cuts.get(channel, []), tracks[track].end
            for note, is_unended in key.notes(*ends):
                self.notes[track, channel, note.program].append((note, pitch))
                self.n_unended += is_unended


def instruments_of(tracks: Sequence[Track], midi: "PrettyMIDI") -> tuple[list["Instrument"], int]:
    """Return a file's instruments, and the number of notes that no note-off or control change ends.

    Parameters
    ----------
    tracks : sequence of Track
        All tracks of a file.
    midi : pretty_midi.PrettyMIDI
        Music with the tempi of the file, which determine the time of each tick in seconds.

    Raises
    ------
    ValueError
        If the instruments have more than `MOST_CHANGES` control changes and bends.
    """
    pretty_midi = need("pretty_midi", extra="midi", what="read_midi")
    channels = _Channels(tracks)
    last: defaultdict[_Channel, int] = defaultdict(int)
    for (_, channel, _), notes in channels.notes.items():
        last[channel] = max(last[channel], max(note.end for note, _ in notes))
    for channel, tick in last.items():
        channels.controls[channel] += _lifts(channels.controls[channel], tick)
    n_changes = sum(
        len(channels.controls[channel]) + len(channels.bends[channel])
        for _, channel, _ in channels.notes
    )
    if n_changes > MOST_CHANGES:
        raise ValueError(
            f"its instruments have {n_changes} control changes and pitch bends, where at most "
            f"{MOST_CHANGES} are expected"
        )
    time, names = midi.tick_to_time, [_name(track) for track in tracks]
    found = []
    for track, channel, program in sorted(channels.notes, key=itemgetter(0)):
        is_drum = channel[1] == DRUMS
        instrument = pretty_midi.Instrument(program, is_drum=is_drum, name=names[track])
        instrument.notes = [
            pretty_midi.Note(note.velocity, pitch, time(note.start), time(note.end))
            for note, pitch in sorted(channels.notes[track, channel, program])
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


def _merged_events(tracks: Sequence[Track]) -> Iterator[tuple[int, _Channel, Event]]:
    """Yield (index of the track, channel, event) for all tracks in chronological order.

    Meta events are left out. At each tick, events of tracks without a note-on come first, so that
    they apply to the notes that begin at that tick.
    """
    timed = []
    for i, track in enumerate(tracks):
        strikes = {e.tick for e in track.events if e.status & 0xF0 == NOTE_ON and e.data[1]}
        channels = [(0, channel) for channel in range(16)]
        for event in track.events:
            if event.status != META:
                order = 2 * event.tick + (event.tick in strikes)
                timed.append((order, i, channels[event.status & 0x0F], event))
            elif event.data[0] == PORT and len(event.data) > 1:
                channels = [(event.data[1], channel) for channel in range(16)]
    timed.sort(key=itemgetter(0))
    for _, i, channel, event in timed:
        yield i, channel, event


def _lifts(controls: list[tuple[int, int, int]], tick: int) -> list[tuple[int, int, int]]:
    """Return control changes at `tick` that lift the pedals still down after `controls`."""
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
