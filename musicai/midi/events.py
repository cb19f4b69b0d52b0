"""Reading and writing the events of Standard MIDI Files.

Channel messages and meta events are read; system messages are skipped.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

NOTE_OFF, NOTE_ON, CONTROL, PROGRAM, BEND = 0x80, 0x90, 0xB0, 0xC0, 0xE0
"""Kinds of channel messages: the upper four bits of their status."""

META = 0xFF
TEXT, TRACK_NAME, LYRIC, PORT = 0x01, 0x03, 0x05, 0x21
END, TEMPO, TIME_SIGNATURE, KEY_SIGNATURE = 0x2F, 0x51, 0x58, 0x59
"""Kinds of meta events."""

_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2} | {
    0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0, 0xFE: 0
}  # fmt: skip
"""Number of data bytes by status. Statuses from 0xF1 on do not belong in files, but occur there."""

_EXCLUSIVE = (0xF0, 0xF7)
"""Statuses of system-exclusive messages."""

_MOST_DIGITS = 9
"""Largest number of bytes to read for a variable-length number. The format allows four."""


class Event(NamedTuple):
    """A channel message or a meta event."""

    tick: int  # from the beginning of the track
    status: int  # kind and channel, or META
    data: bytes  # data bytes of a message; kind and contents of a meta event


class Track(NamedTuple):
    """Events in chronological order, and the tick at which the track ends."""

    events: list[Event]
    end: int


class Song(NamedTuple):
    """The contents of a MIDI file."""

    format: int
    division: int  # ticks per beat if less than 2**15, else a code for film frames (SMPTE)
    tracks: list[Track]
    n_promised: int  # number of tracks according to the header
    n_unread: int  # number of notes after the ends of their tracks
    is_followed: bool  # whether another MIDI file follows in the same bytes


def read_song(data: bytes) -> Song:
    """Read the bytes of a MIDI file, which must begin with "MThd".

    A track lasts until its "end of track" event. The length in its header counts only if there is
    no such event, because programs that crash or join files leave wrong lengths behind.

    Raises
    ------
    ValueError
        If the bytes are damaged. The message gives the cause but not the file.
    """
    position = 14
    if len(data) < position:
        raise ValueError("it ends too early")
    format_, n_promised, division = (int.from_bytes(data[i : i + 2], "big") for i in (8, 10, 12))
    tracks: list[Track] = []
    n_unread = 0
    while (found := data.find(b"MTrk", position)) >= 0:
        if len(tracks) >= n_promised and found != position:
            break  # what follows may be another file
        track, position, n_behind = _read_track(data, found + 4)
        tracks.append(track)
        n_unread += n_behind
    if not tracks:
        raise ValueError("it has no tracks")
    is_followed = data.startswith(b"MThd", position)
    return Song(format_, division, tracks, n_promised, n_unread, is_followed)


def write_song(division: int, tracks: Iterable[Track]) -> bytes:
    """Return a MIDI file of format 1. Events must be sorted; `division` is in ticks per beat."""
    chunks = [_chunk(b"MTrk", _track_bytes(track)) for track in tracks]
    header = b"".join(value.to_bytes(2, "big") for value in (1, len(chunks), division))
    return _chunk(b"MThd", header) + b"".join(chunks)


def text_of(event: Event) -> str:
    """Return the text of a meta event, decoded as UTF-8 if that is possible, else as Latin-1."""
    text = event.data[1:]
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


class _Bytes:
    """Reader of bytes, with the position of the next byte."""

    def __init__(self, data: bytes, position: int) -> None:
        self.data = data
        self.position = position

    def take(self, n: int) -> bytes:
        taken = self.data[self.position : self.position + n]
        if len(taken) < n:
            raise ValueError("it ends too early")
        self.position += n
        return taken

    def number(self) -> int:
        """Read a variable-length number, which has seven bits in each byte."""
        value = 0
        for byte in self.data[self.position : self.position + _MOST_DIGITS]:
            self.position += 1
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        if self.position == len(self.data):
            raise ValueError("it ends too early")
        raise ValueError("it holds long runs of bytes that are not MIDI")

    def at(self, beginnings: tuple[bytes, ...]) -> bool:
        return self.data[self.position : self.position + 4] in beginnings


def _read_track(data: bytes, start: int) -> tuple[Track, int, int]:
    """Read a track; the four bytes of its length begin at `start`.

    Returns
    -------
    track : Track
        The track.
    position : int
        Position of the first byte after the track.
    n_behind : int
        Number of notes that begin after the track's end but within its stated length.
    """
    source = _Bytes(data, start)
    promised = int.from_bytes(source.take(4), "big") + source.position
    events: list[Event] = []
    tick = 0
    for event in _read_events(source, promised):
        tick = event.tick
        if event.status == META and event.data[0] == END:
            break
        events.append(event)
    else:
        return Track(events, tick), source.position, 0
    return Track(events, tick), source.position, _count_notes(data, source.position, promised)


def _read_events(source: _Bytes, promised: int) -> Iterator[Event]:
    """Yield events; stop at position `promised` if the file ends or the next track begins there."""
    tick = running = 0
    while not (source.position == promised and source.at((b"MTrk", b""))):
        tick += source.number()
        (status,) = source.take(1)
        if status < 0x80:
            source.position -= 1
            status = running
        data = _read_data(source, status)
        if status < 0xF0:
            running = status
        if status < 0xF0 or status == META:
            yield Event(tick, status, data)


def _count_notes(data: bytes, start: int, stop: int) -> int:
    """Count the note-ons from `start` to `stop` or the next track; 0 if the bytes are not MIDI."""
    following = data.find(b"MTrk", start)
    stop = min(stop, len(data) if following < 0 else following)
    n_notes = 0
    try:
        for event in _read_events(_Bytes(data[:stop], start), stop):
            n_notes += event.status & 0xF0 == NOTE_ON and event.data[1] > 0
    except ValueError:
        return 0
    return n_notes


def _read_data(source: _Bytes, status: int) -> bytes:
    """Read the data of an event."""
    if status == META:
        return source.take(1) + source.take(source.number())
    if status in _EXCLUSIVE:
        return source.take(source.number())
    n_bytes = _DATA_BYTES.get(status & 0xF0 if status < 0xF0 else status)
    if n_bytes is None:
        raise ValueError(f"an event has the status {status}, which MIDI does not define")
    values = source.take(n_bytes)
    if n_bytes and max(values) > 127:
        raise ValueError(f"a data byte is {max(values)}, where at most 127 is expected")
    return values


def _track_bytes(track: Track) -> bytes:
    written, now, running = bytearray(), 0, None
    for tick, status, data in [*track.events, Event(track.end, META, bytes([END]))]:
        written += _number_bytes(tick - now)
        now = tick
        if status == META:
            written += bytes([META, data[0]]) + _number_bytes(len(data) - 1) + data[1:]
            running = None
            continue
        if status != running:
            written.append(status)
            running = status
        written += data
    return bytes(written)


def _number_bytes(number: int) -> bytes:
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + len(data).to_bytes(4, "big") + data
