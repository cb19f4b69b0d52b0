"""Whatever a file holds, it is read, or refused with one clear error."""

import io
import os
import struct

import mido
import numpy as np
import pretty_midi
import pytest

from musicai import PianoRollExtractor
from musicai.midi import MidiError, read_midi, write_midi

from .conftest import SIXTEENTHS


def variable(number):
    """Encode a number as MIDI does."""
    groups = [number & 127]
    while number := number >> 7:
        groups.append(number & 127 | 128)
    return bytes(reversed(groups))


def file_of(*tracks, format_=1, division=480):
    """Build a MIDI file of tracks, each given as its events' bytes."""
    chunks = [b"MTrk" + struct.pack(">L", len(track)) + track for track in tracks]
    return b"MThd" + struct.pack(">LHHH", 6, format_, len(tracks), division) + b"".join(chunks)


END = b"\0\xff\x2f\0"
NOTE = b"\0\x90\x3c\x50" + variable(480) + b"\x80\x3c\0" + END


def test_reads_what_it_should(tmp_path):
    path = tmp_path / "one.KAR"
    path.write_bytes(file_of(NOTE))
    for name in (path, str(path), os.fsencode(path)):
        (player,) = read_midi(name).instruments
        (note,) = player.notes
        assert (note.pitch, note.start, note.end) == (60, 0, 0.5)


def test_reads_a_riff_wrapper(tmp_path):
    data = file_of(NOTE)
    riff = b"RIFF" + struct.pack("<L", len(data) + 12) + b"RMIDdata" + struct.pack("<L", len(data))
    (tmp_path / "one.rmi").write_bytes(riff + data)
    assert len(read_midi(tmp_path / "one.rmi").instruments[0].notes) == 1


def test_tempo_changes_in_any_track_count(tmp_path):
    slow = b"\0\xff\x51\x03" + (1_000_000).to_bytes(3, "big")
    slower = variable(240) + b"\xff\x51\x03" + (2_000_000).to_bytes(3, "big")
    (tmp_path / "late.mid").write_bytes(file_of(END, slow + slower + END, NOTE))
    midi = read_midi(tmp_path / "late.mid")
    assert midi.instruments[0].notes[0].end == pytest.approx(0.5 + 1)
    assert midi.get_tempo_changes()[1].tolist() == pytest.approx([60, 30])


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "the file is empty"),
        (b"RIFF1234WAVEfmt ", "does not begin with MThd"),
        (b"RIFF1234RMIDdata", "does not begin with MThd"),
        (b"MThd", "ends too early"),
        (file_of(NOTE)[:-6], "ends too early"),
        (file_of(), "cannot be read as MIDI"),
        (file_of(NOTE, format_=2), "holds several pieces"),
        (file_of(NOTE, division=0), "have no unit"),
        (file_of(NOTE, division=0xE728), "film frames"),
        (file_of(b"\0\xff\x51\x03\0\0\0" + NOTE), "zero"),
        (file_of(variable(2**28 - 1) + NOTE[1:]), "longer than the 10000000 ticks"),
        (file_of(b"\xff" * 10 + NOTE), "longer than the 10000000 ticks"),
        (file_of(b"\xff" * 10000 + NOTE), "longer than the 10000000 ticks"),
        (file_of(b"\xff" * 2**17), "long runs of bytes that are no MIDI"),
        (file_of(b"\0\xff\x59\x02\x0c\0" + NOTE), "cannot be read as MIDI"),
        (file_of(b"\0\x90\xbc\x50" + END), "data byte"),
        (file_of(NOTE) + bytes(2**21), "more than 2 MB"),
    ],
)
def test_errors_name_file_and_cause(tmp_path, data, cause):
    path = tmp_path / "bad.mid"
    path.write_bytes(data)
    with pytest.raises(MidiError, match=rf"bad\.mid: .*({cause})") as caught:
        read_midi(path)
    assert "\n" not in str(caught.value)


def test_paths_that_lead_nowhere(tmp_path):
    with pytest.raises(MidiError, match=r"gone\.mid: there is no such file; check the path"):
        read_midi(tmp_path / "gone.mid")
    with pytest.raises(MidiError, match="this is a folder; pass the MIDI files in it"):
        read_midi(tmp_path)
    with pytest.raises(MidiError, match="cannot be opened"):
        read_midi("null\0byte.mid")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.mid")
        with pytest.raises(MidiError, match="not a regular file"):
            read_midi(tmp_path / "pipe.mid")
    with pytest.raises(TypeError, match="of type BytesIO where a path is expected"):
        read_midi(io.BytesIO(file_of(NOTE)))


def test_memory_is_bounded_before_the_roll_is_made(tmp_path):
    # a tick is a beat of 16 seconds: few ticks are years
    slowest = b"\0\xff\x51\x03\xff\xff\xff"
    long = b"\0\x90\x3c\x50" + variable(2**20) + b"\x80\x3c\0" + END
    (tmp_path / "years.mid").write_bytes(file_of(slowest + long, division=1))
    for grid in ({}, {"frame_rate": 1}):
        with pytest.raises(MidiError, match=r"years\.mid: the roll would have .* at most 524288"):
            PianoRollExtractor(**grid).transform([tmp_path / "years.mid"])


def damaged(data, rng):
    """Change some bytes, or cut, or insert."""
    kind, at = rng.integers(4), int(rng.integers(len(data)))
    some = rng.bytes(int(rng.integers(1, 9)))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + some + data[at:]
    if kind == 2:
        return data[:at] + some + data[at + len(some) :]
    flipped = bytearray(data)
    for i in rng.integers(len(data), size=int(rng.integers(1, 20))):
        flipped[i] ^= 1 << int(rng.integers(8))
    return bytes(flipped)


@pytest.mark.filterwarnings("ignore:.*notes beyond the 88 keys")
def test_damaged_files_give_rolls_or_errors_that_name_them(tmp_path, make_roll):
    file = io.BytesIO()
    midi = PianoRollExtractor().inverse_transform(make_roll(60), timing=SIXTEENTHS)
    midi.lyrics.append(pretty_midi.Lyric("la", 1))
    midi.key_signature_changes.append(pretty_midi.KeySignature(3, 0))
    write_midi(file, midi)
    rng = np.random.default_rng(0)
    path = tmp_path / "damaged.mid"
    read, refused = 0, []
    for _ in range(300):
        path.write_bytes(damaged(file.getvalue(), rng))
        try:
            (roll,) = PianoRollExtractor().transform([path])
        except MidiError as error:
            refused.append(str(error))
        else:
            read += 1
            assert roll.shape[1] == 88
            assert np.isin(roll, (0, 1)).all()
    assert all(message.startswith(f"{path}: ") for message in refused)
    assert min(read, len(refused)) > 30


def test_what_is_written_other_programs_read(tmp_path, make_roll):
    music21 = pytest.importorskip("music21")
    roll = make_roll(40, density=0.02)
    roll[-5:] = 0
    path = tmp_path / "music.mid"
    write_midi(path, PianoRollExtractor().inverse_transform(roll, timing=SIXTEENTHS))
    strikes = int((np.diff(roll, axis=0, prepend=0) == 1).sum())
    messages = [m for track in mido.MidiFile(path).tracks for m in track]
    assert sum(m.type == "note_on" and m.velocity > 0 for m in messages) == strikes
    score = music21.converter.parse(path, quantizePost=False, forceSource=True, storePickle=False)
    assert sum(len(note.pitches) for note in score.flatten().stripTies().notes) == strikes


def test_long_music_in_very_fine_ticks(tmp_path):
    # As music21 writes it; pretty_midi would take it for damaged.
    file = mido.MidiFile(ticks_per_beat=10080)
    track = mido.MidiTrack()
    for _ in range(1500):
        track.append(mido.Message("note_on", note=60, velocity=64, time=3360))
        track.append(mido.Message("note_off", note=60, time=6720))
    file.tracks.append(track)
    file.save(tmp_path / "fine.mid")
    music = read_midi(tmp_path / "fine.mid")
    notes = music.instruments[0].notes
    assert len(notes) == 1500
    np.testing.assert_allclose(
        [note.start for note in notes], (np.arange(1500) + 1 / 3) / 2, atol=1e-3
    )
    (roll,) = PianoRollExtractor(steps_per_beat=3).transform([tmp_path / "fine.mid"])
    np.testing.assert_array_equal(roll[:, 60 - 21], np.arange(4500) % 3 > 0)
