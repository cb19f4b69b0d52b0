"""Damage to lengths, counts, units and channel states in MIDI files."""

import re
import struct
from collections.abc import Callable

from benchmarks.common.damages import EXTREMES, Damage, Random
from musicai.midi.events import Event, Song, Track, read_song, write_song

CHANNEL_STATE = (0, 6, 7, 32, 64, 66, 100, 101, 120, 121, 123, 124, 125, 126, 127)
"""Controllers that affect how a channel plays notes."""


def wrong_number(number: int, n_bytes: int, rng: Random) -> bytes:
    """Return a wrong number: an extreme one, a nearby one, or a random one."""
    limit = 256**n_bytes
    near = number + int(rng.integers(-9, 10))
    other = rng.choice([EXTREMES[rng.integers(len(EXTREMES))] % limit, near, rng.integers(limit)])
    return (int(other) % limit).to_bytes(n_bytes, "big")


def replaced(data: bytes, at: int, n_bytes: int, rng: Random) -> bytes:
    number = int.from_bytes(data[at : at + n_bytes], "big")
    return data[:at] + wrong_number(number, n_bytes, rng) + data[at + n_bytes :]


def header_length(data: bytes, rng: Random, other: bytes) -> bytes:
    return replaced(data, 4, 4, rng)


def format_number(data: bytes, rng: Random, other: bytes) -> bytes:
    return replaced(data, 8, 2, rng)


def track_count(data: bytes, rng: Random, other: bytes) -> bytes:
    return replaced(data, 10, 2, rng)


def division(data: bytes, rng: Random, other: bytes) -> bytes:
    return replaced(data, 12, 2, rng)


def track_length(data: bytes, rng: Random, other: bytes) -> bytes:
    found = [match.end() for match in re.finditer(b"MTrk", data)]
    return replaced(data, int(rng.choice(found)), 4, rng)


def all_track_lengths(data: bytes, rng: Random, other: bytes) -> bytes:
    """Set all lengths to 0, as crashed programs leave them, or to a huge value, as streams do."""
    length = struct.pack(">L", int(rng.choice([0, 2**31, 2**32 - 1])))
    return re.sub(rb"MTrk....", lambda _: b"MTrk" + length, data, flags=re.DOTALL)


def event_length(data: bytes, rng: Random, other: bytes) -> bytes:
    found = [match.end() - 1 for match in re.finditer(rb"\xff[\x00-\x7f][\x00-\x7f]", data)]
    return replaced(data, int(rng.choice(found)), 1, rng)


def edited(edit: Callable[[Song, Random], list[Track]]) -> Damage:
    """Convert a function that edits the events of tracks to a kind of damage."""

    def damage(data: bytes, rng: Random, other: bytes) -> bytes:
        song = read_song(data)
        return write_song(song.division, edit(song, rng))

    damage.__name__ = edit.__name__
    return damage


@edited
def channels_moved(song: Song, rng: Random) -> list[Track]:
    share = rng.random() ** 2
    return [
        track._replace(
            events=[
                event._replace(status=event.status & 0xF0 | int(rng.integers(16)))
                if event.status < 0xF0 and rng.random() < share
                else event
                for event in track.events
            ]
        )
        for track in song.tracks
    ]


@edited
def controllers_added(song: Song, rng: Random) -> list[Track]:
    tracks = [track._replace(events=list(track.events)) for track in song.tracks]
    for _ in range(int(200 ** rng.random())):
        track = tracks[rng.integers(len(tracks))]
        number, value = int(rng.choice(CHANNEL_STATE)), int(rng.choice([0, 1, 63, 64, 127]))
        tick = int(rng.integers(track.end + 1))
        status = 0xB0 | int(rng.integers(16))
        track.events.append(Event(tick, status, bytes([number, value])))
        if rng.random() < 0.1:
            track.events.append(Event(tick, 0xFF, bytes([0x21, value])))
    for track in tracks:
        track.events.sort(key=lambda event: event.tick)
    return tracks


@edited
def ends_lost(song: Song, rng: Random) -> list[Track]:
    """Remove some or all note-offs."""
    share = rng.random()
    return [
        track._replace(
            events=[
                event
                for event in track.events
                if rng.random() > share or not (event.status & 0xF0 == 0x90 and not event.data[1])
            ]
        )
        for track in song.tracks
    ]


@edited
def tracks_mixed(song: Song, rng: Random) -> list[Track]:
    """Move each event to a random track."""
    tracks = [track._replace(events=[]) for track in song.tracks]
    for track in song.tracks:
        for event in track.events:
            tracks[rng.integers(len(tracks))].events.append(event)
    for track in tracks:
        track.events.sort(key=lambda event: event.tick)
    end = max(track.end for track in song.tracks)
    return [track._replace(end=end) for track in tracks]


PROMISES: tuple[Damage, ...] = (
    header_length,
    format_number,
    track_count,
    division,
    track_length,
    all_track_lengths,
    event_length,
    channels_moved,
    controllers_added,
    ends_lost,
    tracks_mixed,
)
