"""Music that is written or played has the same timing as the recording."""

import io
import warnings

import numpy as np
import pytest

from musicai import ChromaExtractor, MosaicSynthesizer, Timing
from musicai.midi import write_midi
from musicai.render import (
    chord_chart,
    chroma_to_audio,
    chroma_to_midi,
    recognize_chords,
    to_musicxml,
)

SR = 22050


def play(roots, seconds, decay=0.0):
    """Return the sound of successive major triads, given their roots and lengths in seconds."""
    sounds = []
    for root, length in zip(roots, seconds, strict=True):
        time = np.arange(round(length * SR)) / SR
        waves = [np.sin(2 * np.pi * 261.6 * 2 ** ((root + i) / 12) * time) for i in (0, 4, 7)]
        sounds.append(0.1 * np.exp(-decay * time) * sum(waves))
    return np.concatenate(sounds)


@pytest.fixture(scope="module")
def changes():
    """Recordings of chords that change abruptly, and the times of the changes in seconds."""
    found = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        seconds = rng.uniform(1.2, 2.5, 13)
        roots = np.cumsum(rng.choice([2, 5, 7, 10], 13)) % 12
        found.append((play(roots, seconds), np.cumsum(seconds)[:-1]))
    return found


def delays(changes, extractor, borders_of):
    """Return the delay, in seconds, of the border nearest to each change of chord."""
    late = []
    for recording, moments in changes:
        (piece,) = extractor.transform([recording])
        borders = np.array(borders_of(piece))
        late += [borders[np.argmin(np.abs(borders - moment))] - moment for moment in moments]
    return np.array(late)


@pytest.mark.parametrize("hop_length", [512, 1024, 2048, 4096])
def test_chords_begin_when_they_begin_in_the_recording(changes, hop_length):
    """If frames began at their centers, chords would be late by half a hop: 12 to 93 ms."""
    extractor = ChromaExtractor(hop_length=hop_length)

    def of_chords(piece):
        return [chord.start for chord in recognize_chords(piece, timing=extractor)]

    def of_notes(piece):
        midi = chroma_to_midi(piece, timing=extractor, grid=None)
        return [note.start for note in midi.instruments[0].notes]

    for borders_of in (of_chords, of_notes):
        late = delays(changes, extractor, borders_of)
        assert np.abs(late).max() < max(1.5 * hop_length / SR, 0.07)
        assert abs(late.mean()) < 0.25 * hop_length / SR


def test_chords_of_measured_frames_begin_when_they_begin_in_the_recording(changes):
    """Measured frames need not have the length of the extractor's frames."""
    extractor = ChromaExtractor(hop_length=512)
    (analysis,) = extractor.analyze([changes[0][0]])
    n_frames = len(analysis.chroma)
    borders = analysis.timing.borders(n_frames)[:: 3 if n_frames % 3 == 0 else 1]
    chroma = analysis.chroma.reshape(len(borders) - 1, -1, 12).mean(axis=1)
    chords = recognize_chords(chroma, timing=Timing.from_borders(borders))
    starts = np.array([chord.start for chord in chords])
    late = [starts[np.argmin(np.abs(starts - moment))] - moment for moment in changes[0][1]]
    assert abs(np.mean(late)) < 0.015


@pytest.fixture(scope="module")
def struck():
    """A recording of 23 seconds with a chord on each beat, at 120 beats per minute."""
    return play(5 * np.arange(46) % 12, [0.5] * 46, decay=4)


def lengths(piece, timing, recording):
    """Yield the length of a piece in seconds as audio, MIDI, chords and mosaic."""
    mosaic = MosaicSynthesizer(sr=SR, shaping=0).fit([recording])
    yield len(chroma_to_audio(piece, timing=timing)) / SR
    yield len(chroma_to_audio(piece, instruments="band", timing=timing)) / SR
    yield chroma_to_midi(piece, timing=timing).get_end_time()
    yield recognize_chords(piece, timing=timing)[-1].end
    yield len(mosaic.transform(piece, timing=timing)) / SR


@pytest.mark.parametrize(
    "parameters",
    [{}, {"hop_length": 512}, {"hop_length": 4096}, {"sr": 16000}, {"sync": "beat"}],
)
def test_every_rendering_lasts_as_long_as_the_recording(struck, parameters):
    (analysis,) = ChromaExtractor(**parameters).analyze([(struck, SR)])
    for length in lengths(analysis.chroma, analysis, struck):
        assert length == pytest.approx(23, abs=0.1)
    assert len(ChromaExtractor().inverse_transform(analysis.chroma, timing=analysis)) == (
        pytest.approx(23 * SR, abs=0.1 * SR)
    )


def test_the_length_of_composed_beats_follows_from_their_tempo(struck):
    (piece,) = ChromaExtractor(sync="beat").transform([struck])
    for length in lengths(piece[:40], Timing.from_tempo(96), struck):
        assert length == pytest.approx(40 * 60 / 96, abs=1e-3)


def read(musicxml):
    converter = pytest.importorskip("music21.converter")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # music21 warns about its own code
        return converter.parse(musicxml, format="musicxml", forceSource=True)


def test_scores_last_as_long_as_the_music(struck):
    (analysis,) = ChromaExtractor(sync="beat").analyze([struck])
    (frames,) = ChromaExtractor().analyze([struck])
    for piece, timing in ((analysis.chroma, analysis), (frames.chroma, frames)):
        score = read(to_musicxml(piece, timing=timing))
        tempo = score.parts[0].flatten().getElementsByClass("MetronomeMark").first().number
        chords = [each for each in score.parts[1].flatten().notes if each.quarterLength > 0]
        n_beats = chords[-1].offset + chords[-1].quarterLength - chords[0].offset
        assert n_beats * 60 / tempo == pytest.approx(23, abs=2 * 60 / tempo)  # whole beats


def test_slow_frames_are_not_taken_for_beats(struck):
    """Frames with a hop of 4096 samples last 186 ms, as beats at 323 per minute would."""
    (analysis,) = ChromaExtractor(hop_length=4096).analyze([struck])
    measured = Timing.from_borders(analysis.timing.borders(len(analysis.chroma)))
    for timing in (analysis.timing, measured):
        assert "120 beats a minute" in chord_chart(analysis.chroma, timing=timing)
        midi = chroma_to_midi(analysis.chroma, timing=timing)
        assert midi.get_tempo_changes()[1] == pytest.approx([120])


@pytest.mark.parametrize("beats_per_bar", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("downbeat", [0, 1, 2, 7])
def test_bars_follow_the_timing(struck, beats_per_bar, downbeat):
    (piece,) = ChromaExtractor(sync="beat").transform([struck])
    timing = Timing.from_tempo(96, beats_per_bar=beats_per_bar, downbeat=downbeat)
    before = downbeat % beats_per_bar

    chart = chord_chart(piece[:24], timing=timing)
    assert f"96 beats a minute, {beats_per_bar}/4" in chart
    assert len(chart.splitlines()[2].partition("|")[0].split()) == before

    midi = chroma_to_midi(piece[:24], timing=timing)
    file = io.BytesIO()
    write_midi(file, midi)
    pretty_midi = pytest.importorskip("pretty_midi")
    file.seek(0)
    downbeats = pretty_midi.PrettyMIDI(file).get_downbeats()
    expected = np.arange(before, 24, beats_per_bar) * 60 / 96
    np.testing.assert_allclose(downbeats[int(before > 0) :][: len(expected)], expected, atol=1e-3)

    score = read(to_musicxml(piece[:24], timing=timing, grid=2))
    signs = score.parts[0].flatten()
    assert signs.getElementsByClass("TimeSignature").first().ratioString == f"{beats_per_bar}/4"
    first = signs.getElementsByClass("Harmony").first()
    assert first.offset == -before % beats_per_bar
    for part in score.parts:
        for measure in part.getElementsByClass("Measure"):
            lengths = [s.quarterLength for s in measure.notesAndRests if s.quarterLength > 0]
            assert sum(lengths) == pytest.approx(beats_per_bar)


@pytest.mark.parametrize("start", [0, 2, 3, 5])
def test_a_slice_of_a_timing_keeps_the_bar_lines(struck, start):
    """If a slice begins within a beat, it begins with the rest of that beat."""
    piece = np.repeat(ChromaExtractor(sync="beat").transform([struck])[0], 2, axis=0)[:40]
    timing = Timing.from_tempo(96, frames_per_beat=2, downbeat=3)[start:]
    chart = chord_chart(piece[start:], timing=timing)
    before = (3 - start // 2) % 4
    assert len(chart.splitlines()[2].partition("|")[0].split()) == before
    midi = chroma_to_midi(piece[start:], timing=timing, grid=1)
    first_bar = midi.time_signature_changes[-1].time
    assert first_bar == pytest.approx(((3 - start / 2) % 4) * 60 / 96)
