"""Writing music to a file keeps its roll, controllers and names."""

import io

import mido
import numpy as np
import pretty_midi
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from musicai import PianoRollExtractor
from musicai.midi import read_midi, write_midi

from .conftest import sounding


@pytest.fixture
def written(tmp_path):
    """Return a function that writes music to a file and reads it again."""

    def write_and_read(midi):
        write_midi(tmp_path / "written.mid", midi)
        return read_midi(tmp_path / "written.mid")

    return write_and_read


def rolls_of(*music):
    return PianoRollExtractor(steps_per_beat=4).transform(list(music))


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ([(60, 0, 0)], "#"),
        ([(60, 0.25, 0.25), (60, 0.5, 0.625)], "..#.#"),  # zero length, then an ordinary note
        ([(60, 0.25, 0.2501)], "..#"),  # less than a tick
        ([(60, 0, 0.5), (60, 0.25, 0.25)], "####"),  # zero length, within a longer note
        ([(60, 0.25, 0.25), (60, 0.25, 0.5)], "..##"),  # zero length, at the start of a longer note
        ([(60, 0, 0.5), (60, 0.125, 0.25), (60, 0.375, 0.75)], "######"),
        ([(60, 0, 0.25), (60, 0.25, 0.25), (60, 0.5, 0.625)], "###.#"),
    ],
)
def test_notes_of_zero_length_and_overlapping_notes_are_kept(make_midi, written, notes, expected):
    music = make_midi(*notes)
    for roll in rolls_of(music, written(music)):
        assert sounding(roll) == expected


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    notes=st.lists(
        st.tuples(st.integers(60, 63), st.integers(0, 40), st.integers(0, 12)), min_size=1
    ),
    changes=st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from([64, 66, 120, 121, 123]), st.integers(0, 127))
    ),
    is_split=st.booleans(),
)
def test_music_and_the_file_written_from_it_have_the_same_roll(
    notes, changes, is_split, tmp_path_factory
):
    without_length = [pitch for pitch, _, length in notes if length == 0]
    # A file does not say which note-off belongs to which of several such notes of a key.
    assume(len(without_length) == len(set(without_length)))
    midi = pretty_midi.PrettyMIDI(resolution=480)
    for i in range(1 + is_split):
        player = pretty_midi.Instrument(0)
        player.notes = [
            pretty_midi.Note(80, pitch, start / 8, (start + length) / 8)
            for pitch, start, length in notes[i :: 1 + is_split]
        ]
        player.control_changes = [
            pretty_midi.ControlChange(number, value, step / 8)
            for step, number, value in changes[i :: 1 + is_split]
        ]
        midi.instruments.append(player)
    path = tmp_path_factory.mktemp("law") / "music.mid"
    write_midi(path, midi)
    music, file = rolls_of(midi, path)
    np.testing.assert_array_equal(music, file)
    again = path.with_stem("again")
    write_midi(again, read_midi(path))
    np.testing.assert_array_equal(*rolls_of(path, again))


def test_notes_of_velocity_zero_are_kept(make_midi, written):
    music = make_midi((60, 0, 0.5))
    music.instruments[0].notes[0].velocity = 0
    assert [sounding(roll) for roll in rolls_of(music, written(music))] == ["####"] * 2


@pytest.mark.parametrize("text", ["さくら", "Прелюдия", "Flöte 🎵", "naïve", "plain", "x" * 300])
def test_names_and_texts_in_any_script_are_kept(make_midi, written, text):
    music = make_midi((60, 0, 1))
    music.instruments[0].name = text
    music.lyrics.append(pretty_midi.Lyric(text, 0.5))
    music.text_events.append(pretty_midi.Text(text, 0.5))
    read = written(music)
    assert read.instruments[0].name == read.lyrics[0].text == read.text_events[0].text == text


def test_characters_that_cannot_be_encoded_are_replaced(make_midi, written):
    music = make_midi((60, 0, 1))
    music.instruments[0].name = "half a \ud83c note"
    assert written(music).instruments[0].name == "half a ? note"


def test_text_that_music21_wrote_is_kept(make_midi, tmp_path):
    music21 = pytest.importorskip("music21")
    part = music21.stream.Part([music21.note.Note("C4")])
    part.insert(0, music21.instrument.Instrument("さくら"))
    part.write("midi", fp=tmp_path / "theirs.mid")
    theirs = read_midi(tmp_path / "theirs.mid")
    assert theirs.instruments[0].name == "さくら"
    write_midi(tmp_path / "ours.mid", theirs)
    assert "さくら".encode() in (tmp_path / "ours.mid").read_bytes()


def test_every_instrument_keeps_its_own_controllers_and_program(written):
    """Beyond 15 instruments and a drum kit, channels are on further ports."""
    midi = pretty_midi.PrettyMIDI()
    for i in range(35):
        player = pretty_midi.Instrument(i, is_drum=i % 9 == 4, name=f"player {i}")
        player.notes = [pretty_midi.Note(80, 60, 0, 0.25)]
        player.control_changes = [pretty_midi.ControlChange(64, 127, 0.125)] if i == 3 else []
        player.control_changes += [pretty_midi.ControlChange(64, 0, 0.125 + i / 8)]
        player.pitch_bends = [pretty_midi.PitchBend(i - 20, 0.5)]
        midi.instruments.append(player)
    for one, other in zip(midi.instruments, written(midi).instruments, strict=True):
        assert (one.program, one.is_drum, one.name) == (other.program, other.is_drum, other.name)
        changes = [
            [(each.number, each.value) for each in player.control_changes]
            for player in (one, other)
        ]
        assert changes[0] == changes[1]
        assert [bend.pitch for bend in other.pitch_bends] == [one.program - 20]


def test_controllers_at_the_same_time_keep_their_order(make_midi, tmp_path):
    """The order matters if two controllers select a parameter that a third one sets."""
    music = make_midi((60, 0.5, 1), (60, 1, 1.5))
    order = [(101, 0), (100, 0), (6, 12), (64, 127), (64, 0), (64, 100), (0, 8)]
    music.instruments[0].control_changes = [pretty_midi.ControlChange(*c, 0.5) for c in order]
    write_midi(tmp_path / "ordered.mid", music)
    track = mido.MidiFile(tmp_path / "ordered.mid").tracks[1]
    assert [(m.control, m.value) for m in track if m.type == "control_change"] == order
    # A bank takes effect with the next program; a key is released before it is struck again.
    kinds = [(m.type, m.dict().get("velocity", 0) > 0) for m in track if not m.is_meta]
    assert kinds[-5:] == [
        ("program_change", False),
        ("note_on", True),
        ("note_on", False),
        ("note_on", True),
        ("note_on", False),
    ]


def test_read_midi_and_pretty_midi_read_the_same_music(written, tmp_path):
    midi = pretty_midi.PrettyMIDI(initial_tempo=93, resolution=220)
    midi.time_signature_changes = [
        pretty_midi.TimeSignature(3, 8, 0),
        pretty_midi.TimeSignature(7, 16, 2),
    ]
    midi.key_signature_changes = [pretty_midi.KeySignature(i, i / 4) for i in range(24)]
    midi.instruments.append(pretty_midi.Instrument(5, name="a"))
    midi.instruments[0].notes = [pretty_midi.Note(9, 70, 1, 2)]
    midi.instruments[0].pitch_bends = [pretty_midi.PitchBend(b, 1) for b in (-8192, -1, 0, 8191)]
    write_midi(tmp_path / "all.mid", midi)
    for read in (
        pretty_midi.PrettyMIDI(str(tmp_path / "all.mid")),
        read_midi(tmp_path / "all.mid"),
    ):
        assert read.resolution == 220
        assert read.get_tempo_changes()[1] == pytest.approx(93, 1e-5)
        assert [k.key_number for k in read.key_signature_changes] == list(range(24))
        assert [str(each) for each in read.time_signature_changes] == [
            str(each) for each in midi.time_signature_changes
        ]
        assert [bend.pitch for bend in read.instruments[0].pitch_bends] == [-8192, -1, 0, 8191]
        (note,) = read.instruments[0].notes
        assert (note.pitch, note.velocity) == (70, 9)
        assert (note.start, note.end) == pytest.approx((1, 2), abs=60 / 93 / 220)


@pytest.mark.parametrize(
    ("note", "cause"),
    [
        ((200, 0, 1, 80), "must be 0 to 127, got 200"),
        ((60, 0, 1, 128), "must be 0 to 127, got 128"),
        ((60, 0, 1, 64.5), r"must be 0 to 127, got 64\.5"),
        ((60, -1, 1, 80), "times must be from 0 to .* got -1"),
        ((60, 0, float("nan"), 80), "times must be from 0 to .* got nan"),
        ((60, 0, 1e9, 80), "times must be from 0 to .* got 1000000000"),
    ],
)
def test_music_that_midi_cannot_represent_is_refused(note, cause, make_midi, tmp_path):
    pitch, start, end, velocity = note
    midi = make_midi((60, 0, 1))
    midi.instruments[0].notes.append(pretty_midi.Note(velocity, pitch, start, end))
    with pytest.raises(ValueError, match=rf"bad\.mid: this music cannot be written .*{cause}"):
        write_midi(tmp_path / "bad.mid", midi)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="cannot be written as MIDI"):
        write_midi(io.BytesIO(), midi)


@pytest.mark.parametrize("name", [3, b"Piano"])
def test_instrument_names_that_are_not_text_are_refused(make_midi, tmp_path, name):
    midi = make_midi()
    midi.instruments[0].name = name
    with pytest.raises(ValueError, match=r"bad\.mid: this music cannot .* texts must be str"):
        write_midi(tmp_path / "bad.mid", midi)
