import warnings

import numpy as np
import pytest
import soundfile

from musicai import ChromaExtractor
from musicai.chroma._analysis import Settings, analyze
from musicai.chroma._stft import chroma_filters, power_spectrum, stft_chroma

SEED_SETTING = {"sr": 44100, "n_fft": 2048, "hop_length": 512}


def extract(recording, **parameters) -> np.ndarray:
    (piece,) = ChromaExtractor(kind="stft", **parameters).transform([recording])
    return piece


def expected(librosa, samples, *, sr=22050, n_fft=2048, hop_length=2048, **parameters):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa warns about short and silent recordings
        return librosa.feature.chroma_stft(
            y=samples, sr=sr, n_fft=n_fft, hop_length=hop_length, **parameters
        ).T


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("native_rate", [8000, 44100, 48000])
def test_chroma_of_files_matches_librosa(librosa, make_music, tmp_path, suffix, native_rate):
    path = tmp_path / f"music.{suffix}"
    mono = make_music(native_rate)
    with soundfile.SoundFile(path, "w", native_rate, 2) as file:
        for part in np.array_split(np.stack([mono, 0.5 * mono], axis=1), 20):
            file.write(part)
    samples = librosa.load(path, sr=44100)[0]
    theirs = expected(librosa, samples, **SEED_SETTING)
    ours = extract(path, **SEED_SETTING)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"norm": None},
        {"norm": 1},
        {"norm": 2},
        {"tuning": 0.0},
        {"tuning": -0.31},
        {"n_fft": 512, "hop_length": 700},
        {"n_fft": 4096, "hop_length": 300},
        {"sr": 8000},
    ],
)
def test_chroma_matches_librosa_for_other_parameters(librosa, make_music, parameters):
    samples = make_music(parameters.get("sr", 22050))
    theirs = expected(librosa, samples, **parameters)
    scale = max(1, theirs.max())
    np.testing.assert_allclose(extract(samples, **parameters), theirs, atol=1e-5 * scale)


@pytest.mark.parametrize("n_samples", [1, 2, 511, 1024, 1025, 2047, 2048, 2049, 5000])
@pytest.mark.parametrize("hop_length", [64, 2048, 3000])
def test_chroma_of_short_recordings_matches_librosa(librosa, make_music, n_samples, hop_length):
    samples = make_music(22050)[1000 : 1000 + n_samples]
    theirs = expected(librosa, samples, hop_length=hop_length)
    np.testing.assert_allclose(extract(samples, hop_length=hop_length), theirs, atol=1e-5)


@pytest.mark.parametrize("volume", [1e-19, 1e-6, 1e4])
def test_chroma_at_any_volume_matches_librosa(librosa, make_music, volume):
    samples = make_music(22050) * np.float32(volume)
    np.testing.assert_allclose(extract(samples), expected(librosa, samples), atol=1e-5)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n_fft", [1024, 2048])
@pytest.mark.parametrize("sr", [8000, 44100])
def test_tuning_matches_librosa(librosa, make_music, seed, n_fft, sr):
    samples = make_music(sr, seed=seed, seconds=2)
    power = np.abs(librosa.stft(samples, n_fft=n_fft)) ** 2
    extractor = ChromaExtractor(kind="stft", sr=sr, n_fft=n_fft, hop_length=n_fft // 4, exact=True)
    (analysis,) = extractor.analyze([samples])
    assert analysis.tuning == librosa.estimate_tuning(S=power, sr=sr)


def test_power_spectrum_matches_librosa(librosa, make_music):
    samples = make_music(22050)
    power = np.abs(librosa.stft(samples, n_fft=2048, hop_length=2048, center=False)) ** 2
    frames = samples[: power.shape[1] * 2048].reshape(-1, 2048)
    np.testing.assert_array_equal(power_spectrum(frames, exact=True), power.T)
    np.testing.assert_allclose(
        power_spectrum(frames, exact=False), power.T, atol=1e-6 * power.max()
    )


@pytest.mark.parametrize("sr", [8000, 22050, 44100])
@pytest.mark.parametrize("n_fft", [512, 2048])
@pytest.mark.parametrize("tuning", [0.0, -0.5, 0.23])
def test_filters_match_librosa(librosa, sr, n_fft, tuning):
    theirs = librosa.filters.chroma(sr=sr, n_fft=n_fft, tuning=tuning)
    np.testing.assert_array_equal(chroma_filters(sr, n_fft, tuning), theirs)


@pytest.mark.parametrize("exact", [False, True])
def test_exact_chroma_matches_librosa_more_closely(librosa, make_music, exact):
    samples = make_music(44100)
    theirs = expected(librosa, samples, **SEED_SETTING)
    tolerance = 1e-6 if exact else 1e-5
    ours = extract(samples, exact=exact, **SEED_SETTING)
    np.testing.assert_allclose(ours, theirs, atol=tolerance)


@pytest.fixture
def two_tunings(make_music) -> np.ndarray:
    """Music with a different tuning in the first third than in the rest."""
    return np.concatenate([make_music(22050), make_music(23000, seed=1, seconds=12)])


def chroma_and_passes(samples, **sizes):
    """Return the chroma, and the argument `again` of each pass over the samples."""
    passes = []

    def read(*, again=False):
        passes.append(again)
        return np.array_split(samples, 10)

    chroma, _ = stft_chroma(
        read, sr=22050, hop_length=512, n_fft=None, tuning=None, exact=False, **sizes
    )
    return chroma, passes


@pytest.mark.parametrize(("n_guesses", "passes"), [(100, [False]), (1, [False, True])])
def test_folding_before_the_tuning_is_known_gives_the_same_chroma(two_tunings, n_guesses, passes):
    kept, once = chroma_and_passes(two_tunings)
    assert once == [False]
    folded, found = chroma_and_passes(two_tunings, kept_bytes=500_000, n_guesses=n_guesses)
    assert found == passes
    np.testing.assert_allclose(folded, kept, rtol=1e-5, atol=1e-6 * kept.max())


def test_a_second_pass_over_a_file_adds_no_levels_or_warnings(two_tunings, tmp_path):
    _, passes = chroma_and_passes(two_tunings, kept_bytes=500_000)
    assert passes == [False, True]
    path = tmp_path / "music.wav"
    soundfile.write(path, two_tunings, 22050)
    path.write_bytes(path.read_bytes()[:-90000])
    settings = Settings("stft", 22050.0, 512, None, np.inf, None, False, None)
    once = analyze(path, "music", settings)
    twice = analyze(path, "music", settings, kept_bytes=500_000)
    assert len(twice.warnings) == 1
    assert twice.warnings == once.warnings
    np.testing.assert_array_equal(twice.levels, once.levels)
    np.testing.assert_allclose(twice.chroma, once.chroma, atol=1e-5)


@pytest.mark.parametrize("sr", [3500, 7000, 7900])
def test_unusual_sampling_rates_give_finite_chroma(make_music, sr):
    piece = extract(make_music(8000)[:sr], sr=sr)
    assert np.isfinite(piece).all()
