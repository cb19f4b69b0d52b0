import io
import tracemalloc

import numpy as np
import pytest
import soundfile

from musicai import ChromaExtractor, Timing
from musicai.metrics import frame_correlation
from musicai.render import chroma_to_audio
from musicai.theory.timing_argument import as_timing

INSTRUMENTS = ["sines", "chords", "pads", "band"]
EXTRACTOR = ChromaExtractor()


@pytest.fixture(scope="module")
def piece() -> np.ndarray:
    """Chords that change about every second, with all other pitch classes sounding faintly."""
    rng = np.random.default_rng(0)
    frames = 0.1 * rng.random((40, 12)).astype(np.float32)
    for start, root in zip(range(0, 40, 10), (0, 5, 7, 9), strict=True):
        frames[start : start + 10, [root, (root + 4) % 12, (root + 7) % 12]] += [0.9, 0.6, 0.7]
    return frames / frames.max(axis=1, keepdims=True)


def decibels(audio: np.ndarray) -> float:
    return 20 * np.log10(np.sqrt(np.mean(audio.astype(float) ** 2)))


@pytest.mark.parametrize("instruments", INSTRUMENTS)
def test_all_renderings_are_equally_loud(piece, instruments):
    pyloudnorm = pytest.importorskip("pyloudnorm")
    meter = pyloudnorm.Meter(22050, filter_class="DeMan")
    for other in (piece, piece[::-1], 0.01 * piece[: len(piece) // 2]):
        audio = chroma_to_audio(other, instruments=instruments, timing=EXTRACTOR)
        assert meter.integrated_loudness(audio.astype(float)) == pytest.approx(-18, abs=0.2)


@pytest.mark.parametrize("instruments", INSTRUMENTS)
def test_an_analysis_of_the_audio_resembles_the_piece(piece, instruments):
    audio = chroma_to_audio(piece, instruments=instruments, timing=EXTRACTOR)
    assert audio.dtype == np.float32
    assert decibels(audio) == pytest.approx(-18, abs=6)
    assert np.abs(audio).max() <= 10 ** (-1 / 20)
    (found,) = ChromaExtractor().transform([audio])
    assert found.shape == piece.shape
    assert frame_correlation(found, piece) > (0.99 if instruments == "sines" else 0.7)


@pytest.mark.parametrize("instruments", INSTRUMENTS)
def test_the_same_piece_gives_the_same_samples(piece, instruments):
    first, again = (
        chroma_to_audio(piece, instruments=instruments, timing=EXTRACTOR) for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)


def test_sines_equal_the_inverse_transform_of_the_extractor(piece):
    np.testing.assert_array_equal(
        chroma_to_audio(piece, timing=EXTRACTOR), EXTRACTOR.inverse_transform(piece)
    )


@pytest.mark.parametrize("instruments", INSTRUMENTS)
@pytest.mark.parametrize(
    ("timing", "sr", "n_samples"),
    [
        (EXTRACTOR, 22050, 11.5 * 2048),
        (3, 8000, 11.5 / 3 * 8000),
        (50, 44100, 11.5 / 50 * 44100),
        (Timing.from_tempo(90), 22050, 8 * 22050),
        (Timing.from_beats(np.linspace(5, 8, 13) ** 1.5), 11025, (8**1.5 - 5**1.5) * 11025),
        (Timing.from_borders(np.linspace(5, 8, 13) ** 1.5), 22050, (8**1.5 - 5**1.5) * 22050),
        (Timing.from_rate(3)[5:], 8000, 12 / 3 * 8000),
    ],
)
def test_audio_lasts_as_long_as_the_piece(piece, instruments, timing, sr, n_samples):
    audio = chroma_to_audio(piece[:12], instruments=instruments, timing=timing, sr=sr)
    assert len(audio) == int(n_samples)


@pytest.mark.parametrize("sr", [16000, 32000, 44100, 48000])
def test_an_analysis_of_the_audio_has_as_many_frames_as_the_piece(piece, sr):
    audio = chroma_to_audio(piece[:23], timing=EXTRACTOR, sr=sr)
    (found,) = ChromaExtractor().transform([(audio, sr)])
    assert len(found) == 23


@pytest.mark.parametrize("instruments", INSTRUMENTS)
def test_audio_fades_out_only_at_the_very_end(piece, instruments):
    for timing in (EXTRACTOR, 9.7, Timing.from_beats(np.linspace(0, 1, 41) ** 2)):
        audio = chroma_to_audio(piece, instruments=instruments, timing=timing)
        assert np.abs(audio[-3:]).max() < 0.01
        assert np.abs(audio[-5000:]).max() > 0.02


@pytest.mark.parametrize(("timing", "rate"), [(9.7, 22050), (EXTRACTOR.frame_rate, 16000)])
def test_an_analysis_resembles_the_piece_at_any_frame_rate(piece, timing, rate):
    audio = chroma_to_audio(piece, timing=timing, sr=rate)
    (frames,) = ChromaExtractor(hop_length=64).transform([(audio, rate)])
    found = frames[np.rint(np.arange(40) / timing * 22050 / 64).astype(int)]
    assert frame_correlation(found, piece) > 0.98


def test_the_last_frames_of_a_long_piece_sound_on_time():
    """The last note of a 20-minute piece sounds at the right time."""
    frame_rate, rate = 3.7, 2000
    n_frames = int(1200 * frame_rate)
    piece = np.zeros((n_frames, 12), np.float32)
    piece[[10, -20], 9] = 1
    for timing in (
        Timing.from_rate(frame_rate),
        Timing.from_borders(np.arange(n_frames + 1) / frame_rate),
        Timing.from_tempo(60 * frame_rate),
    ):
        audio = chroma_to_audio(piece, timing=timing, sr=rate)
        late = np.flatnonzero(np.abs(audio) > 0.01)
        late = late[late > rate * 600]
        center = timing.centers(n_frames)[-20]
        assert (late[0] + late[-1]) / 2 / rate == pytest.approx(center, abs=0.02)


def test_a_collection_of_pieces_gives_a_collection_of_results(piece):
    alone = chroma_to_audio(piece, timing=EXTRACTOR)
    in_list = chroma_to_audio([piece, piece[:0], piece[:5]], timing=EXTRACTOR)
    assert [len(audio) for audio in in_list] == [len(alone), 0, 4.5 * 2048]
    np.testing.assert_array_equal(in_list[0], alone)
    assert chroma_to_audio(np.stack([piece, piece]), timing=EXTRACTOR).shape == (2, len(alone))
    timings = [Timing.from_tempo(90), 5]
    each = chroma_to_audio([piece, piece], timing=timings)
    for audio, timing in zip(each, timings, strict=True):
        np.testing.assert_array_equal(audio, chroma_to_audio(piece, timing=timing))


@pytest.mark.parametrize("instruments", INSTRUMENTS)
def test_silent_pieces_give_silent_audio(instruments):
    audio = chroma_to_audio(np.zeros((20, 12)), instruments=instruments, timing=EXTRACTOR)
    assert audio.shape == (19.5 * 2048,)
    assert not audio.any()


@pytest.mark.parametrize("instruments", INSTRUMENTS)
def test_files_contain_the_samples_that_are_returned(piece, tmp_path, instruments):
    options = {"instruments": instruments, "timing": EXTRACTOR}
    expected = chroma_to_audio([piece, piece[:10]], **options)
    files = [tmp_path / "a.wav", io.BytesIO()]
    assert chroma_to_audio([piece, piece[:10]], files, format="wav", **options) is None
    assert chroma_to_audio(piece, tmp_path / "b.wav", **options) is None
    written = [files[0], io.BytesIO(files[1].getvalue()), tmp_path / "b.wav"]
    for file, audio in zip(written, [*expected, expected[0]], strict=True):
        found, rate = soundfile.read(file)
        assert rate == 22050
        np.testing.assert_allclose(found, audio, atol=2**-15)


@pytest.mark.slow
@pytest.mark.parametrize("timing", [4, 9.7, Timing.from_tempo(240), Timing.from_tempo(582)])
def test_memory_does_not_grow_with_the_audio(timing, tmp_path):
    piece = np.ones((round(1200 * as_timing(timing).frame_rate), 12), np.float32)
    chroma_to_audio(piece[:9], tmp_path / "short.wav", timing=timing, sr=8000)  # fills caches
    tracemalloc.start()
    chroma_to_audio(piece, tmp_path / "long.wav", timing=timing, sr=8000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert soundfile.info(tmp_path / "long.wav").duration == pytest.approx(1200, abs=0.2)
    assert peak < 15e6  # the samples alone would take 38 megabytes


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (np.ones((5, 11)), {}, "11 features .* 12"),
        (np.ones((12, 5)), {}, r"X\.T"),
        (np.full((5, 12), -1.0), {}, "negative"),
        (np.full((5, 12), np.nan), {}, "NaN"),
        (np.ones((5, 12)), {"instruments": "choir"}, "instruments must be one of"),
        (np.ones((5, 12)), {"timing": 0}, "timing must be a positive number"),
        (np.ones((5, 12)), {"timing": ChromaExtractor(sync="beat")}, "beats have no tempo: pass"),
        (np.ones((5, 12)), {"sr": 10}, "sr must be"),
        (np.ones((5, 12)), {"timing": Timing.from_beats(np.arange(5))}, "has 4 frames"),
        ([np.ones((5, 12))] * 2, {"file": ["a.wav"]}, "file has 1 entries where X has 2 pieces"),
        (np.ones((5, 12)), {"file": "a.xyz"}, "suffix"),
        ([np.ones((5, 12)), np.ones((0, 12))], {"file": ["a.wav", "b.wav"]}, r"X\[1\] has no fra"),
    ],
)
def test_invalid_arguments_are_refused(X, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        chroma_to_audio(X, **{"timing": 10, **options})
    assert not list(tmp_path.iterdir())


def test_a_single_file_for_a_collection_and_a_path_instead_of_a_piece_are_refused(tmp_path):
    with pytest.raises(TypeError, match="pass a list with one for each"):
        chroma_to_audio([np.ones((5, 12))], tmp_path / "a.wav", timing=10)
    with pytest.raises(TypeError, match=r"X contains a path.*ChromaExtractor"):
        chroma_to_audio("song.mp3", timing=10)
