import numpy as np
import pytest

from musicai.chroma import sine_amplitudes


def fit(piece, **options) -> np.ndarray:
    return sine_amplitudes(piece, **{"sr": 22050, "hop_length": 2048, **options})


@pytest.fixture
def piece() -> np.ndarray:
    return np.random.default_rng(0).random((30, 12))


def test_the_maximum_of_each_frame_is_kept(piece):
    piece *= np.linspace(0.01, 3, 30)[:, np.newaxis]
    np.testing.assert_allclose(fit(piece).max(axis=1), piece.max(axis=1))


def test_silent_frames_and_pitch_classes_stay_silent(piece):
    piece[10:15] = 0
    piece[:, 4] = -1
    amplitudes = fit(piece)
    assert not amplitudes[10:15].any()
    assert not amplitudes[:, 4].any()
    assert amplitudes[:10].any()


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_amplitudes_scale_with_the_chroma(piece, scale):
    np.testing.assert_allclose(fit(scale * piece) / scale, fit(piece), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("n_frames", [0, 1, 2])
@pytest.mark.parametrize("options", [{}, {"hop_length": 1}, {"sr": 1000, "n_fft": 16}])
def test_amplitudes_are_finite_for_any_length_and_parameters(n_frames, options):
    amplitudes = fit(np.ones((n_frames, 12)), **options)
    assert amplitudes.shape == (n_frames, 12)
    assert np.isfinite(amplitudes).all()
