import io
import tracemalloc

import numpy as np
import pytest
import soundfile

from musicai import ChromaExtractor
from musicai.metrics import frame_correlation
from musicai.render import chroma_to_audio

STYLES = ["sines", "chords", "pads", "band"]


@pytest.fixture(scope="module")
def piece() -> np.ndarray:
    """Chords that change every second or so, with a little of everything else."""
    rng = np.random.default_rng(0)
    frames = 0.1 * rng.random((40, 12)).astype(np.float32)
    for start, root in zip(range(0, 40, 10), (0, 5, 7, 9), strict=True):
        frames[start : start + 10, [root, (root + 4) % 12, (root + 7) % 12]] += [0.9, 0.6, 0.7]
    return frames / frames.max(axis=1, keepdims=True)


def decibels(audio: np.ndarray) -> float:
    return 20 * np.log10(np.sqrt(np.mean(audio.astype(float) ** 2)))


@pytest.mark.parametrize("style", STYLES)
def test_what_is_played_is_heard(piece, style):
    audio = chroma_to_audio(piece, style=style)
    assert audio.dtype == np.float32
    assert decibels(audio) == pytest.approx(-16, abs=6)
    assert np.abs(audio).max() <= 0.98
    (heard,) = ChromaExtractor().transform([audio])
    assert heard.shape == piece.shape
    assert frame_correlation(heard, piece) > (0.99 if style == "sines" else 0.7)


@pytest.mark.parametrize("style", STYLES)
def test_the_same_piece_gives_the_same_samples(piece, style):
    first, again = (chroma_to_audio(piece, style=style) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_sines_are_those_of_the_extractor(piece):
    np.testing.assert_array_equal(
        chroma_to_audio(piece), ChromaExtractor().inverse_transform(piece)
    )


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("options", "n_samples"),
    [
        ({}, 12 * 2048 - 1),
        ({"frame_rate": 3, "sr": 8000}, 31999),
        ({"frame_rate": 3.3, "sr": 11025}, 40090),
        ({"frame_rate": 50, "sr": 44100}, 10582),
        ({"times": np.linspace(5, 8, 13) ** 1.5}, int((8**1.5 - 5**1.5) * 22050)),
    ],
)
def test_audio_lasts_as_long_as_the_piece(piece, style, options, n_samples):
    assert len(chroma_to_audio(piece[:12], style=style, **options)) == n_samples


@pytest.mark.parametrize("sr", [16000, 32000, 44100, 48000])
def test_frames_are_as_many_as_were_played(piece, sr):
    audio = chroma_to_audio(piece[:23], sr=sr)
    (heard,) = ChromaExtractor().transform([(audio, sr)])
    assert len(heard) == 23


@pytest.mark.parametrize("style", STYLES)
def test_the_end_is_silent(piece, style):
    times = np.linspace(0, 1, 41) ** 2
    for options in ({}, {"frame_rate": 9.7}, {"times": times}):
        audio = chroma_to_audio(piece, style=style, **options)
        assert np.abs(audio[-3:]).max() < 0.01
        assert np.abs(audio[-5000:]).max() > 0.02


@pytest.mark.parametrize("options", [{"frame_rate": 9.7}, {"sr": 16000}])
def test_any_frame_rate_is_played_alike(piece, options):
    audio = chroma_to_audio(piece, **options)
    rate = options.get("sr", 22050)
    (frames,) = ChromaExtractor(hop_length=64).transform([(audio, rate)])
    moments = np.arange(40) / options.get("frame_rate", 22050 / 2048)
    heard = frames[np.rint(moments * 22050 / 64).astype(int)]
    assert frame_correlation(heard, piece) > 0.98


def test_frames_do_not_drift():
    """The last note of 20 minutes is where it belongs."""
    frame_rate, rate = 3.7, 2000
    n_frames = int(1200 * frame_rate)
    piece = np.zeros((n_frames, 12), np.float32)
    piece[[10, -20], 9] = 1
    even = chroma_to_audio(piece, frame_rate=frame_rate, sr=rate)
    times = np.arange(n_frames + 1) / frame_rate
    measured = chroma_to_audio(piece, times=times, sr=rate)
    for audio, center in ((even, n_frames - 20), (measured, n_frames - 19.5)):
        late = np.flatnonzero(np.abs(audio) > 0.01)
        late = late[late > rate * 600]
        assert (late[0] + late[-1]) / 2 / rate == pytest.approx(center / frame_rate, abs=0.02)


def test_answers_in_kind(piece):
    alone = chroma_to_audio(piece)
    in_list = chroma_to_audio([piece, piece[:0], piece[:5]])
    assert [len(audio) for audio in in_list] == [len(alone), 0, 5 * 2048 - 1]
    np.testing.assert_array_equal(in_list[0], alone)
    assert chroma_to_audio(np.stack([piece, piece])).shape == (2, len(alone))


@pytest.mark.parametrize("style", STYLES)
def test_silence_stays_silence(style):
    audio = chroma_to_audio(np.zeros((20, 12)), style=style)
    assert audio.shape == (20 * 2048 - 1,)
    assert not audio.any()


@pytest.mark.parametrize("style", STYLES)
def test_files_hold_the_same_samples(piece, tmp_path, style):
    expected = chroma_to_audio([piece, piece[:10]], style=style)
    files = [tmp_path / "a.wav", io.BytesIO()]
    options = {"style": style, "format": "wav"}
    assert chroma_to_audio([piece, piece[:10]], files, **options) is None
    assert chroma_to_audio(piece, tmp_path / "b.wav", style=style) is None
    written = [files[0], io.BytesIO(files[1].getvalue()), tmp_path / "b.wav"]
    for file, audio in zip(written, [*expected, expected[0]], strict=True):
        heard, rate = soundfile.read(file)
        assert rate == 22050
        np.testing.assert_allclose(heard, audio, atol=2**-15)


@pytest.mark.slow
@pytest.mark.parametrize("frame_rate", [4, 9.7])
@pytest.mark.parametrize("timed", [False, True])
def test_audio_is_not_kept_in_memory(frame_rate, timed, tmp_path):
    piece = np.ones((round(1200 * frame_rate), 12), np.float32)
    times = np.arange(len(piece) + 1) / frame_rate if timed else None
    options = {"frame_rate": frame_rate, "sr": 8000}
    chroma_to_audio(piece[:9], tmp_path / "short.wav", **options)  # fills caches
    tracemalloc.start()
    chroma_to_audio(piece, tmp_path / "long.wav", times=times, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert soundfile.info(tmp_path / "long.wav").duration == pytest.approx(1200, abs=0.1)
    assert peak < 15e6  # the samples are 38 megabytes


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (np.ones((5, 11)), {}, "11 features .* 12"),
        (np.ones((12, 5)), {}, r"X\.T"),
        (np.full((5, 12), -1.0), {}, "negative"),
        (np.full((5, 12), np.nan), {}, "NaN"),
        (np.ones((5, 12)), {"style": "choir"}, "style must be one of"),
        (np.ones((5, 12)), {"frame_rate": 0}, "frame_rate must be"),
        (np.ones((5, 12)), {"sr": 10}, "sr must be"),
        (np.ones((5, 12)), {"times": np.arange(5)}, "times"),
        ([np.ones((5, 12))] * 2, {"file": ["a.wav"]}, "file has 1 entries where X has 2 pieces"),
        (np.ones((5, 12)), {"file": "a.xyz"}, "suffix"),
        ([np.ones((5, 12)), np.ones((0, 12))], {"file": ["a.wav", "b.wav"]}, r"X\[1\] has no fra"),
    ],
)
def test_what_cannot_be_played(X, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        chroma_to_audio(X, **options)
    assert not list(tmp_path.iterdir())


def test_one_file_for_several_pieces(tmp_path):
    with pytest.raises(TypeError, match="pass a list with one for each"):
        chroma_to_audio([np.ones((5, 12))], tmp_path / "a.wav")
    with pytest.raises(TypeError, match=r"X holds a path.*ChromaExtractor"):
        chroma_to_audio("song.mp3")
