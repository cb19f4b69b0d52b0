"""The training loop, which maximizes the likelihood epoch by epoch and keeps the best weights.

The optimizer is AdamW with clipped gradients. After a warm-up, the learning rate decays to zero
along a cosine over the budget or, without a budget, stays constant. Once the validation score no
longer improves, training returns to the best weights, and the rate decays to zero within
`n_iter_no_change` epochs, because scores often improve at low rates. Batches hold few excerpts (16
by default) of up to 128 frames from random offsets. Of these choices, small batches matter most.

The seed, the numbers of the epoch and the batch, and the rank of the process determine all random
draws. A resumed run therefore takes the same steps, although no random states are saved.
"""

import math
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import FrameType
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning

from ..base.progress import logger, progress_bar
from ..base.user_warnings import warn_user
from ._callbacks import EpochCallbacks
from ._checkpoint import Checkpoint
from ._data import Collection, Span, collate, training_batches
from ._distributed import Group
from ._inference import mean_score
from ._network import Network
from ._optimizer import Optimizer
from ._progress import Budget, Progress

_WARM_UP_STEPS = 50
# Share of the excerpts whose style is withheld, so that the network also learns to work without a
# style.
_SHARE_WITHOUT_STYLE = 0.1

_MOST_RETRIES = 3
_RATE_OF_A_RETRY = 0.25  # each divergence multiplies the learning rate by this
# A gradient through 128 frames may overflow once in thousands of steps. Such a step is skipped. If
# more than this many steps in a row are skipped, training has diverged.
_MOST_REFUSED = 5
_LOSSES_COMPARED = 20  # number of recent batches whose median loss is watched for divergence


class DivergenceError(ValueError):
    """Error raised when training diverges: values are not finite, or losses are far too high."""


class Trainer:
    """Training loop, which changes a network in place.

    Parameters
    ----------
    network : Network
        Network to train.
    learning_rate : float
        Peak learning rate.
    batch_size : int
        Number of excerpts per step.
    seed : int
        Seed of all random draws in training, such as offsets and order of excerpts, and dropout.
    group : Group
        Processes that train together.
    n_iter_no_change : int, default=1
        Number of epochs without improvement after which early stopping begins, and number of epochs
        that it takes.
    budget : Budget, default=None
        Limits of the training run; None for a constant learning rate after the warm-up.
    checkpoint : Checkpoint, default=None
        File to which `run` writes the state of training about once a minute.
    steps_between_snapshots : int, default=50
        Number of steps between snapshots, to which training returns if it diverges.
    """

    def __init__(
        self,
        network: Network,
        *,
        learning_rate: float,
        batch_size: int,
        seed: int,
        group: Group,
        n_iter_no_change: int = 1,
        budget: Budget | None = None,
        checkpoint: Checkpoint | None = None,
        steps_between_snapshots: int = 50,
    ) -> None:
        self.network = network
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.seed = seed
        self.group = group
        self.n_iter_no_change = n_iter_no_change
        self.budget = budget or Budget(1, None)
        self.checkpoint = checkpoint
        self.steps_between_snapshots = steps_between_snapshots
        self.optimizer = Optimizer(network)
        self.progress = Progress()
        self._decays = budget is not None
        self._rng = np.random.RandomState(0)
        self._generator = torch.Generator(group.device)
        self._snapshot: dict[str, Any] = {}

    def run(
        self,
        training: Collection,
        validation: Collection | None,
        *,
        tol: float,
        verbose: int = 0,
        state: dict[str, Any] | None = None,
        start: dict[str, np.ndarray] | None = None,
        callbacks: EpochCallbacks | None = None,
    ) -> None:
        """Train until the budget is spent or early stopping ends training.

        If the validation score has not improved for `n_iter_no_change` epochs, training returns to
        the best weights, but keeps the moments of the optimizer. The learning rate then decays to
        zero over as many further epochs, and training ends.

        Callbacks can end training earlier. Without `validation`, the last weights count as the
        best. If training diverges, it returns to the last good state and continues with a lower
        learning rate; after three retries, it raises a `DivergenceError`. Ctrl-C ends training with
        a warning and keeps the best weights so far.

        Parameters
        ----------
        training, validation : Collection
            Training and validation pieces.
        tol, verbose
            Parameters of the composer.
        state : dict, default=None
            State from a checkpoint, to resume from.
        start : dict of str to ndarray, default=None
            Current weights of the network, which are kept unless training improves the validation
            score.
        callbacks : EpochCallbacks, default=None
            Called before and after every epoch and at the end, in the first process.
        """
        if state:
            self._snapshot = state
            self._restore(state)
            self.budget.resume(state["elapsed"])
        elif start is not None:
            self.progress.best_score = self._score(validation)
            self.progress.best_weights = start
        try:
            late = self._run_epochs(training, validation, tol, verbose, callbacks)
        except DivergenceError:
            if self.checkpoint:
                self.checkpoint.remove()  # a run resumed from it would diverge again
            raise
        except KeyboardInterrupt:
            self._write_checkpoint(self.best_weights())
            self._warn_of_interruption(self.checkpoint)
        except BaseException:
            self._write_checkpoint()
            raise
        else:
            if self.checkpoint:
                self.checkpoint.remove()
            if late:
                self._warn_of_interruption(None)
        if callbacks:
            callbacks.end(self)
        best = self.best_weights()
        self.progress.best_weights = self.group.share(lambda: best)

    def best_weights(self) -> dict[str, np.ndarray]:
        """Return the weights with the best validation score; without a score, the current ones."""
        return self.progress.best_weights or export_weights(self.network)

    def _run_epochs(
        self,
        training: Collection,
        validation: Collection | None,
        tol: float,
        verbose: int,
        callbacks: EpochCallbacks | None,
    ) -> bool:
        """Train epoch by epoch; return whether Ctrl-C was pressed after the last check for it."""
        bar = progress_bar(
            total=self.budget.max_iter,
            initial=self.progress.n_epochs,
            desc="fit",
            unit="epoch",
            disable=not (verbose and self.group.is_first),
        )
        # Ctrl-C is held back until a step ends. Otherwise, it could leave the step half done, or
        # keep a context manager from restoring a torch setting. Processes that train together
        # all stop after the same step, so that none of them waits for another forever.
        with bar, _interruptions(patient=self.group.size > 1) as interrupted:
            finished = False
            while not finished:
                if callbacks:
                    callbacks.begin_epoch()
                try:
                    loss = self.run_epoch(training, interrupted)
                    score = self._score(validation)
                    self.check_finite(score)
                except DivergenceError as error:
                    self._go_back(error)
                    continue
                self._end_epoch(loss, score, tol)
                bar.set_postfix_str(str(self.progress), refresh=False)
                bar.update(self.progress.n_epochs - bar.n)
                if self.group.is_first:
                    n_epochs, most = self.progress.n_epochs, self.budget.max_iter
                    logger.info("epoch %d of at most %d: %s", n_epochs, most, self.progress)
                finished = (
                    self.group.share(lambda: bool(callbacks and callbacks.end_epoch(self)))
                    or self._final_decay(self.progress.n_epochs) >= 1
                    or self.budget.spent(self.progress.n_epochs) == 1
                )
        return interrupted()

    def run_epoch(
        self, training: Collection, interrupted: Callable[[], bool] = lambda: False
    ) -> float:
        """Train for one epoch, or for the rest of one; return its mean loss in nats per frame.

        The epoch ends early once the budget is spent.
        """
        progress = self.progress
        self._rng.seed([self.seed, progress.n_epochs])
        batches = training_batches(training, self.batch_size, self._rng)
        for number in range(progress.n_batches, len(batches)):
            done = progress.n_epochs + number / len(batches)
            if number > 0 and self.budget.spent(done) == 1:
                break
            stop = interrupted()
            self._keep_state(stop)
            self._step(training, batches[number], done, stop)
        if progress.n_refused == progress.n_batches:
            raise self._diverged("the gradients of all steps have overflowed")
        loss = progress.nats / progress.n_frames
        if progress.excess_loss(loss, self.network.emission.n_features) > 1:
            raise self._diverged(
                f"the loss rose from {progress.untrained_loss:.4g} in the untrained network to "
                f"{loss:.4g}"
            )
        return loss

    def check_finite(self, score: float | None = None) -> None:
        """Raise a `DivergenceError` if weights or a validation score are not finite."""
        if not all(torch.isfinite(weight.detach()).all() for weight in self.optimizer.parameters):
            raise self._diverged("weights are no longer finite")
        if score is not None and not math.isfinite(score):
            raise self._diverged(f"the validation score is {score}")

    def _final_decay(self, n_epochs: float) -> float:
        """Return the share of early stopping that is over after `n_epochs`; 0 before it begins."""
        start = self.progress.decay_start
        return 0.0 if start is None else (n_epochs - start) / self.n_iter_no_change

    @property
    def highest_rate(self) -> float:
        """Peak learning rate, which is reduced after every divergence."""
        return self.learning_rate * _RATE_OF_A_RETRY**self.progress.n_retries

    def _step(
        self, training: Collection, spans: list[Span], done: float, interrupted: bool
    ) -> None:
        """Take a training step on a batch, `done` epochs after the start of training."""
        progress, group = self.progress, self.group
        # Reseeding is faster than making a new random state.
        self._rng.seed([self.seed, progress.n_epochs, progress.n_batches])
        has_style = self._rng.random_sample(len(spans)) >= _SHARE_WITHOUT_STYLE
        self._generator.manual_seed(int(self._rng.randint(2**31)) + group.rank)
        self.optimizer.clear()
        n_frames = sum(span.stop - span.start for span in spans)
        mine = slice(group.rank, None, group.size)
        nats = self._add_gradients(training, spans[mine], has_style[mine], n_frames)
        elapsed = self.budget.clock() if group.is_first else 0.0
        nats, elapsed, n_interrupted = group.sum_gradients(
            self.optimizer.parameters, nats, elapsed, interrupted
        )
        if n_interrupted:
            raise KeyboardInterrupt
        self._watch(nats / n_frames, self.optimizer.clip())
        self.budget.elapsed = elapsed
        self.optimizer.step(self._rate(done), skip=progress.n_refused > 0)
        progress.n_batches += 1
        progress.nats += nats
        progress.n_frames += n_frames

    def _rate(self, done: float) -> float:
        """Return the learning rate `done` epochs after the start of training."""
        rate = self.highest_rate * min(1.0, (self.optimizer.n_steps + 1) / _WARM_UP_STEPS)
        if self._decays:
            rate *= _cosine(self.budget.spent(done)) * _cosine(self._final_decay(done))
        return rate

    def _add_gradients(
        self,
        training: Collection,
        spans: list[Span],
        has_style: np.ndarray,
        n_frames: int,
    ) -> float:
        """Add the gradients of some excerpts of a batch; return their negative log-likelihood."""
        if not spans:
            return 0.0
        batch = collate(spans, training, self.network.emission.origin)
        styles = batch.styles * torch.from_numpy(has_style).to(batch.styles.device)[:, None]
        batch = replace(batch, styles=styles)
        nll, other_loss = self.network.training_loss(batch, self._generator)
        ((other_loss + nll.sum()) / n_frames).backward()
        return nll.sum().item()

    def _score(self, validation: Collection | None) -> float | None:
        """Return `mean_score` of the validation pieces; None if there are none."""
        if validation is None:
            return None
        group = self.group
        if group.size == 1:
            score = mean_score(self.network, validation)
            self.budget.elapsed = self.budget.clock()
            return score
        part = validation.part(group.rank, group.size)
        n_frames = sum(map(len, part.pieces))
        nats = mean_score(self.network, part) * n_frames if n_frames else 0.0
        nats, total, self.budget.elapsed = group.sum(
            nats, n_frames, self.budget.clock() if group.is_first else 0.0
        )
        return nats / total

    def _end_epoch(self, loss: float, score: float | None, tol: float) -> None:
        """Record an epoch, and keep its weights if they are the best so far."""
        progress = replace(
            self.progress,
            loss_curve=[*self.progress.loss_curve, loss],
            n_batches=0,
            n_frames=0,
            nats=0.0,
        )
        if score is not None:
            progress.validation_curve = [*(progress.validation_curve or []), score]
            progress.waited = 0 if progress.improves(score, tol) else progress.waited + 1
            if progress.improves(score):
                progress.best_score, progress.best_weights = score, export_weights(self.network)
            if progress.decay_start is None and progress.waited >= self.n_iter_no_change:
                progress.decay_start = progress.n_epochs
                self.network.load_parameters(progress.best_weights)
        self.progress = progress

    def _keep_state(self, interrupted: bool) -> None:
        """Take a snapshot if one is due or after an interruption; write the checkpoint if due.

        No snapshot is taken if losses are high or the last step was skipped. A single process that
        was interrupted raises KeyboardInterrupt instead of writing.
        """
        due = self.optimizer.n_steps % self.steps_between_snapshots == 0
        if (due or interrupted) and self._decays:
            self.check_finite()
            n_features = self.network.emission.n_features
            sound = self.progress.excess_loss(self.progress.recent_loss, n_features) < 0.5
            if sound and self.progress.n_refused == 0:
                self._snapshot = self._state()
        if interrupted and self.group.size == 1:  # several processes stop together, after a step
            raise KeyboardInterrupt
        if self.checkpoint:
            self.checkpoint.write_if_due({**self._snapshot, "elapsed": self.budget.elapsed})

    def _state(self) -> dict[str, Any]:
        """Return the state of training, from which `run` can resume."""
        return {
            "seed": self.seed,
            "elapsed": self.budget.elapsed,
            "weights": export_weights(self.network),
            "optimizer": self.optimizer.state(),
            "progress": vars(self.progress).copy(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.network.load_weights(state["weights"])
        self.optimizer.resume(state["optimizer"])
        self.progress = Progress(**state["progress"])

    def _write_checkpoint(self, left: dict[str, np.ndarray] | None = None) -> None:
        """Write the last good state, with a checksum of the weights `left` if they are given."""
        if self.checkpoint and self._snapshot:
            self.checkpoint.write({**self._snapshot, "elapsed": self.budget.elapsed}, left)

    def _watch(self, loss: float, norm: float) -> None:
        """Record a step's loss and whether its gradient overflowed; raise if training diverges."""
        progress = self.progress
        progress.n_refused = 0 if math.isfinite(norm) else progress.n_refused + 1
        if not math.isfinite(loss) or progress.n_refused > _MOST_REFUSED:
            raise self._diverged(f"the loss is {loss:.4g} with a gradient of norm {norm:.4g}")
        if progress.untrained_loss is None:
            progress.untrained_loss = loss
        progress.recent_losses = [*progress.recent_losses, loss][-_LOSSES_COMPARED:]
        excess = progress.excess_loss(progress.recent_loss, self.network.emission.n_features)
        if excess > 1 and len(progress.recent_losses) == _LOSSES_COMPARED:
            raise self._diverged(
                f"the loss rose from {progress.untrained_loss:.4g} in the untrained network to "
                f"{loss:.4g}"
            )

    def _go_back(self, error: DivergenceError) -> None:
        """Return to the last good state with a lower learning rate; fail after three retries."""
        n_retries = self.progress.n_retries + 1
        if n_retries > _MOST_RETRIES:
            raise error
        self._restore(self._snapshot)
        self.progress.n_retries = n_retries
        if self.group.is_first:
            warn_user(
                f"{error}; it continues from step {self.optimizer.n_steps} with a learning rate of "
                f"{self.highest_rate:g}",
                ConvergenceWarning,
            )

    def _diverged(self, what: str) -> DivergenceError:
        return DivergenceError(
            f"training diverged: {what} after {self.optimizer.n_steps} steps with a learning rate "
            f"of {self.highest_rate:g}; lower learning_rate (now {self.learning_rate:g}) or look "
            "for outliers in the pieces"
        )

    def _warn_of_interruption(self, checkpoint: Checkpoint | None) -> None:
        if not self.group.is_first:
            return
        n_epochs = self.progress.n_epochs
        kept = "the best weights so far are kept" if n_epochs else "little was learned"
        there = checkpoint is not None and checkpoint.path.exists()
        hint = f"; the next fit resumes from {checkpoint}" if there else ""
        warn_user(
            f"training was interrupted after {n_epochs} of {self.budget.max_iter} epochs; "
            f"{kept}{hint}"
        )


def _cosine(share: float) -> float:
    """Return a factor that falls from 1 to 0 along a cosine as `share` rises from 0 to 1."""
    return 0.5 * (1 + math.cos(math.pi * share))


def export_weights(network: Network) -> dict[str, np.ndarray]:
    """Copy the weights of a network into NumPy arrays."""
    return {name: t.detach().cpu().numpy().copy() for name, t in network.state_dict().items()}


@contextmanager
def _interruptions(patient: bool) -> Iterator[Callable[[], bool]]:
    """Hold Ctrl-C back, and yield a function that returns whether it was pressed.

    Unless `patient`, a second Ctrl-C raises KeyboardInterrupt at once. Handlers that other code has
    set stay in place. Only the main thread receives Ctrl-C.

    Parameters
    ----------
    patient : bool
        Whether to hold back any further Ctrl-C as well. This is needed if several processes train
        together: torchrun passes Ctrl-C on to processes that have already received it from the
        terminal.
    """
    pressed = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed and not patient:
            raise KeyboardInterrupt
        pressed = True

    held = False
    try:
        with suppress(ValueError):  # raised outside the main thread
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                signal.signal(signal.SIGINT, note)
                held = True
        yield lambda: pressed
    finally:
        # A second Ctrl-C that raised here would keep the default handler from being restored.
        patient = True
        if held:
            signal.signal(signal.SIGINT, signal.default_int_handler)
