"""Controllers apply to all tracks that play on their channel, in rolls and in sound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai import PianoRollExtractor
from musicai.midi import read_midi, synthesize

from .conftest import END, control, file_of, off, on, sounding, track_of, variable

RIGHT = track_of((0, on(60)), (2, off(60)), (8, on(72)), (9, off(72)))
LEFT = ((0, on(48)), (1, off(48)), (12, on(36)), (13, off(36)))
DOWN, UP = (1, control(64, 127)), (6, control(64, 0))


@pytest.fixture
def sound_of_file(tmp_path):
    def play(*tracks):
        path = tmp_path / "sound.mid"
        path.write_bytes(file_of(*tracks))
        return np.concatenate(list(synthesize(path)))

    return play


@pytest.mark.parametrize(
    "tracks",
    [
        (RIGHT, track_of(*LEFT), track_of(DOWN, UP)),
        (track_of(DOWN, UP), RIGHT, track_of(*LEFT)),
        (RIGHT, track_of(LEFT[0], LEFT[1], DOWN, UP, *LEFT[2:])),
        (RIGHT, track_of(*LEFT), track_of(DOWN), track_of(UP)),
    ],
    ids=["after", "before", "the other hand's", "two tracks"],
)
def test_a_pedal_in_any_track_holds_the_notes_of_its_channel(tracks, roll_of_file):
    roll = roll_of_file(*tracks)
    assert sounding(roll) == "######......."
    assert sounding(roll, 36) == "............#"
    # A note that ends just as the pedal goes down is not held.
    assert sounding(roll, 48) == "#............"


def test_a_pedal_does_not_hold_notes_of_other_channels_or_ports(roll_of_file):
    elsewhere = track_of((1, control(64, 127, channel=1)), (6, control(64, 0, channel=1)))
    assert sounding(roll_of_file(RIGHT, elsewhere)) == "##......."
    other_port = track_of((0, b"\xff\x21\x01\x01"), DOWN, UP)
    assert sounding(roll_of_file(RIGHT, other_port)) == "##......."
    same_port = b"\0\xff\x21\x01\x01" + RIGHT
    assert sounding(roll_of_file(same_port, other_port)) == "######..."


def test_a_pedal_that_is_never_lifted_holds_notes_until_the_last_note_of_its_channel_ends(
    roll_of_file,
):
    roll = roll_of_file(RIGHT, track_of(*LEFT), track_of(DOWN))
    assert sounding(roll) == "#############"
    assert sounding(roll, 72) == "........#####"


def test_the_sostenuto_pedal_holds_only_keys_that_are_down(roll_of_file):
    pedal = track_of((1, control(66, 127)), (6, control(66, 0)))
    later = track_of((3, on(67)), (4, off(67)))
    roll = roll_of_file(RIGHT, later, pedal)
    assert [sounding(roll, pitch) for pitch in (60, 67)] == ["######...", "...#....."]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([(4, control(121, 0))], "####...."),  # reset all controllers
        ([(4, control(120, 0))], "####...."),  # all sound off
        ([(4, control(123, 0))], "######.."),  # all notes off: the pedal holds
        (
            [(1, control(123, 0))],
            "#.......",
        ),  # all notes off as the pedal goes down, which is too late
        ([(1, control(126, 1))], "#......."),  # mono mode
        (
            [(3, control(66, 127)), (7, control(66, 0))],
            "######..",
        ),  # sostenuto pedal while no key is down
    ],
)
def test_controllers_other_than_the_pedal_can_end_notes_that_it_holds(
    changes, expected, roll_of_file
):
    notes = track_of((0, on(60)), (2, off(60)), (7, on(72)), (8, off(72)))
    assert sounding(roll_of_file(notes, track_of(DOWN, UP), track_of(*changes))) == expected


def test_the_sustain_pedal_keeps_holding_notes_that_the_sostenuto_pedal_releases(roll_of_file):
    sostenuto = track_of((1, control(66, 127)), (4, control(66, 0)))
    sustain = track_of((3, control(64, 127)), (7, control(64, 0)))
    assert sounding(roll_of_file(RIGHT, sostenuto, sustain)) == "#######.."


@pytest.mark.parametrize("first", [True, False])
def test_programs_controllers_and_bends_apply_to_notes_in_other_tracks(first, tmp_path):
    setup = track_of((0, [0xC0, 19]), (0, control(7, 50)), (0, control(10, 3)), (1, [0xE0, 0, 80]))
    tracks = (setup, RIGHT, track_of(*LEFT)) if first else (RIGHT, track_of(*LEFT), setup)
    (tmp_path / "organ.mid").write_bytes(file_of(*tracks))
    players = read_midi(tmp_path / "organ.mid").instruments
    assert [player.program for player in players] == [19, 19]
    for player in players:
        changes = [(change.number, change.value) for change in player.control_changes]
        assert changes == [(7, 50), (10, 3)]
        assert [(bend.pitch, bend.time) for bend in player.pitch_bends] == [(2048, 0.125)]


def test_a_note_keeps_the_program_it_began_with(tmp_path):
    program = track_of((1, [0xC0, 40]))
    (tmp_path / "change.mid").write_bytes(file_of(program, RIGHT))
    players = read_midi(tmp_path / "change.mid").instruments
    assert {p.program: [note.pitch for note in p.notes] for p in players} == {0: [60], 40: [72]}


@pytest.mark.parametrize(
    "changes",
    [
        [DOWN, UP],
        [(1, control(66, 127)), (6, control(66, 0))],
        [(0, control(7, 30)), (3, control(11, 90))],
        [(0, [0xC0, 19]), (1, [0xE0, 0, 100])],
        [DOWN, (4, control(120, 0))],
        [DOWN, (4, control(121, 0))],
    ],
    ids=["pedal", "sostenuto", "volume", "program and bend", "sound off", "reset"],
)
def test_notes_and_controllers_sound_the_same_in_two_tracks_as_in_one(changes, sound_of_file):
    notes = [(0, on(60)), (2, off(60)), (8, on(72)), (9, off(72))]
    one_track = track_of(*sorted(changes + notes, key=lambda each: each[0]))
    apart = sound_of_file(track_of(*notes), track_of(*changes))
    np.testing.assert_array_equal(apart, sound_of_file(one_track))
    assert not np.array_equal(apart, sound_of_file(track_of(*notes)))


def test_notes_on_the_same_key_in_two_tracks_end_at_their_own_note_offs(roll_of_file):
    short = track_of((1, on(60)), (2, off(60)))
    long = track_of((0, on(60)), (4, off(60)))
    assert sounding(roll_of_file(long, short)) == "####"


def test_a_note_off_in_another_track_ends_a_note_that_has_none_in_its_own_track(roll_of_file):
    strikes = track_of((0, on(60)), (3, on(60)), (6, on(62)), end=8)
    releases = track_of((2, off(60)), (4, off(60)), (7, off(62)))
    roll = roll_of_file(strikes, releases)
    assert [sounding(roll), sounding(roll, 62)] == ["##.#...", "......#"]


events = st.one_of(
    st.tuples(st.sampled_from([64, 66, 64, 66, 7]), st.integers(0, 127)),
    st.tuples(st.sampled_from([120, 121, 123]), st.just(0)),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    notes=st.lists(
        st.tuples(st.integers(0, 30), st.integers(1, 9), st.integers(60, 66)), min_size=1
    ),
    changes=st.lists(st.tuples(st.integers(0, 45), events)),
    places=st.lists(st.integers(0, 3), min_size=80, max_size=80),
)
def test_the_division_of_a_channel_into_tracks_does_not_change_the_roll(
    notes, changes, places, tmp_path_factory
):
    """Notes begin and end on steps. Controllers change between steps."""
    free = dict.fromkeys(range(60, 67), -1)
    timed = []  # groups of events that stay in one track
    for start, length, pitch in sorted(notes):
        if start > free[pitch]:
            free[pitch] = start + length
            timed.append([(start, on(pitch)), (start + length, off(pitch))])
    timed += [
        [(step + 0.5 + i / 120, control(*each))] for i, (step, each) in enumerate(changes[:50])
    ]
    path = tmp_path_factory.mktemp("law") / "music.mid"
    rolls = []
    for n_tracks in (1, 4):
        tracks = [[] for _ in range(n_tracks)]
        for events_, place in zip(timed, places, strict=False):
            tracks[place % n_tracks] += events_
        data = [
            track_of(*sorted(each, key=lambda event: event[0])) if each else END for each in tracks
        ]
        path.write_bytes(file_of(*data))
        rolls.append(PianoRollExtractor(steps_per_beat=16).transform([path])[0])
    np.testing.assert_array_equal(rolls[0], rolls[1])


def test_too_many_control_changes_are_refused_before_they_are_copied(tmp_path):
    notes = [b"\0" + bytes(on(60)) + b"\x01" + bytes(off(60)) + END for _ in range(3000)]
    moves = b"\0" + bytes(control(64, 0)) + b"\x01\x40\x00" * 400
    (tmp_path / "many.mid").write_bytes(file_of(moves + variable(0) + END[1:], *notes))
    with pytest.raises(ValueError, match=r"many\.mid: .* have 1203000 control changes"):
        read_midi(tmp_path / "many.mid")
