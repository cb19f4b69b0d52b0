import struct

import numpy as np
import pretty_midi
import pytest

from musicai import PianoRollExtractor, Timing

SIXTEENTHS = Timing.from_tempo(120, frames_per_beat=4)
STEP = 120
"""Ticks per sixteenth in the files that tests build."""


def variable(number):
    """Encode a number as MIDI files do, with seven bits per byte."""
    groups = [number & 127]
    while number := number >> 7:
        groups.append(number & 127 | 128)
    return bytes(reversed(groups))


def file_of(*tracks, format_=1, division=4 * STEP):
    """Return the bytes of a MIDI file, given the bytes of the events in each track."""
    chunks = [b"MTrk" + struct.pack(">L", len(track)) + track for track in tracks]
    return b"MThd" + struct.pack(">LHHH", 6, format_, len(tracks), division) + b"".join(chunks)


END = b"\0\xff\x2f\0"
NOTE = b"\0\x90\x3c\x50" + variable(480) + b"\x80\x3c\0" + END


def track_of(*events, end=None):
    """Return the bytes of a track's events, given as (step, bytes) in ascending order."""
    data, now = b"", 0
    for step, event in [*events, (events[-1][0] if end is None else end, END[1:])]:
        data += variable(round((step - now) * STEP)) + bytes(event)
        now = step
    return data


def on(pitch, velocity=80, channel=0):
    return [0x90 | channel, pitch, velocity]


def off(pitch, channel=0):
    return [0x80 | channel, pitch, 0]


def control(number, value, channel=0):
    return [0xB0 | channel, number, value]


def sounding(roll, pitch=60):
    """Return a string with "#" for each frame in which a pitch sounds and "." for the others."""
    return "".join("#" if value else "." for value in roll[:, pitch - 21])


@pytest.fixture
def roll_of_file(tmp_path):
    """Return a function that writes tracks to a file and returns its roll in sixteenths."""

    def read(*tracks, **options):
        path = tmp_path / "file.mid"
        path.write_bytes(file_of(*tracks, **options))
        (roll,) = PianoRollExtractor().transform([path])
        return roll

    return read


@pytest.fixture
def make_midi():
    """Return a function that makes music of notes (pitch, start, end), with times in seconds."""

    def build(*notes, is_drum=False, program=0, pedal=(), tempo=120.0, resolution=480):
        midi = pretty_midi.PrettyMIDI(initial_tempo=tempo, resolution=resolution)
        player = pretty_midi.Instrument(program, is_drum=is_drum)
        player.notes = [pretty_midi.Note(80, pitch, start, end) for pitch, start, end in notes]
        player.control_changes = [pretty_midi.ControlChange(64, v, time) for time, v in pedal]
        midi.instruments.append(player)
        return midi

    return build


@pytest.fixture
def make_roll():
    """Return a function that makes piano rolls of random notes, with some silence."""

    def build(n_frames, seed=0, density=0.05):
        rng = np.random.default_rng(seed)
        changes = rng.random((n_frames, 88)) < 0.2
        values = rng.random((n_frames, 88)) < density
        last = np.maximum.accumulate(np.where(changes, np.arange(n_frames)[:, None], 0), axis=0)
        return np.take_along_axis(values, last, axis=0).astype(np.float32)

    return build
