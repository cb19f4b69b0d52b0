"""Notes are converted to frames, and frames to notes without loss."""

import io

import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai import PianoRollExtractor, Timing
from musicai.midi import MidiError, read_midi, write_midi

from .conftest import SIXTEENTHS

C4 = 60 - 21
SLOW = SIXTEENTHS.at_tempo(60)


def roll_of(midi, **parameters):
    (roll,) = PianoRollExtractor(**parameters).transform([midi])
    return roll


def sounding(roll, key=C4):
    return "".join("#" if value else "." for value in roll[:, key])


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 0.5, "####"),
        (0.25, 0.5, "..##"),
        (0, 0.48, "####"),  # released a little early
        (0.02, 0.47, "####"),  # struck a little late and released a little early
        (0.115, 0.13, ".#"),  # shorter than a frame
        (0.125, 0.125, ".#"),
        (0.0625, 0.125, ".#"),  # struck halfway between the starts of two frames
    ],
)
def test_notes_start_and_end_at_the_nearest_frame_boundaries(make_midi, start, end, expected):
    roll = roll_of(make_midi((60, start, end)))
    assert sounding(roll) == expected
    assert roll.dtype == np.float32
    assert roll.sum() == expected.count("#")


def test_frames_follow_the_beats_through_changes_of_tempo(make_midi, tmp_path):
    midi = make_midi((60, 0, 0.5), (62, 0.5, 1.5), (64, 1.5, 1.75))
    midi._tick_scales = [(0, 0.5 / 480), (480, 1 / 480), (960, 0.25 / 480)]
    midi._update_tick_to_time(1440)
    write_midi(tmp_path / "rubato.mid", midi)
    for music in (midi, tmp_path / "rubato.mid"):
        roll = roll_of(music, steps_per_beat=2)
        assert [sounding(roll, C4 + i) for i in (0, 2, 4)] == ["##....", "..##..", "....##"]
        assert len(roll_of(music, frame_rate=20)) == 35


def test_frame_rate_is_in_frames_per_second(make_midi):
    roll = roll_of(make_midi((60, 0.1, 0.3), tempo=77), frame_rate=10)
    assert sounding(roll) == ".##"


def test_repeated_notes_are_one_run_of_frames(make_midi):
    assert sounding(roll_of(make_midi((60, 0, 0.25), (60, 0.25, 0.5)))) == "####"


def test_a_roll_contains_all_instruments_except_drums(make_midi):
    midi = make_midi((60, 0, 0.25), (60, 0.1, 0.375))
    midi.instruments += make_midi((64, 0, 0.125), program=40).instruments
    midi.instruments += make_midi((67, 0, 4), is_drum=True).instruments
    roll = roll_of(midi)
    assert [sounding(roll, C4 + i) for i in (0, 4, 7)] == ["###", "#..", "..."]


@pytest.mark.parametrize(
    ("pedal", "expected"),
    [
        ([(0.1, 127), (0.5, 0)], "####.."),
        ([(0.1, 64), (0.5, 63)], "####.."),
        ([(0.1, 63)], "##...."),
        ([(0.1, 127)], "######"),  # never lifted, so it holds until the last key is released
        ([(0.1, 127), (0.25, 0)], "##...."),
        (
            [(0.1, 127), (0.25, 0), (0.25, 127)],
            "##....",
        ),  # lifted and pressed again as the key is released
        ([(0.25, 127)], "##...."),
        ([(0.3, 127), (0.6, 0)], "##...."),
    ],
)
def test_the_sustain_pedal_holds_notes(make_midi, pedal, expected):
    roll = roll_of(make_midi((60, 0, 0.25), (72, 0.5, 0.75), pedal=pedal))
    assert sounding(roll) == expected


def test_notes_beyond_the_piano_keys_are_left_out_with_a_warning(make_midi, tmp_path):
    write_midi(tmp_path / "wide.mid", make_midi(*[(p, 0, 1) for p in (20, 21, 108, 109, 127)]))
    with pytest.warns(UserWarning, match=r"wide\.mid: notes beyond the 88 keys .*\(3\)") as caught:
        roll = roll_of(tmp_path / "wide.mid")
    assert np.flatnonzero(roll[0]).tolist() == [0, 87]
    assert caught[0].filename == __file__


def test_music_entirely_beyond_the_piano_keys_is_refused(make_midi):
    with pytest.raises(MidiError, match=r"X\[0\]: there are no notes on the 88 keys of a piano"):
        roll_of(make_midi((20, 0, 1), (127, 0, 1)))


def test_leading_silence_is_kept(make_midi):
    assert sounding(roll_of(make_midi((60, 1, 1.125)))) == "........#"


def test_music_without_notes_is_refused(make_midi):
    with pytest.raises(MidiError, match=r"X\[0\]: there are no notes, apart from drums"):
        roll_of(make_midi())
    with pytest.raises(MidiError, match="no notes"):
        roll_of(make_midi((60, 0, 1), is_drum=True))


@pytest.mark.parametrize("note", [(60, 0, 1e9), (60, -1, 1), (60, np.nan, 1), (60, 0, np.inf)])
def test_implausible_times_are_refused(make_midi, note):
    with pytest.raises(MidiError, match=r"X\[0\]: the roll would have .* at most 524288"):
        roll_of(make_midi(note))


grids = st.one_of(
    st.builds(
        lambda v: {"steps_per_beat": v},
        st.one_of(st.integers(1, 1000), st.sampled_from([1 / 16, 0.5, 10.77, 999.9, 4 / 3])),
    ),
    st.builds(
        lambda v: {"frame_rate": v},
        st.one_of(st.floats(1, 1000), st.sampled_from([22050 / 2048, 7, 100])),
    ),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    grid=grids,
    tempo=st.one_of(st.floats(4, 1000), st.sampled_from([120, 77, 133.3])),
    n_frames=st.integers(1, 60),
    seed=st.integers(0, 100),
    silence=st.tuples(st.integers(0, 30), st.integers(0, 30)),
)
def test_a_roll_survives_the_round_trip(grid, tempo, n_frames, seed, silence):
    rng = np.random.default_rng(seed)
    roll = (rng.random((n_frames, 88)) < 0.1).astype(np.float32)
    roll = np.pad(roll, (silence, (0, 0)))
    extractor = PianoRollExtractor(**grid)
    timing = extractor.timing.at_tempo(tempo) if extractor.timing.has_beats else None
    midi = extractor.inverse_transform(roll, timing=timing)
    np.testing.assert_array_equal(extractor.transform([midi])[0], roll)
    np.testing.assert_array_equal(extractor.transform([written(midi)])[0], roll)


def written(midi):
    """Write music to a file and return what pretty_midi reads from it."""
    file = io.BytesIO()
    write_midi(file, midi)
    return pretty_midi.PrettyMIDI(io.BytesIO(file.getvalue()))


@pytest.mark.parametrize(
    ("n_frames", "grid"),
    [
        (20_000, {}),
        (20_000, {"steps_per_beat": 7}),
        (20_000, {"frame_rate": 22050 / 2048}),
        (2**19, {"steps_per_beat": 1 / 16}),
    ],
)
def test_long_rolls_survive_the_round_trip(n_frames, grid, tmp_path):
    roll = np.zeros((n_frames, 88), np.float32)
    for seed, start in enumerate(np.linspace(0, n_frames - 50, 60).astype(int)):
        roll[start : start + 1 + seed, seed] = 1
    extractor = PianoRollExtractor(**grid)
    timing = extractor.timing.at_tempo(1000 / 7) if extractor.timing.has_beats else None
    write_midi(tmp_path / "long.mid", extractor.inverse_transform(roll, timing=timing))
    (again,) = extractor.transform([tmp_path / "long.mid"])
    assert again.shape == roll.shape
    assert (again == roll).all()


def test_silence_survives_the_round_trip(tmp_path):
    silence = np.zeros((9, 88), np.float32)
    extractor = PianoRollExtractor()
    write_midi(tmp_path / "silence.mid", extractor.inverse_transform(silence, timing=SIXTEENTHS))
    np.testing.assert_array_equal(extractor.transform([tmp_path / "silence.mid"])[0], silence)


def test_only_trailing_silence_is_marked_by_a_text(make_roll):
    roll = np.zeros((8, 88))
    roll[:4, C4] = 1
    extractor = PianoRollExtractor()
    assert extractor.inverse_transform(roll[:4], timing=SIXTEENTHS).text_events == []
    (text,) = extractor.inverse_transform(roll, timing=SLOW).text_events
    assert (text.text, text.time) == ("end of piece", pytest.approx(2))


def test_a_run_of_sounding_frames_is_one_note():
    roll = np.zeros((8, 88))
    roll[2:6, C4] = 0.5  # a probability high enough to sound
    roll[6:, C4] = 0.49
    (player,) = PianoRollExtractor().inverse_transform(roll, timing=SLOW).instruments
    (note,) = player.notes
    assert (note.pitch, note.start, note.end) == (60, pytest.approx(0.5), pytest.approx(1.5))


def test_written_files_have_the_requested_tempo(tmp_path, make_roll):
    for tempo in (4, 59.94, 120, 133.3, 1000):
        extractor = PianoRollExtractor()
        timing = extractor.timing.at_tempo(tempo)
        write_midi(tmp_path / "a.mid", extractor.inverse_transform(make_roll(9), timing=timing))
        assert read_midi(tmp_path / "a.mid").get_tempo_changes()[1] == pytest.approx(tempo, 1e-4)


def test_inverse_transform_keeps_the_type_of_a_collection(make_roll):
    extractor, rolls = PianoRollExtractor(), [make_roll(8), make_roll(12, seed=1)]
    assert isinstance(extractor.inverse_transform(rolls[0], timing=SLOW), pretty_midi.PrettyMIDI)
    assert isinstance(extractor.inverse_transform(rolls, timing=[SLOW, SIXTEENTHS]), list)
    for collection in (rolls, np.array([*rolls, None], object)[:2], np.stack([rolls[0]] * 2)):
        answer = extractor.inverse_transform(collection, timing=SLOW)
        assert isinstance(answer, type(collection))
        assert len(answer) == 2
        for roll, again in zip(collection, extractor.transform(answer), strict=True):
            np.testing.assert_array_equal(again, roll)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros(88), ValueError, r"shape \(88,\), where a piano roll of shape \(n_frames, 88\)"),
        (np.zeros((4, 12)), ValueError, "frames of 12 values, where 88 are expected"),
        ([np.zeros((4, 88)), np.zeros((4, 87))], ValueError, "87"),
        (np.full((4, 88), np.nan), ValueError, "NaN"),
        ("music.mid", TypeError, "call transform to turn MIDI files into rolls"),
        (["music.mid"], TypeError, "call transform to turn MIDI files into rolls"),
        (np.zeros((2**19 + 1, 88), np.float32), ValueError, "at most 524288"),
    ],
)
def test_values_other_than_rolls_are_refused(X, error, message):
    with pytest.raises(error, match=message):
        PianoRollExtractor().inverse_transform(X, timing=SLOW)


@pytest.mark.parametrize(
    ("parameters", "timing", "message"),
    [
        ({}, None, r"beats have no tempo: .* Timing\.from_tempo\(96, frames_per_beat=4\)"),
        (
            {},
            Timing.from_tempo(96),
            r"steps_per_beat=4, .* are 1 per beat: .* pass .*per_beat=4\)",
        ),
        ({}, 10, "steps_per_beat=4, but those of timing are not beats"),
        ({"frame_rate": 10}, SLOW, "frames have a rate, frame_rate=10, but timing has beats"),
    ],
)
def test_timings_that_do_not_fit_the_frames_are_refused(parameters, timing, message, make_roll):
    with pytest.raises(ValueError, match=message):
        PianoRollExtractor(**parameters).inverse_transform(make_roll(4), timing=timing)


def test_frames_at_a_rate_are_centered_on_their_times(make_midi):
    """As in chroma, a frame holds the notes that sound at its center."""
    extractor = PianoRollExtractor(frame_rate=10)
    roll = np.zeros((5, 88))
    roll[0, C4] = roll[2:4, C4 + 2] = roll[4, C4 + 4] = 1
    for timing, rate in ((None, 10), (20, 20), (Timing.from_rate(20), 20)):
        midi = extractor.inverse_transform(roll, timing=timing)
        found = [(note.start * rate, note.end * rate) for note in midi.instruments[0].notes]
        np.testing.assert_allclose(found, [(0, 0.5), (1.5, 3.5), (3.5, 4.5)])
    for start, end, expected in ((0.16, 0.31, "..##"), (0.2, 0.4, "..##"), (0.21, 0.22, "...#")):
        assert sounding(roll_of(make_midi((60, start, end)), frame_rate=10)) == expected


def test_written_tempi_follow_measured_beats(make_roll):
    borders = np.cumsum(np.random.default_rng(0).uniform(0.1, 0.15, 81))
    timing = Timing.from_beats(borders, frames_per_beat=4)
    roll, extractor = make_roll(80), PianoRollExtractor()
    roll[-1, 0] = 1
    midi = written(extractor.inverse_transform(roll, timing=timing))
    np.testing.assert_array_equal(extractor.transform([midi])[0], roll)
    assert midi.get_end_time() == pytest.approx(borders[-1] - borders[0], abs=1e-3)
    starts = np.array([note.start for note in midi.instruments[0].notes])
    expected = (borders - borders[0])[:-1][(np.diff(roll, axis=0, prepend=0) == 1).any(axis=1)]
    np.testing.assert_allclose(np.unique(starts.round(5)), expected, atol=1e-3)
