"""MIDI music is synthesized passage by passage."""

import sys
import tracemalloc
from itertools import pairwise
from pathlib import Path

import midirenderer
import numpy as np
import pretty_midi
import pytest

from musicai import PianoRollExtractor
from musicai.midi import MidiError, _passages, _synthesis, rendering, synthesize, write_midi

from .conftest import SIXTEENTHS

RATE = 48000


def play(midi, **options):
    return np.concatenate(list(synthesize(midi, **{"sr": RATE, **options})))


def rms(samples):
    return np.sqrt(np.mean(samples**2, dtype=np.float64))


def all_at_once(midi):
    soundfont = rendering.load_soundfont(None)
    return np.concatenate(list(_synthesis.play(midi, soundfont, n_samples=2**30)))


@pytest.fixture
def tune():
    """Return fifty seconds of music for strings and brass with pedals, bends and volumes."""
    midi = pretty_midi.PrettyMIDI()
    for program, pitch in ((48, 60), (60, 52)):
        player = pretty_midi.Instrument(program)
        for i in range(40):
            note = pretty_midi.Note(90, pitch + i * 7 % 12, 1.25 * i, 1.25 * i + 1.1 + i % 3)
            player.notes.append(note)
        player.control_changes = [
            pretty_midi.ControlChange(number, value, time)
            for time, number, value in [
                (0.1, 7, 80),
                (0.1, 101, 0),  # this and the next two set the range of bends to a fifth
                (0.1, 100, 0),
                (0.1, 6, 7),
                (0.2, 101, 127),
                (0.2, 100, 127),
                (17, 64, 127),
                (22, 64, 0),
                (33, 7, 40),
            ]
        ]
        player.pitch_bends = [pretty_midi.PitchBend(4000, 16), pretty_midi.PitchBend(0, 43)]
        midi.instruments.append(player)
    return midi


def test_music_synthesized_in_passages_sounds_like_music_synthesized_at_once(tune):
    sound, whole = play(tune), all_at_once(tune)
    assert len(sound) == len(whole)
    assert rms(sound - whole) < 1e-3 * rms(whole)


def test_the_same_music_gives_the_same_samples(tune):
    np.testing.assert_array_equal(play(tune), play(tune))


def test_a_note_has_the_frequency_of_its_pitch(make_midi):
    sound = play(make_midi((69, 0, 1)))[:RATE]
    spectrum = np.abs(np.fft.rfft(sound))
    assert spectrum[430:450].argmax() + 430 == 440


def test_sound_ends_three_seconds_after_the_last_note(make_midi):
    blocks = list(synthesize(make_midi((60, 1, 2)), sr=22050))
    assert all(block.dtype == np.float32 and block.ndim == 1 for block in blocks)
    sound = np.concatenate(blocks)
    assert len(sound) == pytest.approx(5 * 22050, abs=64)
    assert np.abs(sound[:22000]).max() < 1e-4
    assert rms(sound[22050:33075]) > 0.005
    assert abs(sound[-1]) < 1e-6


def test_a_short_note_does_not_end_a_longer_note_of_the_same_pitch(make_midi):
    """In a synthesizer, the first release would end both notes."""
    sound = play(make_midi((60, 0, 2), (60, 0.5, 0.7), program=19))  # an organ
    assert rms(sound[RATE * 3 // 2 : RATE * 2]) > 0.5 * rms(sound[RATE // 4 : RATE // 2])


def test_notes_that_outlast_the_tail_do_not_click(make_midi):
    sound = play(make_midi((40, 0, 1), pedal=[(0, 127)], program=14))  # bells ring long
    assert np.abs(np.diff(sound[-RATE:])).max() <= np.abs(np.diff(sound)).max() / 10


def test_memory_does_not_grow_with_the_length_of_the_music(make_midi):
    midi = make_midi(*[(60, 20 * i, 20 * i + 1) for i in range(50)])
    list(synthesize(make_midi((60, 0, 1))))  # import modules first, which takes memory
    tracemalloc.start()
    longest = max(len(block) for block in synthesize(midi))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert longest < 25 * 22050
    assert peak < 60e6  # bytes for a soundfont and a few passages; the whole sound takes 190 MB


def test_long_rests_are_silent(make_midi):
    sound = play(make_midi((60, 0, 1), (60, 100, 101)))
    assert not sound[5 * RATE : 100 * RATE].any()
    assert rms(sound[100 * RATE : 101 * RATE]) > 0.005


def test_very_long_notes_are_struck_again(make_midi):
    sound = play(make_midi((60, 0, 150), program=19))  # an organ
    assert len(sound) / RATE == pytest.approx(153, abs=0.01)
    assert rms(sound[149 * RATE : 150 * RATE]) > 0.5 * rms(sound[30 * RATE : 31 * RATE])


def loud(n_players, n_notes):
    midi = pretty_midi.PrettyMIDI()
    for i in range(n_players):
        player = pretty_midi.Instrument(61)
        player.control_changes.append(pretty_midi.ControlChange(7, 127, 0))
        player.notes = [pretty_midi.Note(127, 40 + 3 * k + i % 3, 0, 1) for k in range(n_notes)]
        midi.instruments.append(player)
    return midi


def test_loud_music_is_not_clipped():
    sound = play(loud(6, 10))
    assert np.abs(sound).max() > 1.05
    parts = [loud(6, 10) for _ in range(6)]
    for i, part in enumerate(parts):
        part.instruments = part.instruments[i : i + 1]
    total = sum(map(play, parts))
    assert rms(sound - total) < 0.01 * rms(total)


def test_instruments_keep_their_sounds_even_if_they_outnumber_the_channels(make_midi):
    midi = make_midi()
    midi.instruments = []
    for i in range(20):  # more than there are channels
        midi.instruments += make_midi((60, i, i + 0.5), program=6 * i).instruments
    drums = [
        make_midi((38, 20 + i, 20.5 + i), is_drum=True, program=p) for i, p in [(0, 0), (1, 25)]
    ]
    midi.instruments += [each.instruments[0] for each in drums]
    alone = make_midi((60, 0, 0.5), program=0), make_midi((60, 16, 16.5), program=96)
    sound = play(midi)
    for part, second in (*zip(alone, (0, 16), strict=True), *zip(drums, (20, 21), strict=True)):
        half = slice(second * RATE, second * RATE + RATE // 2)
        assert np.corrcoef(sound[half], play(part)[half])[0, 1] > 0.95


def test_sound_has_the_requested_sampling_rate(make_midi):
    midi = make_midi((60, 0, 1))
    lengths = [len(play(midi, sr=rate)) for rate in (8000, 44100, 96000)]
    assert [n / rate for n, rate in zip(lengths, (8000, 44100, 96000), strict=True)] == (
        pytest.approx([4] * 3, abs=0.01)
    )
    for rate in (0, np.nan, "fast", None):
        with pytest.raises(ValueError, match="sr must be a number of hertz"):
            synthesize(midi, sr=rate)


def test_a_file_sounds_the_same_as_the_music_written_to_it(tmp_path, make_roll):
    midi = PianoRollExtractor().inverse_transform(make_roll(8), timing=SIXTEENTHS)
    write_midi(tmp_path / "music.mid", midi)
    np.testing.assert_array_equal(play(tmp_path / "music.mid"), play(midi))


def test_a_soundfont_can_be_chosen(make_midi, tmp_path):
    copy = tmp_path / "copy.sf2"
    copy.write_bytes(Path(pretty_midi.__file__).with_name("TimGM6mb.sf2").read_bytes())
    midi = make_midi((60, 0, 1))
    np.testing.assert_array_equal(play(midi, soundfont=copy), play(midi))


def test_errors_say_what_is_wrong_with_a_soundfont(make_midi, tmp_path):
    midi = make_midi((60, 0, 1))
    whole = Path(pretty_midi.__file__).with_name("TimGM6mb.sf2").read_bytes()
    (tmp_path / "text.sf2").write_bytes(b"no soundfont")
    (tmp_path / "cut.sf2").write_bytes(whole[:100_000])
    for name, cause in [
        ("gone.sf2", "there is no such soundfont; check the path"),
        ("text.sf2", "this is not a soundfont"),
        ("", "cannot be opened"),
    ]:
        with pytest.raises(MidiError, match=cause):
            synthesize(midi, soundfont=tmp_path / name)
    with pytest.raises(MidiError, match=r"cut\.sf2: midirenderer cannot play this soundfont"):
        play(midi, soundfont=tmp_path / "cut.sf2")
    with pytest.raises(TypeError, match="soundfont is of type int"):
        synthesize(midi, soundfont=7)


class PanicException(BaseException):
    """Stand-in for the exception that a Rust panic raises in Python."""


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (PanicException, MidiError),
        (RuntimeError, MidiError),
        (KeyboardInterrupt, KeyboardInterrupt),
    ],
)
def test_errors_and_panics_of_the_renderer_become_midi_errors_but_ctrl_c_does_not(
    make_midi, monkeypatch, raised, expected
):
    def render_wave_from(soundfont, midi):
        raise raised("index out of bounds")

    monkeypatch.setattr(midirenderer, "render_wave_from", render_wave_from)
    with pytest.raises(expected):
        play(make_midi((60, 0, 1)))


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ((60, -1, 1), "-1 to 1 seconds"),
        ((60, 0, 1e9), "at most 24 hours"),
        ((60, np.nan, 1), "its times may be damaged"),
        ((200, 0, 1), "pitch and velocity must be from 0 to 127"),
    ],
)
def test_implausible_music_is_refused_before_synthesis(make_midi, note, message):
    with pytest.raises(MidiError, match=f"midi: .*{message}"):
        synthesize(make_midi(note))


def test_more_than_500_instruments_are_refused(make_midi):
    midi = make_midi((60, 0, 1))
    midi.instruments *= 501
    with pytest.raises(MidiError, match="there are 501 instruments"):
        synthesize(midi)


def test_music_without_notes_and_missing_files_are_refused(make_midi, tmp_path):
    with pytest.raises(MidiError, match="there are no notes to play"):
        synthesize(make_midi())
    with pytest.raises(MidiError, match=r"gone\.mid: there is no such file"):
        synthesize(tmp_path / "gone.mid")


def test_values_other_than_music_are_refused():
    with pytest.raises(TypeError, match="midi is of type int, where a path .* is expected"):
        synthesize(7)


def test_a_missing_package_is_named_with_the_command_to_install_it(make_midi, monkeypatch):
    midi = make_midi((60, 0, 1))
    monkeypatch.setitem(sys.modules, "midirenderer", None)
    with pytest.raises(ImportError, match=r"needs midirenderer: pip install mido .*midirenderer"):
        synthesize(midi)


def test_notes_of_a_passage_are_sorted_and_aligned_to_blocks(tune):
    for passage in _passages.passages(tune, _passages.PASSAGE):
        assert all(one <= other for one, other in pairwise(passage.strikes))
        for strike in passage.strikes:
            assert strike.start % 64 == strike.release % 64 == 0
            assert strike.start < strike.release <= strike.silence
