"""The training loop: likelihood, one pass after another, the best weights kept.

AdamW with warm-up and a cosine decay to zero over the whole budget, gradients clipped, excerpts of
128 frames from random offsets in small batches: small batches matter most.

All that is random follows from the seed, the epoch and the number of the batch in it, so a state
of training holds no random states, and a run that goes on from one takes the very same steps.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from tqdm.auto import tqdm

from ..files.interruptions import interruptions
from ._batches import Collection, Span, training_batches
from ._checkpoint import Checkpoint
from ._distributed import Group
from ._divergence import DivergenceError, is_sound, watch
from ._fingerprint import checksum
from ._inference import mean_score
from ._loss import add_gradients
from ._network import Network, export_weights
from ._optimizer import Optimizer
from ._progress import Budget, Progress

_WARM_UP_STEPS = 50
# Share of the excerpts whose style is not told, so that the composer also knows music of no stated
# style.
_UNTOLD_STYLES = 0.1
# A copy of a state costs about as much as a tenth of a step.
_STEPS_BETWEEN_SNAPSHOTS = 50

_MOST_RETRIES = 3
_RATE_OF_A_RETRY = 0.25


class Trainer:
    """Takes training steps on a network.

    Parameters
    ----------
    network : Network
        Trained in place.
    learning_rate : float
        Highest learning rate.
    batch_size : int
        Excerpts per step.
    seed : int
        Decides offsets, order, intervals, dropout and untold styles.
    group : Group, default=None
        The processes that train together; None for this one alone.
    """

    def __init__(
        self,
        network: Network,
        *,
        learning_rate: float,
        batch_size: int,
        seed: int,
        group: Group | None = None,
    ) -> None:
        self.network = network
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.seed = seed
        self.optimizer = Optimizer(list(network.parameters()))
        device = self.optimizer.parameters[0].device
        self.group = group or Group(device)
        self.rng = np.random.RandomState(0)
        self.generator = torch.Generator(device)
        self.progress = Progress()
        self._snapshot: dict[str, Any] = {}

    def run(
        self,
        training: Collection,
        validation: Collection | None,
        *,
        budget: Budget,
        n_iter_no_change: int,
        tol: float,
        verbose: int,
        checkpoint: Checkpoint | None = None,
        state: dict[str, Any] | None = None,
        start_counts: bool = False,
    ) -> Progress:
        """Train until the budget is spent or the validation score no longer rises.

        Without `validation` the last weights count as the best. Where training diverges it goes
        back to where all was well and on with a lower learning rate. An interruption from the
        keyboard ends training with a warning; the best weights so far are kept.

        Parameters
        ----------
        training, validation : Collection
            Pieces to learn, and pieces to watch.
        budget : Budget
            How long to train.
        n_iter_no_change, tol, verbose
            Those of the composer.
        checkpoint : Checkpoint, default=None
            Where the state of training is written every so often.
        state : dict, default=None
            What a checkpoint held, to go on from.
        start_counts : bool, default=False
            Whether the weights there are now are kept where none do better.
        """
        self._snapshot = self.group.share(lambda: state or self._state(budget))
        self._restore(self._snapshot)
        budget.go_on_from(self._snapshot["elapsed"])
        if start_counts and state is None:
            self.progress.best_score = self._score(validation, budget)
            self.progress.best_weights = export_weights(self.network)

        def keep(interrupted: bool) -> None:
            due = self.n_steps % _STEPS_BETWEEN_SNAPSHOTS == 0
            if (due or interrupted) and self._is_sound():
                self._snapshot = self._state(budget)
            if interrupted and self.group.size == 1:  # several stop together, after a step
                raise KeyboardInterrupt
            if checkpoint is not None:
                checkpoint.write_if_due({**self._snapshot, "elapsed": budget.elapsed})

        try:
            if self._run_epochs(training, validation, budget, n_iter_no_change, tol, verbose, keep):
                self._warn_of_interruption(budget, None)
        except DivergenceError:
            if checkpoint is not None:
                checkpoint.remove()  # whoever went on from it would diverge again
            raise
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt)
            if checkpoint is not None:
                left = checksum(self._best_weights().values()) if interrupted else None
                checkpoint.write({**self._snapshot, "elapsed": budget.elapsed}, left)
            if not interrupted:
                raise
            self._warn_of_interruption(budget, checkpoint)
        else:
            if checkpoint is not None:
                checkpoint.remove()
        best = self._best_weights()
        self.progress.best_weights = self.group.share(lambda: best)
        return self.progress

    def _best_weights(self) -> dict[str, np.ndarray]:
        return self.progress.best_weights or export_weights(self.network)

    def _run_epochs(
        self,
        training: Collection,
        validation: Collection | None,
        budget: Budget,
        n_iter_no_change: int,
        tol: float,
        verbose: int,
        keep: Callable[[bool], None],
    ) -> bool:
        """Return whether Ctrl-C came in the very last step."""
        bar = tqdm(
            total=budget.max_iter,
            initial=self.progress.n_epochs,
            desc="fit",
            unit="epoch",
            disable=not (verbose and self.group.is_first),
        )
        # In the midst of a step Ctrl-C would leave half of one behind, or a setting of torch that a
        # context was about to put back. Several processes all stop after the same step, so that
        # none waits for another for ever.
        with bar, interruptions(patient=self.group.size > 1) as interrupted:
            finished = False
            while not finished:
                try:
                    loss = self.run_epoch(training, budget, keep, interrupted)
                    score = self._score(validation, budget)
                    self.check_finite(score)
                except DivergenceError as error:
                    self._go_back(error)
                    continue
                progress = self.progress  # another one after going back
                progress.end_epoch(loss, score, self.network, tol)
                bar.set_postfix_str(str(progress), refresh=False)
                bar.update(progress.n_epochs - bar.n)
                waited_enough = progress.waited >= n_iter_no_change
                finished = waited_enough or budget.spent(progress.n_epochs) == 1
        return interrupted()

    def run_epoch(
        self,
        training: Collection,
        budget: Budget | None = None,
        before_step: Callable[[bool], None] = lambda interrupted: None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> float:
        """Take one pass over `training`, or what is left of it; return its mean loss per frame.

        The learning rate decays with the share of `budget` that is spent, and the pass ends
        early where nothing is left of it; without a budget the rate is constant.
        """
        progress = self.progress
        self.rng.seed([self.seed, progress.n_epochs])
        batches = list(training_batches(training, self.batch_size, self.rng))
        for number in range(progress.n_batches, len(batches)):
            share = number / len(batches)
            if budget and number > 0 and budget.spent(progress.n_epochs + share) == 1:
                break
            stop = interrupted()
            before_step(stop)
            self._step(batches[number], training, budget, share, stop)
        if progress.n_refused == progress.n_batches:
            raise self._diverged("the gradients of all steps have overflowed")
        return progress.nats / progress.n_frames

    def check_finite(self, score: float | None = None) -> None:
        """Raise if weights or a validation score are not finite."""
        if not all(torch.isfinite(weight.detach()).all() for weight in self.optimizer.parameters):
            raise self._diverged("weights are no longer finite")
        if score is not None and not math.isfinite(score):
            raise self._diverged(f"the validation score is {score}")

    @property
    def n_steps(self) -> int:
        """Steps taken or left out, over all epochs."""
        return self.optimizer.n_steps

    @property
    def highest_rate(self) -> float:
        """The learning rate before it decays."""
        return self.learning_rate * _RATE_OF_A_RETRY**self.progress.n_retries

    def _state(self, budget: Budget) -> dict[str, Any]:
        """Return all that `run` needs to go on from here."""
        return {
            "seed": self.seed,
            "elapsed": budget.elapsed,
            "weights": export_weights(self.network),
            "optimizer": self.optimizer.state(),
            "progress": vars(self.progress).copy(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        weights = {name: torch.from_numpy(array) for name, array in state["weights"].items()}
        self.network.load_state_dict(weights)
        self.optimizer.resume(state["optimizer"])
        self.progress = Progress(**state["progress"])

    def _step(
        self,
        spans: Sequence[Span],
        training: Collection,
        budget: Budget | None,
        share: float,
        interrupted: bool,
    ) -> None:
        """Learn a batch; `share` of the epoch lies before it."""
        progress, group = self.progress, self.group
        # To seed a random state again takes 20 us, a new one ten times as much.
        self.rng.seed([self.seed, progress.n_epochs, progress.n_batches])
        told = self.rng.random_sample(len(spans)) >= _UNTOLD_STYLES
        self.generator.manual_seed(int(self.rng.randint(2**31)) + group.rank)
        self.optimizer.clear()
        n_frames = sum(map(len, spans))
        nats = add_gradients(
            self.network,
            training,
            group.part(spans),
            group.part(told.tolist()),
            n_frames,
            self.generator,
        )
        elapsed = budget.clock() if budget and group.is_first else 0.0
        nats, elapsed, n_interrupted = group.sum_gradients(
            self.optimizer.parameters, nats, elapsed, interrupted
        )
        if n_interrupted:
            raise KeyboardInterrupt
        self._check_loss(nats / n_frames, self.optimizer.clip())
        spent = 0.0
        if budget:
            budget.elapsed = elapsed
            spent = budget.spent(progress.n_epochs + share)
        warm_up = min(1.0, (self.n_steps + 1) / _WARM_UP_STEPS)
        decay = 0.5 * (1 + math.cos(math.pi * spent))
        self.optimizer.step(self.highest_rate * warm_up * decay, skip=progress.n_refused > 0)
        progress.n_batches += 1
        progress.nats += nats
        progress.n_frames += n_frames

    def _score(self, validation: Collection | None, budget: Budget) -> float | None:
        if validation is None:
            return None
        group, pieces = self.group, validation.pieces
        if group.size == 1:
            score = mean_score(self.network, validation)
            budget.elapsed = budget.clock()
            return score
        by_length = sorted(range(len(pieces)), key=lambda i: len(pieces[i]))
        part = validation.take(group.part(by_length))
        n_frames = sum(map(len, part.pieces))
        nats = mean_score(self.network, part) * n_frames if n_frames else 0.0
        nats, total, budget.elapsed = group.sum(
            nats, n_frames, budget.clock() if group.is_first else 0.0
        )
        return nats / total

    def _check_loss(self, loss: float, norm: float) -> None:
        try:
            watch(self.progress, loss, norm, self.network.emission.n_features)
        except DivergenceError as error:
            raise self._diverged(str(error)) from None

    def _is_sound(self) -> bool:
        """Tell whether this is a state to come back to."""
        self.check_finite()
        return is_sound(self.progress, self.network.emission.n_features)

    def _go_back(self, error: DivergenceError) -> None:
        """Return to the last sound state, with a lower learning rate."""
        n_retries = self.progress.n_retries + 1
        if n_retries > _MOST_RETRIES:
            raise error
        self._restore(self._snapshot)
        self.progress.n_retries = n_retries
        if self.group.is_first:
            warnings.warn(
                f"{error}; it goes on from step {self.n_steps} with a rate of "
                f"{self.highest_rate:g}",
                ConvergenceWarning,
                stacklevel=6,
            )

    def _diverged(self, what: str) -> DivergenceError:
        return DivergenceError(
            f"training diverged: {what} after {self.n_steps} steps with a learning rate of "
            f"{self.highest_rate:g}; lower learning_rate (now {self.learning_rate:g}) or look for "
            "outliers in the pieces"
        )

    def _warn_of_interruption(self, budget: Budget, checkpoint: Checkpoint | None) -> None:
        if not self.group.is_first:
            return
        n_epochs = self.progress.n_epochs
        kept = "the best weights so far are kept" if n_epochs else "little was learned"
        there = checkpoint is not None and checkpoint.path.exists()
        hint = f"; fit again goes on from {checkpoint}" if there else ""
        warnings.warn(
            f"training was interrupted after {n_epochs} of {budget.max_iter} epochs; {kept}{hint}",
            stacklevel=5,
        )
