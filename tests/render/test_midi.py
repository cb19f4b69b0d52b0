import io
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from musicai import Timing
from musicai.metrics import frame_correlation
from musicai.midi import write_midi
from musicai.render import chroma_to_midi

from .conftest import FRAMES_PER_SECOND, TIMING, at

pretty_midi = pytest.importorskip("pretty_midi")
INSTRUMENTS = ["chords", "pads", "band"]


def written(midi):
    file = io.BytesIO()
    write_midi(file, midi)
    return file.getvalue()


def read(midi):
    return pretty_midi.PrettyMIDI(io.BytesIO(written(midi)))


def notes_of(midi):
    return [note for instrument in midi.instruments for note in instrument.notes]


def chroma_of_notes(midi, n_frames):
    """Return the chroma of the notes: their velocities at the middle of each frame."""
    middles = (np.arange(n_frames) + 0.5) / FRAMES_PER_SECOND
    chroma = np.zeros((n_frames, 12))
    for note in notes_of(midi):
        chroma[(middles >= note.start) & (middles < note.end), note.pitch % 12] += note.velocity
    return chroma


@pytest.mark.parametrize("instruments", INSTRUMENTS)
@pytest.mark.parametrize("grid", [None, 1, 4])
def test_notes_are_valid_and_end_with_the_piece(instruments, grid, wild, cadence):
    for piece in (wild, cadence, np.zeros((7, 12))):
        midi = chroma_to_midi(piece, instruments=instruments, grid=grid, timing=TIMING)
        duration = len(piece) / FRAMES_PER_SECOND
        assert midi.get_end_time() == pytest.approx(duration)
        assert read(midi).get_end_time() == pytest.approx(duration, abs=2e-3)
        for note in notes_of(midi):
            assert 0 <= note.start < note.end <= duration + 1e-9
            assert 28 <= note.pitch <= 96
            assert 1 <= note.velocity <= 127


@pytest.mark.parametrize("instruments", INSTRUMENTS)
def test_the_notes_have_the_chroma_of_the_piece(instruments, cadence):
    midi = chroma_to_midi(cadence, instruments=instruments, timing=TIMING)
    likeness = frame_correlation(cadence, chroma_of_notes(midi, len(cadence)))
    assert likeness > (0.8 if instruments == "band" else 0.93)
    assert not any(note.end > 8 for note in notes_of(midi))  # the silence at the end has no notes


@pytest.mark.parametrize("instruments", INSTRUMENTS)
def test_other_libraries_can_read_the_file(instruments, cadence):
    midirenderer = pytest.importorskip("midirenderer")
    midi = chroma_to_midi(cadence, instruments=instruments, timing=TIMING)
    assert [len(part.notes) for part in read(midi).instruments] == [
        len(part.notes) for part in midi.instruments
    ]
    assert sum(part.is_drum for part in midi.instruments) == (instruments == "band")
    soundfont = Path(pretty_midi.__file__).with_name("TimGM6mb.sf2").read_bytes()
    wave = midirenderer.render_wave_from(soundfont, written(midi))
    assert len(wave) > 9 * 44100
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # music21 warns about its own code
        converter = pytest.importorskip("music21.converter")
        score = converter.parse(written(midi), format="midi", forceSource=True)
    assert len(score.parts) == len(midi.instruments)


@pytest.mark.parametrize("instruments", INSTRUMENTS)
def test_the_same_piece_gives_the_same_notes(instruments, wild):
    midis = [chroma_to_midi(wild, instruments=instruments, timing=TIMING) for _ in range(2)]
    assert written(midis[0]) == written(midis[1])


@pytest.mark.parametrize("grid", [1, 2, 3])
@pytest.mark.parametrize("tempo", [80.0, 120.0])
def test_notes_are_on_the_grid(grid, tempo, wild):
    midi = chroma_to_midi(wild, instruments="band", drums=False, grid=grid, timing=at(tempo))
    assert midi.get_tempo_changes()[1] == pytest.approx([tempo])
    end = len(wild) / FRAMES_PER_SECOND
    steps = np.array([(note.start, note.end) for note in notes_of(midi)]) * tempo / 60 * grid
    on_grid = np.abs(steps - np.rint(steps)) < 1e-6
    assert np.all(on_grid | (steps == end * tempo / 60 * grid))


def test_tempo_follows_beats(wild):
    lengths = np.random.default_rng(0).uniform(0.4, 0.6, len(wild))
    times = np.concatenate([[0.0], np.cumsum(lengths)])
    midi = read(chroma_to_midi(wild, timing=Timing.from_beats(times)))
    assert midi.get_end_time() == pytest.approx(times[-1], abs=2e-3)
    np.testing.assert_allclose(midi.get_beats()[: len(wild)], times[:-1], atol=0.017)
    starts = np.array([note.start for note in notes_of(midi)])
    assert np.abs(starts[:, None] - times).min(axis=1).max() < 0.017


def test_small_deviations_from_a_tempo_are_not_written(wild):
    """Errors of a few milliseconds at each beat are smoothed; real changes of tempo are kept."""
    rng = np.random.default_rng(0)
    times = np.cumsum([0, *[0.5] * 60, *[0.6] * 60]) + rng.uniform(-0.008, 0.008, 121)
    midi = read(chroma_to_midi(wild, timing=Timing.from_beats(times - times[0])))
    _, tempi = midi.get_tempo_changes()
    assert len(tempi) <= 5
    assert tempi[0] == pytest.approx(120, abs=0.5)
    assert tempi[-1] == pytest.approx(100, abs=0.5)


@pytest.mark.parametrize("first", [-0.2, -0.52, -1.5])
def test_a_pickup_has_about_the_tempo_of_the_beats(first, wild):
    beats = np.concatenate([[first], np.arange(len(wild))])
    timing = Timing.from_beats((beats - first) / 2, beats=beats, downbeat=2)
    midi = read(chroma_to_midi(wild, timing=timing))
    np.testing.assert_allclose(midi.get_tempo_changes()[1], 120, rtol=0.34)
    for before, after in pairwise(midi.time_signature_changes):  # bars are whole
        bar = (midi.time_to_tick(after.time) - midi.time_to_tick(before.time)) / midi.resolution
        assert bar == before.numerator * 4 / before.denominator
    assert midi.get_end_time() == pytest.approx(timing.duration(), abs=2e-3)
    np.testing.assert_allclose(
        midi.get_downbeats()[1:3], (np.array([2, 6]) - first) / 2, atol=0.017
    )


@pytest.mark.parametrize("instruments", INSTRUMENTS)
def test_very_short_pieces_are_played(instruments, cadence):
    (midi,) = chroma_to_midi(
        [cadence[:1]], instruments=instruments, timing=Timing.from_borders([0, 0.05])
    )
    assert {(note.start, note.end) for note in notes_of(midi)} == {(0, 0.05)}
    timing = Timing.from_beats([0.0, 2e-4, 4e-4])
    (midi,) = chroma_to_midi([cadence[:2]], instruments=instruments, timing=timing)
    assert midi.get_end_time() == pytest.approx(4e-4)
    assert read(midi).get_end_time() < 1e-3


def test_pads_hold_common_tones(song):
    piece = song([(0, "maj", 2), (9, "min", 2), (5, "maj", 2)])  # C is in all three
    struck = chroma_to_midi(piece, instruments="chords", timing=TIMING)
    held = chroma_to_midi(piece, instruments="pads", timing=TIMING)
    assert len(notes_of(held)) < len(notes_of(struck))
    assert max(note.end - note.start for note in notes_of(held) if note.pitch % 12 == 0) == 6

    def sounding(midi):
        return chroma_of_notes(midi, len(piece)) > 0

    np.testing.assert_array_equal(sounding(held), sounding(struck))
    for pitch in {note.pitch for note in notes_of(held)}:
        ends = [note for note in notes_of(held) if note.pitch == pitch]
        for before, after in pairwise(ends):
            assert before.end < after.start


def test_a_quiet_part_is_played_quietly(cadence):
    cadence[:40] *= 0.3
    for instruments in INSTRUMENTS:
        notes = notes_of(chroma_to_midi(cadence, instruments=instruments, timing=TIMING))
        loud = max(note.velocity for note in notes if note.start >= 4)
        quiet = max(note.velocity for note in notes if note.end <= 4)
        assert quiet < 0.5 * loud


def test_key_and_meter_are_in_the_file(cadence):
    midi = read(chroma_to_midi(np.roll(cadence, 2, axis=1), timing=TIMING))
    assert [change.key_number for change in midi.key_signature_changes] == [2]
    assert [change.numerator for change in midi.time_signature_changes] == [4]
