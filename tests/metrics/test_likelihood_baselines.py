import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from musicai.metrics import IndependentBaseline, PersistenceBaseline

BASELINES = [IndependentBaseline, PersistenceBaseline]


def walks(n_pieces=4, n_frames=200, n_features=3, seed=0):
    """Return pieces whose values change slowly, with a different range for each feature."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(scale=0.05, size=(n_pieces, n_frames, n_features)).cumsum(axis=1)
    return list(np.clip(np.linspace(0.2, 0.8, n_features) + steps, 0, 1))


@pytest.mark.parametrize("Baseline", BASELINES)
@pytest.mark.parametrize("n_levels", [2, 5, 256])
def test_likelihoods_of_the_next_value_sum_to_one_after_any_value(Baseline, n_levels):
    baseline = Baseline(n_levels=n_levels).fit(walks())
    next_levels = np.linspace(0, 1, n_levels)[:, None]
    one = Baseline(n_levels=n_levels).fit([piece[:, :1] for piece in walks()])
    for past in (0.0, 0.3, 1.0):
        total = sum(np.exp(one.score_samples([[past], value])[1]) for value in next_levels)
        assert total == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(baseline.mass_.sum(axis=-1), 1, rtol=1e-12)
    total = sum(np.exp(one.score_samples([value])[0]) for value in next_levels)
    assert total == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("Baseline", BASELINES)
def test_score_is_the_mean_over_all_frames(Baseline):
    pieces = [*walks(), np.empty((0, 3)), walks()[0][:7]]
    baseline = Baseline().fit(pieces)
    log_prob = baseline.score_samples(pieces)
    assert [len(frames) for frames in log_prob] == [len(piece) for piece in pieces]
    assert baseline.score(pieces) == pytest.approx(np.concatenate(log_prob).mean())
    np.testing.assert_array_equal(baseline.score_samples(pieces[0]), log_prob[0])


def test_persistence_outscores_independence_on_slow_changes_but_not_on_noise():
    train, test = walks(n_pieces=20), walks(seed=1)
    held = [Baseline().fit(train).score(test) for Baseline in BASELINES]
    assert held[1] > held[0] + 1
    noise = list(np.random.default_rng(0).random((8, 200, 3)))
    forgotten = [Baseline().fit(noise[:6]).score(noise[6:]) for Baseline in BASELINES]
    assert forgotten[1] == pytest.approx(forgotten[0], abs=0.5)


@pytest.mark.parametrize("Baseline", BASELINES)
def test_unseen_levels_have_a_probability_above_zero(Baseline):
    baseline = Baseline().fit(np.zeros((4, 2)))
    assert np.isfinite(baseline.score(np.ones((3, 2))))


@pytest.mark.parametrize("Baseline", BASELINES)
def test_errors_say_what_to_do(Baseline):
    with pytest.raises(ValueError, match=r"values must be in \[0, 1\].*got 0 to 3"):
        Baseline().fit(np.arange(4.0)[:, None])
    with pytest.raises(ValueError, match="n_levels must be an integer of at least 2, got 1"):
        Baseline(n_levels=1).fit(walks())
    with pytest.raises(ValueError, match="no frames to learn from"):
        Baseline().fit([np.empty((0, 3))])
    with pytest.raises(NotFittedError):
        Baseline().score(walks())
    fitted = Baseline().fit(walks())
    with pytest.raises(ValueError, match="no frames to score"):
        fitted.score([np.empty((0, 3))])
    with pytest.raises(ValueError, match="where 3 are expected"):
        fitted.score(np.ones((2, 4)))


@pytest.mark.parametrize("Baseline", BASELINES)
def test_baselines_can_be_cloned(Baseline):
    assert clone(Baseline(n_levels=16)).n_levels == 16
    assert Baseline.__module__ == "musicai.metrics"


@pytest.mark.parametrize("Baseline", BASELINES)
def test_a_failed_fit_leaves_a_baseline_unchanged(Baseline):
    baseline = Baseline()
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        baseline.fit([np.full((3, 12), 2.0)])
    with pytest.raises(NotFittedError):
        baseline.score_samples(walks())
    score = baseline.fit(walks()).score(walks())
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        baseline.fit([np.full((3, 5), 2.0)])
    assert baseline.score(walks()) == score
