import logging
import re
import signal
import warnings
from itertools import pairwise
from pickle import dumps, loads

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from musicai import LSTMComposer
from musicai.composer._bernoulli import BernoulliNADE
from musicai.composer._logistic import LogisticNADE
from musicai.composer._training import Trainer


def small(**changes):
    return LSTMComposer(**{"hidden_size": 16, "max_iter": 5, "random_state": 0, **changes})


def script_scores(monkeypatch, scores):
    """Let validation return `scores`; return a list to which the weights of each are appended."""
    remaining, kept = iter(scores), []

    def next_score(network, collection):
        kept.append({k: v.clone().numpy() for k, v in network.state_dict().items()})
        return next(remaining)

    monkeypatch.setattr("musicai.composer._training.mean_score", next_score)
    return kept


def test_a_composer_learns_the_next_note(rolls):
    composer = small(hidden_size=32, max_iter=100, batch_size=2, early_stopping=False).fit(rolls)
    assert composer.emission_ == "bernoulli"
    # Only the first note, one of ten, is uncertain; each other note follows from the one before.
    assert composer.score(rolls) > -0.5
    predicted = composer.predict(rolls[0])
    assert (predicted[:-1].argmax(1) == rolls[0][1:].argmax(1)).mean() > 0.95
    sung = composer.sample(20, prime=rolls[0], random_state=1).argmax(1)
    expected = (rolls[0][-1].argmax() + 1 + np.arange(20)) % 10
    assert (sung == expected).mean() > 0.9


@pytest.mark.parametrize("emission", ["logistic", "gaussian", "independent", "mse"])
def test_training_improves_scores_and_beats_repeating_the_last_frame(chroma, emission):
    before = small(emission=emission, max_iter=1).fit(chroma)
    after = small(emission=emission, max_iter=60, batch_size=2).fit(chroma)
    assert after.score(chroma) > before.score(chroma) + 1
    error = [
        np.square(p[:-1] - x[1:]).mean() for p, x in zip(after.predict(chroma), chroma, strict=True)
    ]
    persistence = [np.square(x[:-1] - x[1:]).mean() for x in chroma]
    assert np.mean(error) < np.mean(persistence)


def test_the_values_of_pieces_determine_the_emission(chroma, rolls):
    assert small(max_iter=1).fit(chroma).emission_ == "chroma"
    assert small(max_iter=1).fit([p / 2 for p in chroma]).emission_ == "logistic"
    assert small(max_iter=1).fit(rolls).emission_ == "bernoulli"
    assert small(max_iter=1).fit([p - 0.5 for p in chroma]).emission_ == "gaussian"
    assert small(max_iter=1, emission="independent").fit(rolls).emission_ == "independent bernoulli"


def test_the_same_seed_gives_the_same_model_and_global_states_do_not_change(chroma):
    np.random.seed(3)
    torch.manual_seed(3)
    numpy_state, torch_state = np.random.get_state()[1].copy(), torch.get_rng_state()
    one, other = small().fit(chroma), small().fit(chroma)
    one.sample(5)
    small(random_state=None, max_iter=1).fit(chroma).sample(5)
    assert (np.random.get_state()[1] == numpy_state).all()
    assert torch.equal(torch.get_rng_state(), torch_state)
    for name, weights in one.weights_.items():
        np.testing.assert_array_equal(weights, other.weights_[name])
    assert small(random_state=1).fit(chroma).score(chroma) != one.score(chroma)


def test_curves_have_a_value_for_every_epoch_and_the_loss_falls(chroma):
    composer = small(max_iter=12, validation_fraction=0.3).fit(chroma)
    assert len(composer.loss_curve_) == len(composer.validation_curve_) == composer.n_iter_ == 12
    assert composer.loss_curve_[-1] < composer.loss_curve_[0]


def test_training_ends_early_with_a_decaying_learning_rate_and_keeps_the_best_weights(
    chroma, monkeypatch
):
    scripted = [-5.0, -3.0, -4.0, -4.0, -4.0, -3.5, -2.0, -4.0]
    kept = script_scores(monkeypatch, scripted)
    composer = small(max_iter=50, n_iter_no_change=3).fit(chroma)
    assert composer.validation_curve_ == scripted
    for name, weights in composer.weights_.items():
        np.testing.assert_array_equal(weights, kept[6][name])
    changes = [
        sum(np.square(after[name] - before[name]).sum() for name in after)
        for before, after in pairwise(kept)
    ]
    # The decay starts after change 3, from the best weights; change 6 is in its last third.
    assert changes[6] < 0.25 * changes[3]
    from_best, from_last = (
        sum(np.square(kept[5][name] - start[name]).sum() for name in start)
        for start in (kept[1], kept[4])
    )
    assert from_best < from_last


def test_weights_that_improve_the_score_by_less_than_tol_are_kept(chroma, monkeypatch):
    kept = script_scores(monkeypatch, [-5.0, -4.99, -4.98, -6.0, -6.0])
    composer = small(max_iter=50, n_iter_no_change=2, tol=0.1).fit(chroma)
    assert composer.n_iter_ == 5
    for name, weights in composer.weights_.items():
        np.testing.assert_array_equal(weights, kept[2][name])


def test_a_warm_start_that_stops_early_keeps_the_new_scale_of_traits(chroma, monkeypatch):
    composer = small(max_iter=1, warm_start=True).fit(chroma[:4])
    # Scores before training, after its only epoch, and after the final decay.
    script_scores(monkeypatch, [-1.0, -5.0, -0.5])
    composer.set_params(max_iter=2, n_iter_no_change=1)
    before = composer.weights_["trait_scale"]
    composer.fit(chroma[4:], X_val=chroma[:1])
    assert composer.validation_curve_ == [-5.0, -0.5]
    assert (composer.weights_["trait_scale"] != before).any()


def test_training_on_a_single_piece_uses_no_validation_pieces(chroma):
    composer = small().fit(chroma[0])
    assert composer.validation_curve_ is None
    assert composer.n_iter_ == 5


def test_validation_pieces_can_be_passed_to_fit(chroma, styles):
    composer = small(key_invariant=False)
    composer.fit(chroma[:6], styles[:6], X_val=chroma[6:], y_val=styles[6:])
    assert composer.best_validation_score_ == pytest.approx(composer.score(chroma[6:], styles[6:]))
    with pytest.raises(ValueError, match=r"X_val\[0\] has 5 features per frame where 12"):
        small().fit(chroma, X_val=[piece[:, :5] for piece in chroma])


def test_an_interruption_keeps_the_best_weights_so_far(chroma, monkeypatch):
    run_epoch = Trainer.run_epoch

    def interrupted(self, *args, **kwargs):
        if self.optimizer.n_steps >= 3:
            raise KeyboardInterrupt
        return run_epoch(self, *args, **kwargs)

    monkeypatch.setattr(Trainer, "run_epoch", interrupted)
    with pytest.warns(UserWarning, match="interrupted after 3 of 9 epochs"):
        composer = small(max_iter=9).fit(chroma)
    assert composer.n_iter_ == 3
    assert len(composer.validation_curve_) == 3
    assert np.isfinite(composer.score(chroma))


def interrupt_in_the_loss(monkeypatch, n_times):
    """Press Ctrl-C `n_times` during the third step."""
    add_gradients = Trainer._add_gradients
    steps = []

    def disturbed(*args):
        steps.append(args)
        with torch.autocast("cpu", torch.bfloat16):
            for _ in range(n_times if len(steps) == 3 else 0):
                signal.raise_signal(signal.SIGINT)
        return add_gradients(*args)

    monkeypatch.setattr(Trainer, "_add_gradients", disturbed)
    return steps


def test_ctrl_c_waits_for_the_end_of_a_step(chroma, monkeypatch, ctrl_c):
    steps = interrupt_in_the_loss(monkeypatch, 1)
    with pytest.warns(UserWarning, match="interrupted after 0 of 5 epochs"):
        composer = small(batch_size=2).fit(chroma)
    assert len(steps) == 3
    assert composer.n_iter_ == 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_interrupts_at_once(chroma, monkeypatch, ctrl_c):
    steps = interrupt_in_the_loss(monkeypatch, 2)
    add_gradients = Trainer._add_gradients
    done = []
    monkeypatch.setattr(
        Trainer, "_add_gradients", lambda *args: done.append(add_gradients(*args)) or done[-1]
    )
    with pytest.warns(UserWarning, match="interrupted after 0 of 5 epochs"):
        small(batch_size=2).fit(chroma)
    assert (len(steps), len(done)) == (3, 2)


def test_ctrl_c_in_the_last_step_warns(chroma, monkeypatch, ctrl_c):
    interrupt_in_the_loss(monkeypatch, 1)
    with pytest.warns(UserWarning, match="interrupted after 1 of 1 epochs"):
        composer = small(batch_size=3, max_iter=1).fit(chroma)
    assert composer.n_iter_ == 1


def test_a_signal_handler_of_the_user_is_kept(chroma, monkeypatch, ctrl_c):
    interrupt_in_the_loss(monkeypatch, 1)
    came = []
    signal.signal(signal.SIGINT, lambda *args: came.append(args))
    composer = small(batch_size=2).fit(chroma)
    assert len(came) == 1
    assert composer.n_iter_ == 5


def test_a_warm_start_continues_from_the_earlier_weights(chroma):
    composer = small(max_iter=20, warm_start=True).fit(chroma)
    first = composer.loss_curve_[0]
    composer.set_params(max_iter=1).fit(chroma)
    assert composer.loss_curve_[0] < first


def test_a_fit_that_diverges_keeps_the_earlier_model(chroma, styles):
    composer = small().fit(chroma, styles)
    before = composer.sample(5, style="jazz", random_state=0)
    with (
        pytest.warns(ConvergenceWarning, match="diverged"),
        pytest.raises(ValueError, match="diverged"),
    ):
        composer.set_params(learning_rate=1e30, emission="mse").fit([p * 2 for p in chroma])
    np.testing.assert_array_equal(composer.sample(5, style="jazz", random_state=0), before)


def test_a_fit_with_invalid_arguments_keeps_the_earlier_model(chroma):
    composer = small().fit(chroma)
    with pytest.raises(ValueError, match="style labels"):
        composer.fit([piece[:, :5] for piece in chroma], ["too", "few"])
    assert composer.n_features_in_ == 12
    assert composer.sample(3).shape == (3, 12)
    unfitted = small()
    with pytest.raises(ValueError, match="style labels"):
        unfitted.fit(chroma, ["too", "few"])
    with pytest.raises(NotFittedError):
        unfitted.sample(3)


def test_shifting_real_valued_data_shifts_samples_and_keeps_scores():
    waves = [np.sin(np.arange(40)[:, None] / 3 + [0, k]) for k in range(4)]
    near = small().fit([wave.astype(np.float32) for wave in waves])
    far = small().fit([(wave + 64).astype(np.float32) for wave in waves])
    for wave in waves:
        np.testing.assert_allclose(
            near.score_samples(wave), far.score_samples(wave + 64), atol=3e-2
        )
    np.testing.assert_allclose(near.sample(20), far.sample(20) - 64, atol=3e-2)


def test_rounding_a_piece_to_the_grid_does_not_change_its_scores_and_predictions(chroma):
    composer = small().fit(chroma)
    rounded = [np.rint(255 * piece) / 255 for piece in chroma]
    assert composer.score(chroma) == pytest.approx(composer.score(rounded), abs=1e-4)
    np.testing.assert_allclose(composer.predict(chroma[0]), composer.predict(rounded[0]), atol=1e-5)


def test_key_invariance_cannot_change_if_training_continues(chroma):
    composer = small(warm_start=True, max_iter=1).fit(chroma)
    with pytest.raises(
        ValueError, match="key_invariant=False differs from True in the fitted model"
    ):
        composer.set_params(key_invariant=False).fit(chroma)
    with pytest.raises(
        ValueError, match="key_invariant=False differs from True in the fitted model"
    ):
        composer.partial_fit(chroma)
    composer.set_params(key_invariant=True).fit(chroma)


def test_sizes_may_be_numpy_integers(chroma):
    composer = small(hidden_size=np.int64(8), n_layers=np.int32(1), max_iter=np.int16(1))
    assert composer.fit(chroma).sample(2).shape == (2, 12)


def test_an_impossible_frame_does_not_make_other_scores_nan():
    pieces = [np.random.RandomState(i).standard_normal((40, 13)) for i in range(4)]
    for transpose in (False, True):
        composer = small(key_invariant=transpose, max_iter=2).fit(pieces)
        broken = pieces[0].copy()
        broken[3, 3] = 1e30
        scores = composer.score_samples(broken)
        assert scores[3] == -np.inf
        assert np.isfinite(scores[:3]).all()
        assert np.isfinite(composer.score_samples(np.delete(pieces[0], 3, axis=0))).all()
        assert not np.isnan(scores).any()


def test_changed_parameters_take_effect_at_the_next_fit(chroma):
    composer = small().fit(chroma)
    before = composer.sample(5)
    composer.set_params(hidden_size=7, n_layers=2, warm_start=True)
    np.testing.assert_array_equal(composer.sample(5), before)
    with pytest.raises(ValueError, match="hidden_size=7 differs from 16 in the fitted model"):
        composer.fit(chroma)
    assert composer.set_params(warm_start=False).fit(chroma).sample(5).shape == (5, 12)


def test_partial_fit_continues_training_even_after_unpickling(chroma, styles):
    composer = small().partial_fit(chroma, styles)
    split = loads(dumps(composer))
    for _ in range(6):
        composer.partial_fit(chroma, styles)
        split = loads(dumps(split)).partial_fit(chroma, styles)
    assert composer.n_iter_ == len(composer.loss_curve_) == 7
    assert composer.loss_curve_[-1] < composer.loss_curve_[0]
    for name, weights in composer.weights_.items():
        np.testing.assert_array_equal(weights, split.weights_[name])


def test_partial_fit_accepts_only_styles_declared_in_the_first_call(chroma):
    composer = small().partial_fit(chroma[:2], ["a", "b"], styles=["a", "b", "c"])
    composer.partial_fit(chroma[2:3], ["c"])
    with pytest.raises(ValueError, match=r"unknown style 'd'.*known styles are \['a', 'b', 'c'\]"):
        composer.partial_fit(chroma[3:4], ["d"])


def test_training_on_constant_pieces_gives_finite_scores_and_samples():
    still = [np.full((20, 3), 7.0)] * 3
    composer = small(max_iter=2).fit(still)
    assert np.isfinite(composer.score(still))
    assert np.isfinite(composer.sample(50)).all()


def test_training_ends_after_max_time(chroma):
    composer = small(max_iter=10**6, max_time=0.3, early_stopping=False).fit(chroma)
    assert 1 <= composer.n_iter_ < 1000


def test_key_invariance_raises_the_score_of_transposed_music(chroma):
    one_key = [np.roll(piece, -piece[0].argmax(), axis=1) for piece in chroma]
    moved = [np.roll(piece, 3, axis=1) for piece in one_key]
    scores = [
        small(max_iter=60, batch_size=2, key_invariant=transpose).fit(one_key).score(moved)
        for transpose in (False, True)
    ]
    assert scores[1] > scores[0]


def test_verbose_shows_progress(chroma, capsys):
    small(max_iter=2, verbose=1).fit(chroma)
    captured = capsys.readouterr()
    assert "2/2" in captured.err
    assert re.search(r"train -[\d.]+, valid -[\d.]+, best -[\d.]+ nats/frame, higher", captured.err)
    assert captured.out == ""


def test_pieces_score_higher_with_their_style_and_samples_of_a_style_resemble_them(rolls):
    upward, downward = rolls, [roll[::-1].copy() for roll in rolls]
    labels = ["up"] * len(upward) + ["down"] * len(downward)
    composer = small(hidden_size=32, max_iter=120, batch_size=2, early_stopping=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        composer.fit(upward + downward, labels)
    stated = composer.score(upward[:2], ["up"] * 2)
    assert stated > composer.score(upward[:2], ["down"] * 2) + 0.2
    for style, step in (("up", 1), ("down", 9)):
        notes = composer.sample(30, style=style, random_state=0).argmax(1)
        assert (np.diff(notes) % 10 == step).mean() > 0.8


def test_style_labels_are_kept_exactly(chroma):
    for labels in (["a\0", "a"], [2**53 + 1, 1.5]):
        composer = small(max_iter=1).fit(chroma[:4], labels * 2)
        assert composer.styles_.tolist() == sorted(labels)
        assert composer.sample(2, style=labels[0]).shape == (2, 12)


def test_a_warm_start_keeps_its_initial_weights_if_training_makes_them_worse(chroma):
    composer = small(max_iter=40, batch_size=2, warm_start=True).fit(chroma[:6], X_val=chroma[6:])
    before, weights = composer.best_validation_score_, composer.weights_
    # At so high a learning rate, the few steps of this fit make the weights worse.
    music = composer.sample(20, random_state=0)
    composer.set_params(max_iter=2, learning_rate=1.0)
    composer.fit([piece**4 for piece in chroma[:3]], X_val=chroma[6:])
    # Samples stay the same, since the traits of the earlier pieces are kept too.
    np.testing.assert_array_equal(composer.sample(20, random_state=0), music)
    assert max(composer.validation_curve_) < before
    assert composer.best_validation_score_ == pytest.approx(before)
    for name, array in composer.weights_.items():
        np.testing.assert_array_equal(array, weights[name])
    assert composer.n_iter_ == len(composer.validation_curve_) == 2


def test_training_the_mean_head_does_not_change_other_weights(chroma, rolls, monkeypatch):
    for emission, pieces in ((LogisticNADE, chroma), (BernoulliNADE, rolls)):
        composer = small(learning_rate=0.3).fit(pieces)
        with monkeypatch.context() as patch:
            patch.setattr(
                emission, "mean_loss", lambda self, x, context, previous: 0 * context.sum()
            )
            without = small(learning_rate=0.3).fit(pieces)
        for name, weights in composer.weights_.items():
            if "mean_head" not in name:
                np.testing.assert_array_equal(weights, without.weights_[name])


def test_every_epoch_is_logged_in_one_line(rolls, tmp_path):
    handler = logging.FileHandler(tmp_path / "fit.log")
    logger = logging.getLogger("musicai")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        small(max_iter=3, verbose=1).fit(rolls)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
        handler.close()
    lines = (tmp_path / "fit.log").read_bytes().decode().splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        f"epoch {n} of at most 3" for n in (1, 2, 3)
    ]


def test_progress_is_shown_in_lines_if_stderr_is_not_a_terminal(rolls, capsys):
    small(max_iter=3, verbose=1).fit(rolls)
    shown = capsys.readouterr().err
    assert "\r" not in shown
    assert re.fullmatch(r"(fit: \d/3 epochs in [\d:]+.*\n)+", shown)
