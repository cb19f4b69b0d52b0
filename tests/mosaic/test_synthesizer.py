import itertools

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from musicai import ChromaExtractor, MosaicSynthesizer, Timing
from musicai.audio import RecordingError
from musicai.metrics import frame_correlation
from musicai.theory.timing_argument import as_timing

from .conftest import RATE, analyzed, chords


def test_the_chroma_of_the_mosaic_resembles_the_piece(mosaic, recordings, piece):
    audio = mosaic.transform(piece)
    again = analyzed(audio)
    assert again.shape == piece.shape
    assert frame_correlation(again, piece) > 0.9
    plain = clone(mosaic).set_params(shaping=0).fit([(each, RATE) for each in recordings])
    assert frame_correlation(analyzed(plain.transform(piece)), piece) > 0.6


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize("n_frames", [1, 2, 40])
def test_the_mosaic_is_as_long_as_the_piece(recordings, piece, rate, n_frames):
    mosaic = MosaicSynthesizer(sr=rate, shaping=0).fit(recordings)
    audio = mosaic.transform(piece[:n_frames])
    assert audio.dtype == np.float32
    assert len(analyzed(audio, rate)) == n_frames
    assert len(audio) == int((n_frames - 0.5) * 2048 * rate / 22050)


def test_the_same_piece_gives_the_same_samples(mosaic, piece):
    np.testing.assert_array_equal(mosaic.transform(piece), mosaic.transform(piece))


def test_a_collection_of_pieces_gives_a_collection_of_results(mosaic, piece):
    alone = mosaic.transform(piece)
    several = mosaic.transform([piece, piece[:5], piece[:0]])
    assert isinstance(several, list)
    np.testing.assert_array_equal(several[0], alone)
    assert len(several[2]) == 0
    assert [len(each) > 0 for each in mosaic.segments([piece, piece[:0]])] == [True, False]


def test_segments_are_adjacent_and_within_their_recordings(mosaic, piece, recordings):
    segments = mosaic.segments(piece)
    assert segments[0].start == 0
    for before, after in itertools.pairwise(segments):
        assert before.end == after.start
    assert segments[-1].end * RATE == pytest.approx(len(mosaic.transform(piece)))
    for segment in segments:
        assert 0 <= segment.recording < len(recordings)
        length = len(recordings[segment.recording]) / RATE
        assert -0.1 <= segment.source_start <= length
        assert segment.semitones == 0
        assert -12 <= segment.gain <= 12


def test_no_recording_plays_longer_than_max_segment(recordings):
    mosaic = MosaicSynthesizer(max_segment=2.0, sr=RATE).fit(recordings)
    itself = ChromaExtractor().transform(recordings[:1])[0]
    for name, group in itertools.groupby(mosaic.segments(itself), lambda each: each.recording):
        group = list(group)
        assert group[-1].end - group[0].start <= 2.0, name


@pytest.mark.parametrize("join_cost", [1.6, 1000.0])
@pytest.mark.parametrize("n_others", [0, 1])
@pytest.mark.parametrize("max_segment", [1.0, 10.0])
def test_hardly_audible_frames_are_never_played(join_cost, n_others, max_segment):
    with_gaps = chords([0] * 16)
    for second in (1, 3, 4, 6):
        with_gaps[second * RATE : int((second + 0.3) * RATE)] *= 1e-4  # -80 dB
    others = [chords([6] * 8, seed=1)] * n_others
    mosaic = MosaicSynthesizer(join_cost=join_cost, max_segment=max_segment, sr=RATE, shaping=0)
    mosaic.fit([with_gaps, *others])
    wanted = ChromaExtractor().transform([chords([0] * 16)])[0]
    hop = 2048 / RATE
    for segment in mosaic.segments(wanted):
        if segment.recording == 0:
            end = segment.source_start + segment.end - segment.start
            for gap in (1, 3, 4, 6):  # frames at the edges of a gap contain some sound
                assert end <= gap + 1.01 * hop or segment.source_start >= gap + 0.3 - 1.01 * hop


def test_scaling_and_negative_values_do_not_change_the_segments(mosaic, piece):
    expected = mosaic.segments(piece)
    assert mosaic.segments(100 * piece) == expected
    sunken = np.where(piece == 0, -1, piece)
    assert mosaic.segments(sunken) == expected


def test_joins_lead_to_passages_at_the_usual_level_of_their_recording():
    major, other = chords([0, 5] * 8), chords([3, 10] * 8, seed=1)
    mosaic = MosaicSynthesizer(sr=RATE)
    mosaic.fit([np.concatenate([0.05 * major, major]), other])
    wanted = analyzed(np.concatenate([other[: 4 * RATE], 0.05 * major[: 4 * RATE]]))
    first, *others = mosaic.segments(wanted)
    assert first.recording == 1
    assert {segment.recording for segment in others} == {0}
    assert min(segment.source_start for segment in others) > 7.9


def test_recordings_are_transposed_to_another_key():
    mosaic = MosaicSynthesizer(transpose=2, sr=RATE).fit([chords([0] * 8)])
    wanted = ChromaExtractor().transform([chords([2] * 8)])[0][:30]
    assert {segment.semitones for segment in mosaic.segments(wanted)} == {2.0}
    assert frame_correlation(analyzed(mosaic.transform(wanted)), wanted) > 0.9


def test_recordings_that_are_out_of_tune_are_retuned():
    mosaic = MosaicSynthesizer(sr=RATE, shaping=0).fit([chords([0] * 8, detune=0.3)])
    (semitones,) = {segment.semitones for segment in mosaic.segments(np.eye(12)[:5])}
    assert semitones == pytest.approx(-0.3, abs=0.05)
    audio = mosaic.transform(ChromaExtractor().transform([chords([0] * 8)])[0])
    spectrum = np.abs(np.fft.rfft(audio[: 3 * RATE] * np.hanning(3 * RATE)))
    loudest = 12 * np.log2(spectrum.argmax() / 3 / 440)
    assert abs(loudest - round(loudest)) < 0.06


@pytest.mark.parametrize(
    "timing",
    [
        Timing.from_tempo(86),
        Timing.from_beats(3 + np.arange(14) * 0.7),
        Timing.from_borders(np.arange(14) ** 1.3),
        Timing.from_rate(3),
        3,
        ChromaExtractor(hop_length=4096),
    ],
)
def test_the_timing_of_a_piece_determines_the_length_of_its_mosaic(mosaic, piece, timing):
    beats = piece[::10]
    audio = mosaic.transform(beats, timing=timing)
    assert len(audio) == int(as_timing(timing).duration(13) * RATE)
    (listed,) = mosaic.transform([beats], timing=[timing])
    np.testing.assert_array_equal(listed, audio)
    assert mosaic.segments(beats, timing=timing)[-1].end == len(audio) / RATE


def test_pieces_are_played_at_any_tempo(recordings, piece):
    """At some of these tempi, borders of beats coincide with centers of frames."""
    mosaic = MosaicSynthesizer(sr=8000).fit(recordings)
    for tempo in (60 * 22050 / 2048 / 8, 60 * 22050 / 2048 / 7, 90, 97.3):
        timing = Timing.from_tempo(tempo)
        audio = mosaic.transform(piece[:5], timing=timing)
        assert len(audio) == pytest.approx(timing.duration(5) * 8000, abs=1)


def test_frames_of_any_length_are_played_on_time(mosaic):
    rng = np.random.default_rng(5)
    borders = np.concatenate([[0.3], 0.3 + np.cumsum(rng.uniform(0.5, 1.5, 12))])
    beats = ChromaExtractor().transform([chords(rng.permutation(12))])[0][2::5][:12]
    expected = [
        beats[np.searchsorted(borders - 0.3, t * 2048 / 22050, side="right") - 1]
        for t in range(int((borders[-1] - 0.3) * 22050 / 2048))
    ]
    played = [segment.start for segment in mosaic.segments(np.array(expected))]
    for timing in (Timing.from_beats(borders), Timing.from_borders(borders)):
        found = [segment.start for segment in mosaic.segments(beats, timing=timing)]
        np.testing.assert_allclose(found[: len(played)], played)


@pytest.mark.parametrize("kind", ["cqt", "stft"])
def test_chroma_may_have_any_scale(recordings, piece, kind):
    extractor = ChromaExtractor(kind=kind, norm=None, n_fft=16384)
    with np.errstate(all="raise"):
        mosaic = MosaicSynthesizer(extractor, sr=RATE).fit([9 * r for r in recordings])
    wanted = extractor.transform([chords([0, 4, 5, 2], seconds=1)])[0]
    assert np.isfinite(mosaic.transform(wanted)).all()
    assert mosaic.segments(piece * np.float32(3e38)) == mosaic.segments(piece)


@pytest.mark.parametrize("seconds", [0.02, 0.2])
def test_recordings_may_have_only_a_few_frames(piece, seconds):
    few = [chords([root], seconds=seconds) for root in (0, 5)]
    for recordings in (few, few[:1], [np.zeros(22050), *few]):
        audio = MosaicSynthesizer(sr=RATE).fit(recordings).transform(piece)
        assert np.isfinite(audio).all()
        assert len(analyzed(audio)) == len(piece)


def test_set_output_accepts_only_the_default(mosaic):
    for transform in (None, "default"):
        assert clone(mosaic).set_output(transform=transform).sr == RATE
    for transform in ("pandas", "nonsense"):
        with pytest.raises(ValueError, match=f"transform must be 'default', .* got '{transform}'"):
            clone(mosaic).set_output(transform=transform)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"extractor": "cqt"}, "extractor must be a ChromaExtractor or None, got 'cqt'"),
        ({"join_cost": -1}, "join_cost must be a number from 0 to 1000"),
        ({"max_segment": 0}, "max_segment must be a number of seconds of at least 1"),
        ({"transpose": 1.5}, "transpose must be an integer from 0 to 6"),
        ({"shaping": None}, "shaping must be a number of decibels"),
        ({"channels": 3}, "channels must be 1, 2 or None, got 3"),
        ({"root": 3}, "root must be a folder or None, got 3"),
        ({"sr": 100}, "sr must be an integer of hertz"),
    ],
)
def test_invalid_parameters_are_refused(recordings, parameters, message):
    with pytest.raises(ValueError, match=message):
        MosaicSynthesizer(**parameters).fit(recordings)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("a.wav", TypeError, r"pass \[x\]"),
        ([], ValueError, "empty list"),
        ([np.zeros(RATE)], ValueError, "nothing sounds in any recording"),
        ([np.full(RATE, np.nan)], RecordingError, "NaN"),
    ],
)
def test_invalid_recordings_are_refused(X, error, message):
    with pytest.raises(error, match=message):
        MosaicSynthesizer().fit(X)


def test_invalid_pieces_are_refused(mosaic):
    with pytest.raises(ValueError, match="88 features per frame where 12 are expected"):
        mosaic.transform(np.zeros((5, 88)))
    with pytest.raises(ValueError, match="NaN"):
        mosaic.transform(np.full((5, 12), np.nan))
    with pytest.raises(ValueError, match="timing has 4 frames but X has 5"):
        mosaic.transform(np.ones((5, 12)), timing=Timing.from_beats(np.arange(5)))
    with pytest.raises(NotFittedError):
        MosaicSynthesizer().transform(np.ones((5, 12)))


def test_a_recording_may_be_shorter_than_max_segment(piece):
    audio = MosaicSynthesizer(sr=RATE).fit([chords([0, 5], seconds=0.3)]).transform(piece)
    assert audio.any()
    assert len(analyzed(audio)) == len(piece)


def test_an_extractor_that_returns_data_frames_gives_the_same_mosaic(mosaic, piece, recordings):
    extractor = ChromaExtractor().set_output(transform="pandas")
    framed = MosaicSynthesizer(extractor, sr=RATE).fit(recordings)
    np.testing.assert_array_equal(framed.transform(piece), mosaic.transform(piece))
