import numpy as np
import pytest

from musicai.chroma._tuning import TuningEstimator

SR, N_FFT = 22050, 2048


def estimate_directly(power, sr, n_fft):
    """Estimate the tuning peak by peak in double precision, following the module's docstring."""
    heights, cents = [], []
    for spectrum in power.astype(float):
        for k in range(1, len(spectrum) - 1):
            below, here, above = spectrum[k - 1 : k + 2]
            frequency = k * sr / n_fft
            audible = 150 <= frequency < min(4000, sr / 2)
            if not audible or not (below < here >= above) or here <= 0.1 * spectrum.max():
                continue
            slope, curvature = (above - below) / 2, above + below - 2 * here
            shift = 0.0 if abs(slope) >= abs(curvature) else -slope / curvature
            semitones = 12 * np.log2((k + shift) * sr / n_fft / 440)
            heights.append(here + slope * shift / 2)
            cents.append(int(np.floor(100 * (semitones - np.floor(semitones + 0.5)) + 50)))
    kept = [
        cent for cent, height in zip(cents, heights, strict=True) if height >= np.median(heights)
    ]
    return (np.bincount(kept, minlength=100).argmax() - 50) / 100


def estimate(power, sr=SR, n_fft=N_FFT):
    estimator = TuningEstimator(sr=sr, n_fft=n_fft)
    estimator.add(power)
    return estimator.estimate()


def partials(tuning, n_frames=6, seed=0):
    """Return spectra of notes whose peaks are parabolas around their exact frequencies."""
    rng = np.random.RandomState(seed)
    power = np.zeros((n_frames, 1 + N_FFT // 2), np.float32)
    for frame in power:
        for note in rng.choice(np.arange(60, 100), 4, replace=False):
            center = 440 * 2 ** ((note - 69 + tuning) / 12) * N_FFT / SR
            bins = np.arange(round(center) - 1, round(center) + 2)
            frame[bins] = 1 - 0.3 * (bins - center) ** 2
    return power


@pytest.mark.parametrize("tuning", [-0.455, -0.205, -0.005, 0.005, 0.135, 0.305, 0.485])
def test_the_tuning_of_synthetic_notes_is_estimated(tuning):
    # The estimate is the lower edge of a bin of one cent.
    assert estimate(partials(tuning)) == pytest.approx(np.floor(100 * tuning) / 100)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("sr", "n_fft"), [(22050, 512), (8000, 256), (2000, 64)])
def test_the_estimate_matches_a_direct_count_of_peaks(seed, sr, n_fft):
    power = np.random.RandomState(seed).random_sample((40, 1 + n_fft // 2)).astype(np.float32) ** 4
    assert estimate(power, sr, n_fft) == pytest.approx(estimate_directly(power, sr, n_fft))


def test_spectra_can_be_added_in_parts():
    power = np.concatenate([partials(0.205), partials(-0.305, n_frames=9, seed=1)])
    estimator = TuningEstimator(sr=SR, n_fft=N_FFT)
    for part in (power[:1], power[1:1], power[1:7], power[7:]):
        estimator.add(part)
    assert estimator.estimate() == estimate(power) == pytest.approx(-0.31)
    assert estimator.likeliest(2) == pytest.approx([-0.31, 0.2])


@pytest.mark.parametrize("frequency", [100, 4100])
def test_spectral_peaks_outside_the_frequency_range_are_ignored(frequency):
    power = np.zeros((3, 1 + N_FFT // 2), np.float32)
    power[:, round(frequency * N_FFT / SR)] = 1
    assert estimate(power) == 0
    assert TuningEstimator(sr=100, n_fft=16).estimate() == 0  # no frequency in the range


def test_quiet_spectral_peaks_are_ignored():
    loud, quiet = partials(0.205, n_frames=2), partials(-0.305, n_frames=2, seed=1)
    assert estimate(loud + 0.09 * quiet) == estimate(loud) == pytest.approx(0.2)
