"""From pieces to weights: what `fit` and `partial_fit` do, from end to end."""

from typing import Any

import numpy as np

from ..base.unchanged import unchanged_on_error
from ._checks import check_parameters, choose_device, draw_seed
from ._distributed import Group, joined
from ._fingerprint import checksum
from ._network import Network, export_weights
from ._opened import check_resumed
from ._preparing import (
    begin,
    begin_watching,
    known_characters,
    network_to_train,
    open_checkpoint,
    with_characters,
)
from ._progress import Budget
from ._support import frames_peak_at_one
from ._training import Trainer


def learn(composer: Any, X: Any, y: Any, X_val: Any, y_val: Any) -> None:
    """Train for as long as the composer's parameters say, and keep the best weights.

    The arguments are those of `LSTMComposer.fit`. After an error the composer is as it was.
    """
    check_parameters(composer)
    if X_val is not None and not composer.early_stopping:
        raise ValueError("X_val is watched for early stopping: leave it, or early_stopping=False")
    if X_val is None and y_val is not None:
        raise ValueError("y_val labels the pieces of X_val, and there are none")
    go_on = composer.warm_start and composer.__sklearn_is_fitted__()
    seed = draw_seed(composer.random_state)
    with unchanged_on_error(composer), joined(choose_device(composer.device)) as group:
        training = begin(composer, X, y, None, go_on=go_on)
        validation = begin_watching(composer, X_val, y_val) if X_val is not None else None
        checkpoint, state = open_checkpoint(
            composer, training, validation, go_on=go_on, group=group
        )
        # A run that is gone on with keeps its split and order, whatever the seed is by now.
        seed = group.share(lambda: state["seed"] if state else seed)
        rng = np.random.RandomState(seed)
        peaked = frames_peak_at_one(training.pieces) and not (go_on and not composer._peaked)
        if X_val is None and composer.early_stopping and len(training.pieces) > 1:
            validation, training = training.split(composer.validation_fraction, rng)
        network = network_to_train(composer, training, rng, go_on=go_on, device=group.device)
        if state:
            check_resumed(state, network)
        training = with_characters(network, training, go_on=go_on)
        progress = _trainer(composer, network, seed, group).run(
            training,
            validation,
            budget=Budget(composer.max_iter, composer.max_time),
            n_iter_no_change=composer.n_iter_no_change,
            tol=composer.tol,
            verbose=composer.verbose,
            checkpoint=checkpoint,
            state=state,
            # Pieces drawn from X may be among those that the weights were learned from.
            start_counts=go_on and X_val is not None,
        )
        # Weights that were kept know the pieces that they were learned from, and no others.
        if not go_on or _differ(progress.best_weights, composer.weights_):
            composer._characters = known_characters(training)
            composer._peaked = peaked
        composer.weights_ = progress.best_weights
        composer._optimizer_state = None
        composer.loss_curve_ = progress.loss_curve
        composer.n_iter_ = progress.n_epochs
        composer.validation_scores_ = progress.validation_scores
        composer.best_validation_score_ = progress.best_score


def learn_once_more(composer: Any, X: Any, y: Any, styles: Any) -> None:
    """Take one more pass over some pieces, at a constant learning rate.

    The arguments are those of `LSTMComposer.partial_fit`. After an error the composer is as it was.
    """
    check_parameters(composer)
    go_on = composer.__sklearn_is_fitted__()
    n_epochs = composer.n_iter_ if go_on else 0
    seed = draw_seed(composer.random_state, n_epochs)  # every pass has an order of its own
    with unchanged_on_error(composer):
        training = begin(composer, X, y, styles, go_on=go_on)
        group = Group(choose_device(composer.device))
        rng = np.random.RandomState(seed)
        network = network_to_train(composer, training, rng, go_on=go_on, device=group.device)
        training = with_characters(network, training, go_on=go_on)
        trainer = _trainer(composer, network, seed, group)
        if go_on and composer._optimizer_state is not None:
            trainer.optimizer.resume(composer._optimizer_state)
        loss = trainer.run_epoch(training)
        trainer.check_finite()
        composer.weights_ = export_weights(network)
        composer._characters = known_characters(
            training, getattr(composer, "_characters", None) if go_on else None
        )
        composer._peaked = frames_peak_at_one(training.pieces) and (not go_on or composer._peaked)
        composer._optimizer_state = trainer.optimizer.state()
        composer.loss_curve_ = [*(composer.loss_curve_ if go_on else []), loss]
        composer.n_iter_ = n_epochs + 1
        composer.validation_scores_ = composer.best_validation_score_ = None


def _differ(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return checksum(one.values()) != checksum(other.values())


def _trainer(composer: Any, network: Network, seed: int, group: Group) -> Trainer:
    return Trainer(
        network,
        learning_rate=composer.learning_rate,
        batch_size=composer.batch_size,
        seed=seed,
        group=group,
    )
