"""Callbacks of scikit-learn are called at every epoch of a fit."""

import numpy as np
import pytest

pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from 1.9 on")

import pickle

from sklearn.base import clone

from musicai import LSTMComposer
from musicai.composer import on_epoch


class Recorder:
    """Recorder of callback events, which stops training after `stop_after` epochs."""

    def __init__(self, stop_after=None):
        self.events, self.losses, self.scores = [], [], []
        self.stop_after = stop_after

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        self.events.append(f"end {context.task_name}")
        self.losses.append(fitted_estimator.loss_curve_[-1])
        self.scores.append(fitted_estimator.score(X))
        assert fitted_estimator.sample(3, random_state=0).shape == (3, 12)
        return context.task_name == "epoch" and len(self.losses) == self.stop_after


def small(**changes):
    return LSTMComposer(**{"hidden_size": 8, "max_iter": 4, "random_state": 0, **changes})


def test_callbacks_are_called_before_and_after_the_fit_and_every_epoch(chroma):
    recorder = Recorder()
    composer = small().set_callbacks(recorder).fit(chroma)
    epochs = ["begin epoch", "end epoch"] * 4
    assert recorder.events == ["setup", "begin fit", *epochs, "end fit", "teardown"]
    assert recorder.losses[:4] == composer.loss_curve_
    assert recorder.scores[-1] == pytest.approx(composer.score(chroma), rel=1e-6)


def test_callbacks_do_not_change_the_weights(chroma):
    with_them, without = small().set_callbacks(Recorder()).fit(chroma), small().fit(chroma)
    for name, weights in without.weights_.items():
        np.testing.assert_array_equal(weights, with_them.weights_[name])


def test_a_callback_can_stop_training(chroma):
    composer = small().set_callbacks(Recorder(stop_after=2)).fit(chroma)
    assert composer.n_iter_ == 2


def test_callbacks_are_torn_down_after_an_error(chroma):
    class Failing(Recorder):
        def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
            raise RuntimeError("out of order")

    recorder = Failing()
    composer = small().set_callbacks(recorder)
    with pytest.raises(RuntimeError, match="out of order"):
        composer.fit(chroma)
    assert recorder.events[-1] == "teardown"
    assert not composer.__sklearn_is_fitted__()
    composer.set_callbacks().fit(chroma)


def test_on_epoch_calls_a_function_after_every_epoch(chroma):
    seen = []
    composer = small().set_callbacks(on_epoch(lambda each: seen.append(each.loss_curve_[-1])))
    assert composer.fit(chroma).loss_curve_ == seen
    assert pickle.loads(pickle.dumps(clone(small()).fit(chroma))).loss_curve_ == seen


def test_on_epoch_stops_training_if_the_function_returns_true(chroma):
    composer = small().set_callbacks(on_epoch(lambda each: each.n_iter_ == 2))
    assert composer.fit(chroma).n_iter_ == 2


def test_fit_raises_the_error_of_an_on_epoch_function(chroma):
    class PrunedError(Exception):
        pass

    def prune(composer):
        assert composer.validation_curve_[-1] < 0
        raise PrunedError

    composer = small().set_callbacks(on_epoch(prune))
    with pytest.raises(PrunedError):
        composer.fit(chroma, X_val=chroma)
    assert not composer.__sklearn_is_fitted__()


def test_optuna_can_prune_fits_through_on_epoch(chroma):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial):
        def report(composer):
            trial.report(composer.validation_curve_[-1], composer.n_iter_)
            if trial.should_prune():
                raise optuna.TrialPruned

        rate = trial.suggest_categorical("learning_rate", [0.03, 1e-6])
        composer = small(learning_rate=rate).set_callbacks(on_epoch(report))
        return composer.fit(chroma, X_val=chroma[:2]).best_validation_score_

    sampler = optuna.samplers.GridSampler({"learning_rate": [0.03, 1e-6]}, seed=0)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=1)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    study.enqueue_trial({"learning_rate": 0.03})
    study.optimize(objective, n_trials=3)
    assert study.best_params["learning_rate"] == 0.03
    assert any(trial.state.name == "PRUNED" for trial in study.trials)
