"""Divergence of training is detected, and training continues with a lower learning rate."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning

from musicai import LSTMComposer
from musicai.composer import _training


def small(**changes):
    return LSTMComposer(
        **{"hidden_size": 8, "max_iter": 6, "batch_size": 2, "random_state": 0, **changes}
    )


def spoil(monkeypatch, loss, above_rate=0.02, from_step=5):
    """Make training diverge from `from_step` on while the learning rate exceeds `above_rate`."""
    watch = _training.Trainer._watch

    def spoiled(self, nats, norm):
        bad = self.optimizer.n_steps >= from_step and self.highest_rate > above_rate
        return watch(self, loss if bad else nats, norm)

    monkeypatch.setattr(_training.Trainer, "_watch", spoiled)


@pytest.mark.parametrize("batch_size", [2, 4, 16])
def test_a_fit_that_diverges_at_every_retry_raises_an_error(chroma, batch_size):
    composer = small(learning_rate=1e30, emission="mse", batch_size=batch_size)
    match = r"diverged.*rate of 1.5625e\+28; lower learning_rate \(now 1e\+30"
    with pytest.warns(ConvergenceWarning) as told, pytest.raises(ValueError, match=match):
        composer.fit(chroma)
    assert len(told) == 3


def test_divergence_in_a_fit_of_one_epoch_is_detected(chroma):
    with (
        pytest.warns(ConvergenceWarning, match="training diverged"),
        pytest.raises(ValueError, match="training diverged"),
    ):
        small(learning_rate=1e30, max_iter=1, batch_size=4).fit(chroma)


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), 1e6])
def test_after_divergence_training_continues_with_a_lower_learning_rate(chroma, monkeypatch, loss):
    monkeypatch.setattr(LSTMComposer, "_steps_between_snapshots", 2)
    spoil(monkeypatch, loss, from_step=21 if loss == 1e6 else 5)
    match = r"diverged.*continues from step \d+ with a learning rate of 0\.0075"
    with pytest.warns(ConvergenceWarning, match=match) as told:
        composer = small(max_iter=16).fit(chroma)
    assert len(told) == 1
    assert told[0].filename == __file__
    assert len(composer.loss_curve_) == len(composer.validation_curve_) == 16
    assert np.isfinite(composer.score(chroma))


def test_a_resumed_fit_keeps_the_lower_learning_rate(chroma, monkeypatch, tmp_path):
    monkeypatch.setattr(LSTMComposer, "_steps_between_snapshots", 2)
    path = tmp_path / "fit.npz"
    spoil(monkeypatch, float("nan"))
    with pytest.warns(ConvergenceWarning):
        undisturbed = small().fit(chroma)
    with monkeypatch.context() as patch:
        step = _training.Trainer._step

        def failing(self, *args):
            if self.optimizer.n_steps == 9:
                raise MemoryError
            step(self, *args)

        patch.setattr(_training.Trainer, "_step", failing)
        with pytest.warns(ConvergenceWarning), pytest.raises(MemoryError):
            small(checkpoint=path).fit(chroma)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        resumed = small(checkpoint=path).fit(chroma)
    for name, weights in resumed.weights_.items():
        np.testing.assert_array_equal(weights, undisturbed.weights_[name])


def test_a_fit_that_diverges_removes_its_checkpoint(chroma, tmp_path):
    composer = small(learning_rate=1e30, emission="mse", checkpoint=tmp_path / "fit.npz")
    with pytest.warns(ConvergenceWarning), pytest.raises(ValueError, match="diverged"):
        composer.fit(chroma)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("emission", ["logistic", "gaussian", "mse", "independent"])
@pytest.mark.parametrize("data", ["noise", "constant", "outliers"])
def test_random_constant_and_outlying_values_are_not_mistaken_for_divergence(emission, data):
    rng = np.random.RandomState(0)
    pieces = [rng.random_sample((30, 3)) for _ in range(12)]
    if data == "constant":
        pieces = [np.full((30, 3), 0.25)] * 12
    elif data == "outliers":
        for piece in pieces:
            piece[rng.randint(30)] = 1e4 if emission in ("gaussian", "mse") else 0
    small(emission=emission, max_iter=30).fit(pieces)


def test_partial_fit_raises_at_the_first_divergence(chroma):
    with pytest.raises(ValueError, match="training diverged"):
        small(learning_rate=1e30, emission="mse").partial_fit(chroma)


@pytest.mark.parametrize(("n_in_succession", "diverges"), [(1, False), (3, False), (6, True)])
def test_steps_with_overflowing_gradients_are_skipped(
    chroma, monkeypatch, n_in_succession, diverges
):
    clip = torch.nn.utils.clip_grad_norm_
    norms = iter([1.0] * 4 + [float("inf")] * n_in_succession)
    clipped, steps = [], []

    def overflowing(parameters, largest):
        norm = clip(parameters, largest)
        # Layers that predict means and the emission conditioned on chords are clipped separately.
        if len(parameters) < 12:
            return norm
        clipped.append(norm)
        return torch.tensor(next(norms, 1.0))

    class Counting(torch.optim.AdamW):
        def step(self):
            steps.append(self)
            super().step()

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", overflowing)
    monkeypatch.setattr(torch.optim, "AdamW", Counting)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        composer = small(max_iter=4).fit(chroma)
    assert [str(warning.message)[:17] for warning in caught] == ["training diverged"] * diverges
    assert np.isfinite(composer.score(chroma))
    if not diverges:
        assert len(steps) == len(clipped) - n_in_succession > 0


def test_divergence_in_a_short_fit_is_detected(chroma):
    composer = small(learning_rate=1e10, max_iter=3, early_stopping=False, batch_size=16)
    with (
        pytest.warns(ConvergenceWarning, match="training diverged"),
        pytest.raises(ValueError, match="training diverged"),
    ):
        composer.fit(chroma[:3])


def test_divergence_over_several_partial_fits_is_detected():
    roll = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
    composer = small(learning_rate=1e3)

    def learn(n_times):
        for _ in range(n_times):
            composer.partial_fit([roll])

    with pytest.raises(ValueError, match="training diverged"):
        learn(40)
