import numpy as np
import pytest

from musicai import ChromaExtractor, Timing
from musicai.chroma._sync import beat_grid, frames_between, median_chroma


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(0).random((40, 12), dtype=np.float32)


@pytest.mark.parametrize("borders", [[0.0, 3.95], [0.0, 1.0, 2.5, 3.0, 3.95], [0, 0.31, 3.95]])
def test_medians_between_beats_match_librosa(librosa, frames, borders):
    parts = frames_between(np.array(borders), 10.0, len(frames))
    firsts = np.ceil(10 * np.array(borders[:-1])).astype(int)
    theirs = librosa.util.sync(frames, list(firsts), aggregate=np.median, axis=0)
    np.testing.assert_array_equal(median_chroma(frames, parts), theirs)


def test_intervals_without_a_frame_get_the_nearest_frame():
    parts = frames_between(np.array([0.0, 1.01, 1.05, 1.09, 1.5, 3.945, 3.95]), 10.0, 40)
    assert parts == [slice(0, 11), slice(10, 11), slice(11, 12), slice(11, 15), *parts[4:]]
    assert parts[4:] == [slice(15, 40), slice(39, 40)]


def test_a_frame_centered_on_a_beat_belongs_to_that_beat():
    frame_rate = 22050 / 2048
    parts = frames_between(np.arange(3001) / frame_rate, frame_rate, 3000)
    assert parts == [slice(t, t + 1) for t in range(3000)]


@pytest.mark.parametrize("frames_per_beat", [1, 2])
@pytest.mark.parametrize("first", [0.0, 0.1, 7.0])
def test_beat_positions_count_from_the_first_beat(first, frames_per_beat):
    beats = first + np.array([0.0, 0.5, 1.0, 1.6])
    seconds, positions = beat_grid(beats, first + 2.5, frames_per_beat=frames_per_beat)
    assert seconds[0] == 0
    assert (np.diff(seconds) > 0).all()
    on_beats = (positions % 1 == 0) & (positions >= 0)
    np.testing.assert_array_equal(seconds[on_beats], beats)
    np.testing.assert_array_equal(positions[on_beats], [0, 1, 2, 3])
    assert positions[0] == -first / 0.5
    assert positions[-1] == pytest.approx(3 + 0.9 / 0.6)
    assert len(seconds) == 1 + 3 * frames_per_beat + 1 + (first > 0)


def make_chords(beat_seconds: float, n_beats: int, sr: int = 22050) -> np.ndarray:
    """Synthesize one decaying major chord per beat; the roots rise by fourths."""
    time = np.arange(round(beat_seconds * sr)) / sr
    beats = []
    for beat in range(n_beats):
        pitches = 60 + (5 * beat) % 12 + np.array([0, 4, 7])
        waves = np.sin(2 * np.pi * 440 * 2 ** ((pitches[:, np.newaxis] - 69) / 12) * time)
        beats.append(np.exp(-4 * time) * waves.sum(axis=0))
    return (0.2 * np.concatenate(beats)).astype(np.float32)


@pytest.mark.parametrize("kind", ["cqt", "stft"])
@pytest.mark.parametrize("bpm", [90, 120])
def test_each_beat_has_the_chroma_of_its_chord(kind, bpm):
    music = make_chords(60 / bpm, 40)
    (analysis,) = ChromaExtractor(kind=kind, sync="beat").analyze([music])
    assert analysis.tempo == pytest.approx(bpm, rel=0.03)
    assert analysis.timing.has_beats
    assert analysis.timing.n_frames == len(analysis.chroma)
    assert analysis.tempo == analysis.timing.tempo
    assert len(analysis.chroma) == pytest.approx(40, abs=3)
    assert (analysis.chroma.max(axis=1) == 1).all()
    roots = (5 * (analysis.timing.centers() * bpm / 60).astype(int)) % 12
    chords = (roots[:, np.newaxis] + np.array([0, 4, 7])) % 12
    loudest = np.argsort(analysis.chroma, axis=1)[:, -3:]
    right = [set(chord) == set(three) for chord, three in zip(chords, loudest, strict=True)]
    assert np.mean(right) > 0.85


def test_half_beats_divide_beats():
    music = make_chords(0.5, 24)
    (beats,), (halves,) = (
        ChromaExtractor(sync=sync).analyze([music]) for sync in ("beat", "half-beat")
    )
    np.testing.assert_array_equal(beats.beats.times, halves.beats.times)
    assert halves.timing.frames_per_beat == 2
    assert halves.timing.tempo == pytest.approx(beats.timing.tempo)
    positions, borders = halves.timing.beats(), halves.timing.borders()
    np.testing.assert_array_equal(positions[1:-1], np.arange(len(positions) - 2) / 2)
    np.testing.assert_array_equal(borders[1:-1:2], beats.beats.times)
    np.testing.assert_allclose(borders[2:-1:2], (borders[1:-2:2] + borders[3:-1:2]) / 2)
    assert len(halves.chroma) == len(halves.levels) == len(halves.timbre) == len(borders) - 1


def test_beats_closer_together_than_frames_are_kept():
    extractor = ChromaExtractor(
        sync="half-beat", hop_length=16384, tracker=lambda y, sr: np.arange(0, 9, 0.25)
    )
    (analysis,) = extractor.analyze([make_chords(0.5, 20)])
    np.testing.assert_allclose(np.diff(analysis.timing.beats()[:-1]), 0.5)
    assert len(analysis.chroma) == 2 * 35 + 1
    assert (analysis.chroma.max(axis=1) == 1).all()


def test_the_timbre_of_a_sound_does_not_depend_on_its_loudness():
    music = make_chords(0.5, 20)
    (loud,), (soft,) = (ChromaExtractor(sync="beat").analyze([x]) for x in (music, music / 8))
    assert loud.timbre.dtype == np.float32
    np.testing.assert_allclose(loud.timbre, soft.timbre, atol=0.01)


def test_timbre_distinguishes_sounds():
    time = np.arange(22050 // 2) / 22050
    tones = [sum(np.sin(2 * np.pi * 220 * k * time) / k**p for k in range(1, 30)) for p in (1, 3)]
    beats = [(0.2 * tones[i % 2] * np.exp(-4 * time)).astype(np.float32) for i in range(24)]
    extractor = ChromaExtractor(sync="beat", tracker=lambda y, sr: np.arange(0, 12, 0.5))
    (analysis,) = extractor.analyze([np.concatenate(beats)])
    timbre = analysis.timbre
    apart = np.linalg.norm(timbre[2:-1] - timbre[1:-2], axis=1)
    alike = np.linalg.norm(timbre[3:-1] - timbre[1:-3], axis=1)
    assert apart.min() > 3 * alike.max()


def test_transform_returns_the_chroma_of_analyze():
    music = make_chords(0.5, 20)
    extractor = ChromaExtractor(sync="beat")
    (analysis,) = extractor.analyze([music])
    (piece,) = extractor.transform([music])
    np.testing.assert_array_equal(piece, analysis.chroma)


@pytest.mark.parametrize("recording", [np.zeros(100_000), np.full(1, 0.1), np.ones(50_000)])
def test_without_beats_there_is_one_frame(recording):
    (analysis,) = ChromaExtractor(sync="beat").analyze([recording])
    assert analysis.tempo is None
    assert analysis.beats is None
    assert analysis.clarity is None
    assert analysis.chroma.shape == (1, 12)
    assert analysis.timbre.shape == (1, 13)
    assert analysis.timing.n_frames == 1
    assert not analysis.timing.has_beats
    assert analysis.timing.duration() == pytest.approx(len(recording) / 22050, abs=0.05)


def test_frames_have_a_constant_rate_without_sync(make_music):
    (analysis,) = ChromaExtractor(hop_length=1024).analyze([make_music(22050, seconds=1)])
    assert analysis.tempo is analysis.beats is analysis.clarity is analysis.timbre is None
    assert (
        analysis.timing == ChromaExtractor(hop_length=1024).timing == Timing.from_rate(22050 / 1024)
    )


def test_the_timing_of_an_extractor_with_sync_has_no_tempo():
    timing = ChromaExtractor(sync="beat").timing
    assert timing == Timing.from_tempo(None)
    with pytest.raises(ValueError, match="hop_length must be"):
        ChromaExtractor(hop_length="many").timing  # noqa: B018


def test_synthesized_beats_sound_at_their_original_times():
    music = make_chords(0.5, 24)
    extractor = ChromaExtractor(sync="beat")
    (analysis,) = extractor.analyze([music])
    audio = extractor.inverse_transform(analysis.chroma, timing=analysis)
    assert len(audio) / 22050 == pytest.approx(12, abs=0.05)
    (analyzed,) = ChromaExtractor().transform([audio])
    (original,) = ChromaExtractor().transform([music])
    n_frames = min(len(analyzed), len(original))
    similarity = [
        np.corrcoef(one, other)[0, 1]
        for one, other in zip(analyzed[:n_frames], original[:n_frames], strict=True)
    ]
    assert np.median(similarity) > 0.9


@pytest.mark.parametrize("tempo", [60, 150])
def test_composed_beats_sound_at_a_given_tempo(tempo):
    piece, extractor = np.eye(12, dtype=np.float32), ChromaExtractor(sync="beat")
    audio = extractor.inverse_transform([piece, piece[:0]], timing=extractor.timing.at_tempo(tempo))
    assert [len(each) for each in audio] == [12 * 60 / tempo * 22050, 0]


def test_each_piece_can_have_its_own_timing():
    piece, timings = np.eye(12), [Timing.from_tempo(90), Timing.from_beats(np.arange(13) ** 1.1)]
    audio = ChromaExtractor(sync="beat").inverse_transform([piece, piece], timing=timings)
    for each, timing in zip(audio, timings, strict=True):
        assert len(each) == int(timing.duration(12) * 22050)


@pytest.mark.parametrize(
    ("timing", "error", "message"),
    [
        (None, ValueError, r"^beats have no tempo: pass timing=analysis\.timing or Timing\.from_"),
        (Timing.from_beats([0, 1, 2]), ValueError, "timing has 2 frames but X has 12"),
        (np.arange(13), TypeError, r"pass seconds as Timing\.from_borders\(seconds\), or Timing"),
        ([Timing.from_tempo(96)], TypeError, "must be a Timing, got an object of type list"),
    ],
)
def test_invalid_timings_are_rejected(timing, error, message):
    with pytest.raises(error, match=message):
        ChromaExtractor(sync="beat").inverse_transform(np.eye(12), timing=timing)


def test_invalid_sync_is_rejected(make_music):
    with pytest.raises(ValueError, match="sync must be None, 'beat' or 'half-beat'"):
        ChromaExtractor(sync="bar").transform([make_music(22050)])
