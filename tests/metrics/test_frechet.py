import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai.metrics import frechet_distance

SEEDS = st.integers(0, 2**32 - 1)


def frames(seed, n_frames=40, n_features=5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_frames, n_features)) @ rng.normal(size=(n_features, n_features))


@given(SEEDS, SEEDS)
@settings(max_examples=30)
def test_the_distance_equals_the_textbook_formula(one, other):
    x, y = frames(one), frames(other) + 1
    x, y = x.astype(np.float32).astype(float), y.astype(np.float32).astype(float)
    covariances = np.cov(x.T), np.cov(y.T)
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    means = np.square(x.mean(axis=0) - y.mean(axis=0)).sum()
    expected = means + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-6, abs=1e-8)


@given(SEEDS, SEEDS, st.integers(2, 8), st.integers(1, 6))
@settings(max_examples=30)
def test_the_distance_is_symmetric_and_never_negative(one, other, n_frames, n_features):
    # With fewer frames than features, the covariances are singular.
    x, y = frames(one, n_frames, n_features), frames(other, n_frames + 1, n_features)
    distance = frechet_distance(x, y)
    assert distance >= 0
    assert frechet_distance(y, x) == pytest.approx(distance, rel=1e-6, abs=1e-9)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)


def test_without_spread_the_distance_is_the_squared_distance_between_means():
    assert frechet_distance(np.zeros((4, 3)), np.full((7, 3), 2.0)) == pytest.approx(12)


def test_the_distance_to_a_scaled_set_depends_on_mean_and_standard_deviation():
    x = frames(0, 1000, 1)
    assert frechet_distance(x, 3 * x) == pytest.approx(
        np.square(2 * x.mean()) + np.square(2 * x.std(ddof=1)), rel=1e-5
    )


def test_frames_of_all_pieces_have_the_same_weight():
    x, y = frames(0), frames(1)
    assert frechet_distance([x[:7], x[7:], np.empty((0, 5))], y) == frechet_distance(x, y)


def test_shuffling_does_not_change_the_distance_but_noise_increases_it(
    music, more_music, shuffled, noise
):
    real = frechet_distance(music, more_music)
    assert frechet_distance(shuffled, more_music) == pytest.approx(real)
    assert frechet_distance(noise, more_music) > 2 * real


def test_errors_name_the_set():
    with pytest.raises(ValueError, match="Y has 4 features per frame where 5 are expected"):
        frechet_distance(frames(0), frames(0, n_features=4))
    with pytest.raises(ValueError, match="two frames or more of each set: Y has 1"):
        frechet_distance(frames(0), frames(0)[:1])
