"""Mosaics by beats."""

import io
import itertools
import pickle

import numpy as np
import pretty_midi
import pytest

from musicai import ChromaExtractor, MosaicSynthesizer, Timing
from musicai.metrics import frame_correlation
from musicai.render import chroma_to_midi

RATE = 22050
SIDES = np.array([[1.0, 0.6]], np.float32)


def band(seed, tempo=120, n_beats=36, late=0.3, only=None):
    """Return a stereo recording with a chord and a click on each beat; every other click is weaker.

    If `only` is given, it is the root of every chord.
    """
    rng = np.random.default_rng(seed)
    length = round(60 / tempo * RATE)
    time = np.arange(length) / RATE
    click = rng.standard_normal(length) * np.exp(-time / 0.01)
    beats = []
    for beat in range(n_beats):
        if beat % 2 == 0:
            root = rng.integers(12) if only is None else only
        notes = [220 * 2 ** ((root + third - 9) / 12) for third in (0, 4, 7)]
        tone = sum(np.sin(2 * np.pi * note * time) for note in notes) * np.exp(-2 * time)
        beats.append(0.1 * tone + (0.4 if beat % 2 == 0 else 0.2) * click)
    sound = np.concatenate([np.zeros(int(late * RATE)), *beats]).astype(np.float32)
    return sound[:, np.newaxis] * SIDES, RATE


def attacks(audio, rate=RATE):
    """Return the times, in seconds, of the beats that an extractor detects."""
    (analysis,) = ChromaExtractor(sync="beat").analyze([(audio, rate)])
    return analysis.beats.times


@pytest.fixture(scope="module")
def recordings():
    tempi = (120, 120, 118, 122, 95)
    return [band(seed, tempo) for seed, tempo in enumerate(tempi)]


@pytest.fixture(scope="module")
def mosaic(recordings):
    return MosaicSynthesizer(ChromaExtractor(sync="half-beat"), sr=RATE).fit(recordings)


@pytest.fixture(scope="module")
def piece(recordings):
    (analysis,) = ChromaExtractor(sync="half-beat").analyze([band(77)])
    return analysis.chroma[1:25]


def test_beats_of_the_mosaic_follow_the_requested_tempo(mosaic, piece):
    for tempo in (105, 132):
        audio = mosaic.transform(piece, tempo=tempo)
        grid = np.arange(1, 11) * 60 / tempo
        found = attacks(audio)
        off = np.abs(found[:, np.newaxis] - grid).min(axis=0)
        assert np.mean(off < 0.03) > 0.9
        assert 60 / np.median(np.diff(found)) == pytest.approx(tempo, rel=0.01)


def test_invalid_tempi_are_refused(mosaic, piece):
    for tempo in (3, "120", np.nan):
        with pytest.raises(ValueError, match="^tempo must be None or a number of beats per minute"):
            mosaic.transform(piece, tempo=tempo)
    with pytest.raises(ValueError, match=r"tempo is for frames that are beats.*from_rate\(10\)"):
        mosaic.transform(piece, timing=10, tempo=120)


def test_the_chroma_of_the_mosaic_resembles_the_piece(mosaic, piece):
    audio = mosaic.transform(piece, tempo=120)
    (again,) = ChromaExtractor().transform([(audio, RATE)])
    wanted = np.repeat(piece, 4, axis=0)
    near = wanted[np.linspace(0, len(wanted) - 1, len(again)).astype(int)]
    assert frame_correlation(again, near) > 0.8


def test_a_piece_in_d_is_played_with_a_transposed_recording_in_c():
    extractor = ChromaExtractor(sync="half-beat")
    mosaic = MosaicSynthesizer(extractor, shaping=0, sr=RATE).fit([band(0, only=0)])
    piece = np.roll(mosaic.chroma_[0][2:26].astype(float), 2, axis=1)
    assert {segment.semitones for segment in mosaic.segments(piece, tempo=120)} == {2}
    assert {clip.semitones for clip in mosaic.edit_list(piece, tempo=120).clips} == {2}
    wanted = np.repeat(piece, 4, axis=0)
    found = []
    for transpose in (None, 0):
        audio = mosaic.set_params(transpose=transpose).transform(piece, tempo=120)
        (again,) = ChromaExtractor().transform([(audio, RATE)])
        near = wanted[np.linspace(0, len(wanted) - 1, len(again)).astype(int)]
        found.append(frame_correlation(again, near))
    assert found[0] > 0.85
    assert found[1] < 0.5
    assert {segment.semitones for segment in mosaic.segments(piece, tempo=120)} == {0}


def test_the_default_tempo_is_the_usual_tempo_of_the_recordings(mosaic, piece):
    assert mosaic.tempo_ == pytest.approx(120, rel=0.01)
    audio = mosaic.transform(piece)
    assert len(audio) == pytest.approx(12 * 60 / mosaic.tempo_ * RATE, abs=1)
    np.testing.assert_array_equal(audio, mosaic.transform(piece, tempo=mosaic.tempo_))
    extractor = ChromaExtractor(sync="half-beat")
    np.testing.assert_array_equal(audio, mosaic.transform(piece, timing=extractor))


@pytest.mark.parametrize(
    "timing",
    [
        Timing.from_tempo(126),
        Timing.from_tempo(126, frames_per_beat=2, beats_per_bar=3, downbeat=1),
        Timing.from_tempo(31, frames_per_beat=0.5),
        Timing.from_beats(3 + np.cumsum(np.random.default_rng(0).uniform(0.4, 0.6, 25))),
        Timing.from_beats(
            np.concatenate([[0], 0.2 + 0.3 * np.arange(24)]),
            beats=np.concatenate([[-0.3], np.arange(24) / 2]),
            frames_per_beat=2,
        ),
        Timing.from_borders(np.arange(25) ** 1.1),
        Timing.from_rate(5.3),
    ],
)
def test_the_timing_of_a_piece_determines_the_length_of_its_mosaic(mosaic, piece, timing):
    audio = mosaic.transform(piece, timing=timing)
    assert len(audio) == int(timing.duration(24) * RATE + 1e-6)
    segments = mosaic.segments(piece, timing=timing)
    assert segments[0].start == 0
    assert all(one.end == other.start for one, other in itertools.pairwise(segments))
    assert segments[-1].end == len(audio) / RATE


def test_attacks_of_the_mosaic_coincide_with_the_notes_of_a_midi_file_of_the_piece(mosaic, piece):
    timing = Timing.from_tempo(110, frames_per_beat=2)
    audio = mosaic.transform(piece, timing=timing)
    file = io.BytesIO()
    chroma_to_midi(piece, file, timing=timing)
    file.seek(0)
    midi = pretty_midi.PrettyMIDI(file)
    notes = [note for instrument in midi.instruments for note in instrument.notes]
    assert min(note.start for note in notes) == pytest.approx(0, abs=0.01)
    assert max(note.end for note in notes) == pytest.approx(len(audio) / RATE, abs=0.1)
    found = attacks(audio)
    starts = np.unique([round(note.start, 3) for note in notes])
    near = np.abs(starts[:, np.newaxis] - np.append(found, 0)).min(axis=1)
    beats = np.abs(starts / (60 / 110) - np.rint(starts / (60 / 110))) < 0.02
    assert np.median(near[beats]) < 0.03


def test_segments_last_whole_beats_and_are_within_their_recordings(mosaic, piece, recordings):
    for segment in mosaic.segments(piece, tempo=110):
        assert segment.source_start < segment.source_end
        assert segment.source_end <= len(recordings[segment.recording][0]) / RATE
        played = (segment.source_end - segment.source_start) / (segment.end - segment.start)
        assert 0.8 < played < 1.25
        beats = (segment.end - segment.start) * 110 / 60
        assert beats == pytest.approx(round(beats), abs=1e-3)


def test_pieces_without_beats_are_played_on_steady_beats(mosaic):
    frames = ChromaExtractor().transform([band(77)])[0][:60]
    audio = mosaic.transform(frames)
    found = attacks(audio)
    assert 60 / np.median(np.diff(found)) == pytest.approx(mosaic.tempo_, rel=0.02)


def test_a_piece_sounds_the_same_each_time_and_in_a_collection(mosaic, piece):
    first = mosaic.transform(piece)
    np.testing.assert_array_equal(mosaic.transform(piece), first)
    several = mosaic.transform([piece[:8], piece, piece[:0]])
    np.testing.assert_array_equal(several[1], first)
    assert several[2].shape == (0, 2)
    restored = pickle.loads(pickle.dumps(mosaic))
    np.testing.assert_array_equal(restored.transform(piece), first)


def test_stereo_recordings_make_stereo_mosaics(mosaic, piece):
    audio = mosaic.transform(piece)
    assert audio.shape[1:] == (2,)
    # All recordings are louder on the left, by the same factor.
    np.testing.assert_allclose(audio[:, 1], 0.6 * audio[:, 0], atol=1e-4)
    assert np.abs(audio).max() > 0.1


def test_the_chosen_style_limits_the_recordings_and_sets_the_tempo(recordings, mosaic, piece):
    labels = ["fast", "fast", "fast", None, "slow"]
    of_styles = MosaicSynthesizer(ChromaExtractor(sync="half-beat"), sr=RATE)
    of_styles.fit([*recordings, (np.zeros(RATE), RATE)], [*labels, "none"])
    np.testing.assert_array_equal(of_styles.transform(piece), mosaic.transform(piece))
    slow = of_styles.segments(piece, style="slow")
    assert {segment.recording for segment in slow} == {4}
    assert slow[-1].end == pytest.approx(12 * 60 / 95, rel=0.01)  # the tempo of the slow style
    both = of_styles.segments(np.tile(piece, (5, 1)), style={"fast": 3, "slow": 1}, tempo=110)
    seconds = np.zeros(6)
    for segment in both:
        seconds[segment.recording] += segment.end - segment.start
    assert seconds[3] == seconds[5] == 0
    assert seconds[4] / seconds.sum() == pytest.approx(0.25, abs=0.02)
    with pytest.raises(ValueError, match="no recording of the style 'none' can be played: it has"):
        of_styles.transform(piece, style="none")
    with pytest.raises(ValueError, match="style 'slow' can be played: its tempo is too far from"):
        of_styles.transform(piece, style={"fast": 1, "slow": 1}, tempo=320)


def test_silent_frames_are_played_as_silence(mosaic, piece):
    quiet = piece.copy()
    quiet[8:16] = 0
    audio = mosaic.transform(quiet, tempo=120)
    assert not audio[int(2.2 * RATE) : int(3.8 * RATE)].any()
    assert audio[: 2 * RATE].any()


def test_a_tempo_out_of_range_is_refused(mosaic, piece):
    with pytest.raises(ValueError, match="a tempo of 900 beats per minute is out of range: the"):
        mosaic.transform(piece, tempo=900)


def test_recordings_without_a_pulse_make_a_mosaic_by_frames():
    rng = np.random.default_rng(0)
    time = np.arange(20 * RATE) / RATE
    swelling = [
        0.1 * np.sin(2 * np.pi * f * time) * (1 + 0.5 * np.sin(0.7 * time + i))
        + 0.01 * rng.standard_normal(len(time))
        for i, f in enumerate((220, 330, 440))
    ]
    mosaic = MosaicSynthesizer(ChromaExtractor(sync="beat"), sr=RATE)
    with pytest.warns(UserWarning, match="no clear pulse: the mosaic plays frames"):
        mosaic.fit(swelling)
    assert mosaic.tempo_ is None
    assert mosaic.extractor_.sync == "beat"
    with pytest.raises(ValueError, match="beats have no tempo: pass timing"):
        mosaic.transform(np.eye(12))
    by_tempo = mosaic.transform(np.eye(12), tempo=240)
    by_timing = mosaic.transform(np.eye(12), timing=Timing.from_tempo(240))
    np.testing.assert_array_equal(by_tempo, by_timing)


def test_a_recording_without_beats_is_left_out(recordings, piece):
    silent = np.zeros(10 * RATE, np.float32)
    mosaic = MosaicSynthesizer(ChromaExtractor(sync="beat"), sr=RATE)
    mosaic.fit([silent, *recordings, (recordings[0][0][:RATE], RATE)])
    used = {segment.recording for segment in mosaic.segments(piece)}
    assert used <= set(range(1, 6))


def test_damaged_saved_states_are_refused(mosaic):
    state = mosaic.__getstate__()
    first = state["beats_"][0]
    wrong = [
        {"tempo_": None},
        {"beats_": [None] * 5},
        {"beats_": [{}] * 5},
        {"beats_": [{**first, "beats_per_bar": 0}, *state["beats_"][1:]]},
        {"beats_": [{**first, "times": first["times"][::-1]}, *state["beats_"][1:]]},
        {"beats_": [{**first, "clarity": first["clarity"][:-1]}, *state["beats_"][1:]]},
    ]
    for each in wrong:
        with pytest.raises(ValueError, match="cannot be used"):
            MosaicSynthesizer().__setstate__(state | each)
