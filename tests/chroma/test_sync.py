import numpy as np
import pytest

from musicai import ChromaExtractor
from musicai.chroma._sync import synchronise


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(0).random((40, 12), dtype=np.float32)


@pytest.mark.parametrize("beats", [[0.0], [1.0, 2.5, 3.0], [0.0, 0.31, 0.9, 3.9], [0.4, 0.8]])
def test_medians_are_those_of_librosa(librosa, frames, beats):
    chroma, times = synchronise(frames, 10.0, np.array(beats))
    firsts = np.ceil(10 * np.array(beats)).astype(int)
    theirs = librosa.util.sync(frames, list(firsts), aggregate=np.median, axis=0)
    np.testing.assert_array_equal(chroma, theirs)
    assert len(times) == len(chroma) + 1
    assert (times[0], times[-1]) == (0.0, 4.0)
    assert set(times[1:-1]) <= set(beats)
    assert (np.diff(times) > 0).all()


def test_intervals_without_a_frame_are_joined(frames):
    chroma, times = synchronise(frames, 10.0, np.array([1.01, 1.05, 1.5, 3.95, 5.0]))
    np.testing.assert_array_equal(times, [0, 1.05, 1.5, 4])
    np.testing.assert_array_equal(chroma[1], np.median(frames[11:15], axis=0))


def test_a_beat_on_the_center_of_a_frame_belongs_to_it():
    frame_rate = 22050 / 2048
    frames = np.arange(3000, dtype=np.float32)[:, np.newaxis] * np.ones(12, np.float32)
    beats = np.arange(1, 3000) / frame_rate
    chroma, _ = synchronise(frames, frame_rate, beats)
    np.testing.assert_array_equal(chroma, frames)


def make_chords(beat_seconds: float, n_beats: int, sr: int = 22050) -> np.ndarray:
    """Play a major chord per beat, each a fourth above the one before, and struck."""
    time = np.arange(round(beat_seconds * sr)) / sr
    beats = []
    for beat in range(n_beats):
        pitches = 60 + (5 * beat) % 12 + np.array([0, 4, 7])
        waves = np.sin(2 * np.pi * 440 * 2 ** ((pitches[:, np.newaxis] - 69) / 12) * time)
        beats.append(np.exp(-4 * time) * waves.sum(axis=0))
    return (0.2 * np.concatenate(beats)).astype(np.float32)


@pytest.mark.parametrize("kind", ["cqt", "stft"])
@pytest.mark.parametrize("bpm", [90, 120])
def test_a_frame_per_beat(kind, bpm):
    music = make_chords(60 / bpm, 40)
    (analysis,) = ChromaExtractor(kind=kind, sync="beat").analyze([music])
    assert analysis.tempo == pytest.approx(bpm, rel=0.03)
    assert len(analysis.times) == len(analysis.chroma) + 1
    assert len(analysis.chroma) == pytest.approx(40, abs=3)
    assert (analysis.chroma.max(axis=1) == 1).all()
    middles = (analysis.times[1:] + analysis.times[:-1]) / 2
    roots = (5 * (middles * bpm / 60).astype(int)) % 12
    chords = (roots[:, np.newaxis] + np.array([0, 4, 7])) % 12
    loudest = np.argsort(analysis.chroma, axis=1)[:, -3:]
    right = [set(chord) == set(three) for chord, three in zip(chords, loudest, strict=True)]
    assert np.mean(right) > 0.85


def test_transform_gives_the_chroma_of_analyze():
    music = make_chords(0.5, 20)
    extractor = ChromaExtractor(sync="beat")
    (analysis,) = extractor.analyze([music])
    (piece,) = extractor.transform([music])
    np.testing.assert_array_equal(piece, analysis.chroma)


@pytest.mark.parametrize("recording", [np.zeros(100_000), np.full(1, 0.1), np.ones(50_000)])
def test_without_beats_there_is_one_frame(recording):
    (analysis,) = ChromaExtractor(sync="beat").analyze([recording])
    assert analysis.tempo == 0
    assert analysis.chroma.shape == (1, 12)
    assert len(analysis.times) == 2


def test_without_sync_times_are_regular(make_music):
    (analysis,) = ChromaExtractor(hop_length=1024).analyze([make_music(22050, seconds=1)])
    assert analysis.tempo is None
    np.testing.assert_allclose(analysis.times, np.arange(len(analysis.chroma) + 1) * 1024 / 22050)


def test_beats_are_played_at_their_times():
    music = make_chords(0.5, 24)
    extractor = ChromaExtractor(sync="beat")
    (analysis,) = extractor.analyze([music])
    audio = extractor.inverse_transform(analysis.chroma, times=analysis.times)
    assert len(audio) / 22050 == pytest.approx(analysis.times[-1], abs=0.02)
    (heard,) = ChromaExtractor().transform([audio])
    (meant,) = ChromaExtractor().transform([music])
    n_frames = min(len(heard), len(meant))
    similarity = [
        np.corrcoef(one, other)[0, 1]
        for one, other in zip(heard[:n_frames], meant[:n_frames], strict=True)
    ]
    assert np.median(similarity) > 0.9


@pytest.mark.parametrize("tempo", [60, 150])
def test_composed_beats_are_played_at_a_tempo(tempo):
    piece = np.eye(12, dtype=np.float32)
    audio = ChromaExtractor(sync="beat").inverse_transform([piece, piece[:0]], tempo=tempo)
    assert len(audio[0]) / 22050 == pytest.approx(12 * 60 / tempo, abs=0.02)
    assert len(audio[1]) == 0


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([0, 1, 2], r"times\[0\] has shape \(3,\) where \(13,\) is expected"),
        (np.arange(13)[::-1], r"times\[0\] do not rise"),
        (np.append(np.arange(12), np.nan), r"times\[0\] do not rise"),
        (3.0, r"times\[0\] has shape \(\)"),
    ],
)
def test_wrong_times_are_refused(times, message):
    with pytest.raises(ValueError, match=message):
        ChromaExtractor(sync="beat").inverse_transform(np.eye(12), times=times)


def test_a_list_of_rows_is_one_piece_with_one_array_of_times():
    extractor = ChromaExtractor(sync="beat")
    times = np.arange(13) / 4
    audio = extractor.inverse_transform(np.eye(12).tolist(), times=list(times))
    np.testing.assert_array_equal(audio, extractor.inverse_transform(np.eye(12), times=times))


def test_times_that_are_no_list_are_refused():
    with pytest.raises(ValueError, match=r"times are 3\.0 where arrays of seconds are expected"):
        ChromaExtractor().inverse_transform([np.eye(12)], times=3.0)


def test_times_of_too_many_pieces_are_refused():
    with pytest.raises(ValueError, match="times are given for 2 pieces where X has 1"):
        ChromaExtractor().inverse_transform([np.eye(12)], times=[np.arange(13)] * 2)


@pytest.mark.parametrize("tempo", [0, -5, np.nan, "fast"])
def test_wrong_tempo_is_refused(tempo):
    with pytest.raises(ValueError, match="tempo must be a number"):
        ChromaExtractor(sync="beat").inverse_transform(np.eye(12), tempo=tempo)


def test_wrong_sync_is_refused(make_music):
    with pytest.raises(ValueError, match="sync must be None or 'beat'"):
        ChromaExtractor(sync="bar").transform([make_music(22050)])
