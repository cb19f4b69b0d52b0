"""Any file is either read, or refused with a single clear error."""

import io
import os
import struct

import mido
import numpy as np
import pretty_midi
import pytest

from musicai import PianoRollExtractor
from musicai.midi import MidiError, read_midi, synthesize, write_midi

from .conftest import (
    END,
    NOTE,
    SIXTEENTHS,
    control,
    file_of,
    off,
    on,
    sounding,
    track_of,
    variable,
)


def test_paths_of_any_type_and_with_any_suffix_are_read(tmp_path):
    path = tmp_path / "one.KAR"
    path.write_bytes(file_of(NOTE))
    for name in (path, str(path), os.fsencode(path)):
        (player,) = read_midi(name).instruments
        (note,) = player.notes
        assert (note.pitch, note.start, note.end) == (60, 0, 0.5)


def test_a_file_in_a_riff_wrapper_is_read(tmp_path):
    data = file_of(NOTE)
    riff = b"RIFF" + struct.pack("<L", len(data) + 12) + b"RMIDdata" + struct.pack("<L", len(data))
    (tmp_path / "one.rmi").write_bytes(riff + data)
    assert len(read_midi(tmp_path / "one.rmi").instruments[0].notes) == 1


def test_tempo_changes_in_any_track_apply(tmp_path):
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
        (file_of(NOTE, NOTE, format_=2), "holds several pieces"),
        (file_of(NOTE, division=0), "without a unit"),
        (file_of(NOTE, division=0xE728), "film frames"),
        (file_of(variable(2**28 - 1) + NOTE[1:]), "longer than 10000000 ticks"),
        (file_of(b"\xff" * 10 + NOTE), "long runs of bytes that are not MIDI"),
        (file_of(b"\xff" * 2**17), "long runs of bytes that are not MIDI"),
        (file_of(b"\0\x3c\x50" + END), "status 0, which MIDI does not define"),
        (file_of(b"\0\xf4" + END), "status 244, which MIDI does not define"),
        (file_of(b"\0\x90\xbc\x50" + END), "data byte"),
        (file_of(NOTE) + bytes(2**21), "larger than the limit of 2 MB"),
    ],
)
def test_errors_name_the_file_and_the_cause(tmp_path, data, cause):
    path = tmp_path / "bad.mid"
    path.write_bytes(data)
    with pytest.raises(MidiError, match=rf"bad\.mid: .*({cause})") as caught:
        read_midi(path)
    assert "\n" not in str(caught.value)


def test_paths_that_are_not_files_are_refused(tmp_path):
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
    with pytest.raises(TypeError, match="of type BytesIO, where a path is expected"):
        read_midi(io.BytesIO(file_of(NOTE)))


def test_rolls_that_would_not_fit_into_memory_are_refused(tmp_path):
    # Each tick is a beat of 16.8 seconds, so a million ticks last half a year.
    slowest = b"\0\xff\x51\x03\xff\xff\xff"
    long = b"\0\x90\x3c\x50" + variable(2**20) + b"\x80\x3c\0" + END
    (tmp_path / "years.mid").write_bytes(file_of(slowest + long, division=1))
    for grid in ({}, {"frame_rate": 1}):
        with pytest.raises(MidiError, match=r"years\.mid: the roll would have .* at most 524288"):
            PianoRollExtractor(**grid).transform([tmp_path / "years.mid"])


def damaged(data, rng):
    """Return data with bytes cut off, inserted or replaced, or with some bits flipped."""
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


@pytest.mark.filterwarnings("ignore:.*(notes beyond the 88 keys|note-off|its header promises)")
def test_damaged_files_give_rolls_or_errors_that_name_the_file(tmp_path, make_roll):
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


def test_mido_and_music21_find_all_notes_in_written_files(tmp_path, make_roll):
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


def test_long_music_with_very_fine_ticks_is_read(tmp_path):
    # music21 writes such files. pretty_midi considers them damaged.
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


@pytest.mark.parametrize(
    ("tracks", "expected", "n_notes"),
    [
        ([track_of((0, on(60)), end=4)], "####", 1),
        ([track_of((0, on(60)), (2, off(60)), (4, on(60)), end=7)], "##..###", 1),
        ([track_of((0, on(60)), (2, on(60)), (4, on(62)), (5, off(62)), end=6)], "######", 2),
        ([track_of((0, on(60))), track_of((0, on(62)), (4, off(62)))], "#...", 1),
        ([track_of((0, on(60)), end=4), track_of((2, off(60, channel=1)))], "####", 1),
        ([track_of((0, on(60, channel=9)), (0, on(60)), (2, off(60)), end=4)], "##", 1),
        ([track_of((1, off(60)), (2, on(60)), end=4)], "..##", 1),  # a note-off that ends nothing
    ],
    ids=["alone", "last", "struck again", "at the end", "other channel", "drum", "too early"],
)
def test_notes_without_a_note_off_last_until_their_key_is_struck_again_or_their_track_ends(
    tracks, expected, n_notes, roll_of_file
):
    with pytest.warns(UserWarning, match=rf"file\.mid: notes without a note-off \({n_notes}\)"):
        assert sounding(roll_of_file(*tracks)) == expected


@pytest.mark.parametrize("number", [120, 123, 124, 125, 126, 127])
def test_a_controller_ends_notes_before_or_without_a_note_off(number, roll_of_file):
    ended = track_of((0, on(60)), (1, on(62)), (3, control(number, 0)), (5, off(60)), end=8)
    roll = roll_of_file(ended)
    assert [sounding(roll), sounding(roll, 62)] == ["###", ".##"]
    elsewhere = track_of((3, control(number, 0)))
    again = track_of((0, on(60)), (3, on(64)), (4, off(64)), end=8)
    roll = roll_of_file(again, elsewhere)  # at the same time, the controller precedes the note-on
    assert [sounding(roll), sounding(roll, 64)] == ["###.", "...#"]


def test_all_functions_that_read_files_warn_about_notes_without_a_note_off(tmp_path):
    path = tmp_path / "open.mid"
    path.write_bytes(file_of(track_of((0, on(60)), end=4)))
    for read in (
        read_midi,
        synthesize,
        lambda path: PianoRollExtractor(n_jobs=2).transform([path, path]),
    ):
        with pytest.warns(
            UserWarning, match=r"open\.mid: notes without a note-off \(1\)"
        ) as caught:
            read(path)
        assert {warning.filename for warning in caught} == {__file__}


def test_a_note_ends_where_its_key_is_struck_again(tmp_path):
    track = track_of((0, on(60)), (2, on(60)), (3, off(60)))
    (tmp_path / "again.mid").write_bytes(file_of(track))
    notes = read_midi(tmp_path / "again.mid").instruments[0].notes
    assert [(note.start, note.end) for note in notes] == [(0, 0.25), (0.25, 0.375)]
    # Some programs write the note-on of the new note before the note-off of the old one.
    track = track_of((0, on(60)), (2, on(60)), (2, off(60)), (3, off(60)))
    (tmp_path / "again.mid").write_bytes(file_of(track))
    notes = read_midi(tmp_path / "again.mid").instruments[0].notes
    assert [(note.start, note.end) for note in notes] == [(0, 0.25), (0.25, 0.375)]


@pytest.mark.parametrize(
    "events",
    [
        [(2, on(60)), (2, off(60))],
        [(2, on(60)), (2, on(60, velocity=0))],
        [(0, on(62)), (2, on(60)), (2, off(60)), (4, off(62))],
        [(2, on(60)), (2, off(60)), (2, control(64, 0))],
        [(2, on(60)), (2.1, off(60))],
        # as pretty_midi and music21 write them
        [(2, off(60)), (2, on(60))],
        [(2, off(60)), (2, on(60)), (4, off(62))],
        [(2, off(60)), (2, on(60)), (2, off(62)), (2, on(62)), (4, on(62)), (5, off(62))],
    ],
)
def test_notes_of_zero_length_take_one_frame(events, roll_of_file):
    assert sounding(roll_of_file(track_of(*events))).rstrip(".") == "..#"


def test_notes_of_zero_length_in_files_from_pretty_midi_are_read(make_midi, tmp_path):
    music = make_midi((60, 0.25, 0.25), (60, 0.5, 0.625), (62, 0.75, 0.75))
    music.write(str(tmp_path / "theirs.mid"))
    rolls = PianoRollExtractor().transform([music, tmp_path / "theirs.mid"])
    for roll in rolls:
        assert [sounding(roll), sounding(roll, 62)] == ["..#.#..", "......#"]


def test_note_offs_may_precede_the_note_ons_of_zero_length_notes(roll_of_file):
    pairs = [(step, event) for step in (1, 4, 7) for event in (off(60), on(60))]
    other = track_of((0, on(62)), (9, off(62)))
    assert sounding(roll_of_file(track_of(*pairs), other)) == ".#..#..#."
    # If a note-off follows the last note, each note lasts until the next one.
    assert sounding(roll_of_file(track_of(*pairs, (8, off(60))), other)) == ".#######."
    # A note with its note-off, two notes of zero length, and another note with its note-off.
    mixed = [(0, on(60)), (1, off(60)), *pairs[2:], (8, on(60)), (9, off(60))]
    assert sounding(roll_of_file(track_of(*mixed), other)) == "#...#..##"


def test_an_extra_note_off_before_a_note_is_ignored(roll_of_file):
    track = track_of((0, on(60)), (1, off(60)), (2, off(60)), (2, on(60)), (4, off(60)))
    assert sounding(roll_of_file(track)) == "#.##"


@pytest.mark.parametrize(
    "event",
    [
        b"\xff\x59\x02\x08\0",  # eight sharps
        b"\xff\x59\x02\xf8\0",  # eight flats
        b"\xff\x59\x02\x02\x05",  # neither major nor minor
        b"\xff\x59\0",
        b"\xff\x59\x01\x01",
        b"\xff\x58\x04\0\x02\x18\x08",  # no beats in a bar
        b"\xff\x58\x04\x04\xff\x18\x08",  # a beat is a note of length 1 / 2**255
        b"\xff\x58\x01\x04",
        b"\xff\x51\x03\0\0\0",  # a beat of no length
        b"\xff\x51\x02\x07\xa1",
        b"\xff\x51\0",
        b"\xff\x54\x05\xe0\0\0\0\0",  # invalid film frames
        b"\xff\x00\x01\x05",
        b"\xff\x20\0",
        b"\xff\x21\0",
        b"\xff\x60\x01\x01",  # undefined event
    ],
)
def test_invalid_meta_events_are_left_out(event, tmp_path):
    (tmp_path / "odd.mid").write_bytes(file_of(b"\0" + event + b"\0\xff\x59\x02\x03\0" + NOTE))
    midi = read_midi(tmp_path / "odd.mid")
    assert [key.key_number for key in midi.key_signature_changes] == [9]  # A major
    assert midi.time_signature_changes == []
    assert midi.get_tempo_changes()[1].tolist() == [120]
    assert [note.end for note in midi.instruments[0].notes] == [0.5]


def test_key_signatures_agree_with_pretty_midi(tmp_path):
    signatures = [(sharps, mode) for sharps in range(-7, 8) for mode in (0, 1)]
    events = b"".join(b"\0\xff\x59\x02" + struct.pack("bB", *each) for each in signatures)
    (tmp_path / "keys.mid").write_bytes(file_of(events + NOTE))
    ours, theirs = (
        read_midi(tmp_path / "keys.mid"),
        pretty_midi.PrettyMIDI(str(tmp_path / "keys.mid")),
    )
    assert [key.key_number for key in ours.key_signature_changes] == [
        key.key_number for key in theirs.key_signature_changes
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("さくら".encode(), "さくら"),
        ("Прелюдия".encode(), "Прелюдия"),
        ("Flöte 🎵".encode(), "Flöte 🎵"),
        ("Flöte".encode("latin-1"), "Flöte"),
        (b"\x82\xb3\x82\xad", "\x82³\x82\xad"),  # another encoding gives wrong text but no error
    ],
)
def test_names_and_texts_are_decoded_as_utf8_or_latin1(written, read, tmp_path):
    texts = b"".join(
        b"\0\xff" + bytes([kind, len(written)]) + written for kind in (0x03, 0x01, 0x05)
    )
    (tmp_path / "named.mid").write_bytes(file_of(texts + NOTE))
    midi = read_midi(tmp_path / "named.mid")
    texts = [midi.instruments[0].name, midi.text_events[0].text, midi.lyrics[0].text]
    assert texts == [read] * 3


TWO_TRACKS = file_of(NOTE, track_of((0, on(64)), (4, off(64))))
LENGTHS = [TWO_TRACKS.index(b"MTrk") + 4, TWO_TRACKS.rindex(b"MTrk") + 4]


@pytest.mark.parametrize("length", [0, 1, 7, 19, 2**16, 2**32 - 1])
@pytest.mark.parametrize("at", [4, *LENGTHS])
def test_wrong_lengths_of_chunks_are_ignored(at, length, tmp_path):
    """Programs that crash leave zeros behind; others write wrong lengths."""
    data = TWO_TRACKS[:at] + struct.pack(">L", length) + TWO_TRACKS[at + 4 :]
    (tmp_path / "length.mid").write_bytes(data)
    midi = read_midi(tmp_path / "length.mid")
    assert [player.notes[0].pitch for player in midi.instruments] == [60, 64]


def test_unknown_chunks_and_bytes_between_tracks_are_skipped(tmp_path):
    chunk = b"XFIH" + struct.pack(">L", 4) + b"MThd"
    at = TWO_TRACKS.rindex(b"MTrk")
    (tmp_path / "chunk.mid").write_bytes(
        TWO_TRACKS[:14] + chunk + TWO_TRACKS[14:at] + bytes(3) + TWO_TRACKS[at:] + chunk
    )
    assert len(read_midi(tmp_path / "chunk.mid").instruments) == 2


@pytest.mark.parametrize("promised", [0, 1, 3, 65535])
def test_a_wrong_number_of_tracks_raises_a_warning(promised, tmp_path):
    data = TWO_TRACKS[:10] + struct.pack(">H", promised) + TWO_TRACKS[12:]
    (tmp_path / "count.mid").write_bytes(data)
    with pytest.warns(
        UserWarning, match=rf"count\.mid: its header promises {promised} tracks, but it has 2"
    ):
        assert len(read_midi(tmp_path / "count.mid").instruments) == 2


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        (
            file_of(NOTE + track_of((0, on(64)), (4, off(64))), NOTE),
            r"notes after the end of their track \(1\)",
        ),
        (file_of(NOTE, NOTE + NOTE), r"notes after the end of their track \(1\)"),
        (file_of(NOTE) + file_of(NOTE), "it contains a second MIDI file"),
    ],
)
def test_music_after_the_end_of_a_track_or_file_raises_a_warning(data, warning, tmp_path):
    (tmp_path / "more.mid").write_bytes(data)
    with pytest.warns(UserWarning, match=rf"more\.mid: {warning}.* read$"):
        read_midi(tmp_path / "more.mid")


@pytest.mark.parametrize("behind", [bytes(9), b"\x1a" * 9, b"a text\x90\x3c", NOTE[:2]])
def test_bytes_other_than_music_after_the_end_of_a_track_or_file_are_skipped(behind, tmp_path):
    (tmp_path / "rest.mid").write_bytes(file_of(NOTE + behind, NOTE + behind) + behind)
    assert len(read_midi(tmp_path / "rest.mid").instruments) == 2


def test_a_file_of_format_2_with_one_track_is_read(tmp_path):
    (tmp_path / "one.mid").write_bytes(file_of(NOTE, format_=2))
    assert len(read_midi(tmp_path / "one.mid").instruments) == 1
