import tempfile
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import resample, sosfreqz

from musicai.audio import level_blocks

FULL = Path("/dev/full")
RATE = 48000


def level(blocks, sr=RATE) -> np.ndarray:
    return np.concatenate(list(level_blocks(iter(blocks), sr)))


def decibels(ratio) -> float:
    return 20 * np.log10(ratio)


def sine(seconds, peak_db=0.0, frequency=997, sr=RATE):
    time = np.arange(round(seconds * sr)) / sr
    return 10 ** (peak_db / 20) * np.sin(2 * np.pi * frequency * time)


def music(seed, sr=RATE, seconds=10):
    """Stereo music of decaying notes, drum hits and rests."""
    rng = np.random.default_rng(seed)
    sound = np.zeros((seconds * sr, 2))
    for start in np.sort(rng.uniform(0, seconds - 1, 4 * seconds)):
        time = np.arange(sr) / sr
        wave = sine(1, 0, 110 * 2 ** rng.uniform(0, 4), sr)
        if rng.random() < 0.5:  # a drum hit, with little energy near the Nyquist frequency
            wave = 0.5 * np.convolve(rng.standard_normal(sr), np.hanning(6), "same")
            time *= 10
        note = rng.uniform(0.05, 1) * wave * np.exp(-5 * time)
        first = int(start * sr)
        sound[first : first + sr] += note[:, np.newaxis] * rng.uniform(0, 1, 2)
    return sound


def true_peak(samples) -> float:
    """Return the true peak, by Fourier interpolation between samples."""
    samples = np.pad(samples, [(100, 100), *[(0, 0)] * (samples.ndim - 1)]).astype(float)
    return np.abs(resample(samples, 8 * len(samples))).max()


# Test signals from ITU-R BS.1770 and EBU Tech 3341. Their known loudness determines the gain.


@pytest.mark.parametrize("sr", [8000, 22050, 44100, 48000, 96000])
def test_a_full_scale_sine_measures_minus_3_lufs(sr):
    samples = sine(3, sr=sr)
    assert decibels(level([samples], sr).std() / samples.std()) == pytest.approx(-15, abs=0.05)
    both = np.stack([samples, samples], axis=1)
    assert decibels(level([both], sr).std() / both.std()) == pytest.approx(-18, abs=0.05)


@pytest.mark.parametrize(
    ("parts", "loudness"),
    [
        ([(20, -23)], -23),
        ([(20, -33)], -33),
        ([(10, -36), (60, -23), (10, -36)], -23),
        ([(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)], -23),
        ([(20, -26), (20.1, -20), (20, -26)], -23),
    ],
)
def test_quiet_passages_do_not_count_toward_the_loudness(parts, loudness):
    mono = np.concatenate([sine(seconds, peak, 1000) for seconds, peak in parts])
    samples = np.stack([mono, mono], axis=1)
    gain = level(np.array_split(samples, 9)).std() / samples.std()
    assert decibels(gain) == pytest.approx(-18 - loudness, abs=0.1)


@pytest.mark.parametrize("frequency", [30, 60, 100, 500, 1000, 2000, 4000, 10000])
def test_frequencies_are_weighted_as_in_the_standard(frequency):
    """K-weighting lowers bass and raises treble; the reference is BS.1770's filter for 48 kHz."""
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285]
    shelf += [1.0, -1.69065929318241, 0.73248077421585]
    high_pass = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]
    _, responses = sosfreqz([shelf, high_pass], [frequency], fs=48000)
    samples = sine(5, -6, frequency)
    gain = decibels(level([samples], 48000).std() / samples.std())
    expected = -18 - (-0.691 + decibels(samples.std()) + decibels(np.abs(responses[0])))
    assert gain == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("shape", [(200_003,), (200_003, 2), (50_001, 3)])
@pytest.mark.parametrize("scale", [1e-30, 1, 1e9])
def test_all_samples_get_the_same_gain_at_any_scale(shape, scale):
    samples = scale * np.sin(1 + np.arange(np.prod(shape)) / 7).reshape(shape)
    found = level(np.array_split(samples, 7))
    assert found.dtype == np.float32
    assert found.shape == shape
    ratios = found / samples.astype(np.float32)
    np.testing.assert_allclose(ratios, ratios.flat[0], rtol=1e-5)
    np.testing.assert_allclose(found, level([samples / scale]), rtol=1e-4)


@pytest.mark.parametrize("sr", [8000, 22050, 44100])
@pytest.mark.parametrize("seed", range(3))
def test_pyloudnorm_measures_the_target_loudness(seed, sr):
    pyloudnorm = pytest.importorskip("pyloudnorm")
    meter = pyloudnorm.Meter(sr, filter_class="DeMan")
    for samples in (music(seed, sr), music(seed, sr)[:, 0], 1e-3 * music(seed, sr)):
        found = level(np.array_split(samples, 5), sr)
        assert meter.integrated_loudness(found.astype(float)) == pytest.approx(-18, abs=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_peaks_between_samples_are_limited(seed):
    samples = music(seed)
    found = level([samples])
    assert true_peak(found) < 10 ** (-1 / 20)
    # The limiter acts only near peaks, and on both channels alike.
    ratios = found[np.abs(samples) > 1e-3] / samples[np.abs(samples) > 1e-3]
    assert ratios.max() == pytest.approx(np.median(ratios), rel=1e-4)
    assert ratios.min() < 0.9 * ratios.max()
    left, right = (found[:, i] * samples[:, 1 - i] for i in (0, 1))
    np.testing.assert_allclose(left, right, atol=1e-5)


def test_a_peak_between_samples_limits_the_gain():
    """A sine at a quarter of the sampling rate can have peaks higher than all of its samples."""
    samples = np.sin(np.pi / 4 + np.pi / 2 * np.arange(RATE))
    samples[: RATE // 2] *= 1e-3
    samples[RATE // 2 + 400 :] *= 1e-3
    found = level([samples])
    assert np.abs(found).max() < 0.63
    assert true_peak(found) < 10 ** (-1 / 20)


def test_audio_with_a_high_peak_stays_softer_than_the_target():
    samples = np.zeros(10000)
    samples[5000] = 3
    found = level([samples])
    assert 0.5 < np.abs(found).max() < 10 ** (-1 / 20)
    with_noise = samples + 0.003 * np.random.default_rng(0).standard_normal(10000)
    assert np.abs(level([with_noise])[:4000]).max() < 0.02


@pytest.mark.parametrize("n_channels", [1, 3])
def test_leveling_does_not_depend_on_block_sizes(n_channels):
    samples = np.random.default_rng(0).standard_normal((150_000, n_channels))
    cuts = [[samples], np.array_split(samples, 1000), [samples[:1], samples[1:1], samples[1:]]]
    for cut in cuts[1:]:
        np.testing.assert_array_equal(level(cut), level(cuts[0]))


def test_silence_stays_silent():
    assert not level([np.zeros(9), np.zeros(9)]).any()
    assert not level([np.zeros((RATE, 2))]).any()
    assert list(level_blocks([], RATE)) == []
    quiet = level([np.concatenate([np.zeros(RATE), sine(2)])])
    assert not quiet[:RATE].any()


@pytest.mark.parametrize("samples", [np.ones(1), np.ones(30000), np.resize([1.0, -1.0], 100)])
def test_inaudible_signals_stay_finite(samples):
    found = level([samples])
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 1


def test_a_varying_number_of_channels_is_rejected():
    with pytest.raises(ValueError, match=r"\(9, 2\) where .*same channels"):
        level([np.ones(9), np.ones((9, 2))])


@pytest.mark.parametrize("sr", [0, -1, np.nan, "fast", None])
def test_invalid_sampling_rates_are_rejected(sr):
    with pytest.raises(ValueError, match="sr must be a number of hertz from 1000"):
        level([np.ones(9)], sr)


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("n_blocks", [1, 50])
def test_a_full_disk_gives_an_error_with_advice(n_blocks, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda buffering: FULL.open("w+b", buffering))
    with pytest.raises(OSError, match="temporary file .*No space left on device.*TMPDIR"):
        level(n_blocks * [np.ones(100)])
