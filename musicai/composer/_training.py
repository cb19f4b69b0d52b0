"""The training loop: likelihood, one pass after another, the best weights kept.

AdamW with warm-up and a cosine decay to zero over the whole budget, gradients clipped, excerpts of
128 frames from random offsets in small batches: small batches matter most.

All that is random follows from the seed, the epoch and the number of the batch in it, so a state
of training holds no random states, and a run that goes on from one takes the very same steps.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor
from tqdm.auto import tqdm

from ._batches import Batch, Collection, Span, collate, training_batches
from ._characters import tell_characters, told_or_not
from ._checkpoint import Checkpoint
from ._distributed import Group, interruptions
from ._inference import mean_score
from ._network import Network, export_weights
from ._own_frames import hear_own_frames
from ._progress import Budget, Progress

_WARM_UP_STEPS = 50
_LARGEST_GRADIENT_NORM = 1.0
# Share of the excerpts whose style is not told, so that the composer also knows music of no stated
# style.
_UNTOLD_STYLES = 0.1
# A copy of a state costs about as much as a tenth of a step.
_STEPS_BETWEEN_SNAPSHOTS = 50

# A gradient through 128 frames may overflow once in thousands of steps, and the next one is sound:
# such a step is left out. Several in succession are no accident.
_MOST_REFUSED = 5

_MOST_RETRIES = 3
_RATE_OF_A_RETRY = 0.25
# Training has diverged where each value is this much less likely than before the first step. The
# untrained network is a yardstick that every emission and every data set has, and a median of
# many batches does not mind an outlier in one; what is merely slow or noisy stays far below.
_EXPLODED = math.log(100)
_LOSSES_COMPARED = 20


class DivergenceError(ValueError):
    """Training has left all sense."""


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
        self.device = next(network.parameters()).device
        self.group = group or Group(self.device)
        self.parameters = list(network.parameters())
        self.rng = np.random.RandomState(0)
        self.generator = torch.Generator(self.device)
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=learning_rate, betas=(0.9, 0.99), fused=True
        )
        self.n_steps = 0
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

        def keep() -> None:
            if self.n_steps % _STEPS_BETWEEN_SNAPSHOTS == 0 and self._is_sound():
                self._snapshot = self._state(budget)
            if checkpoint is not None:
                checkpoint.write_if_due({**self._snapshot, "elapsed": budget.elapsed})

        bar = tqdm(
            total=budget.max_iter,
            initial=self.progress.n_epochs,
            desc="fit",
            unit="epoch",
            disable=not (verbose and self.group.is_first),
        )
        try:
            with bar, interruptions(self.group) as interrupted:
                finished = False
                while not finished:
                    try:
                        loss = self.run_epoch(training, budget, keep, interrupted)
                        score = self._score(validation, budget)
                        self.check_finite(score)
                    except DivergenceError as error:
                        self._go_back(error)
                        continue
                    progress = self.progress
                    progress.end_epoch(loss, score, self.network, tol)
                    bar.set_postfix_str(str(progress), refresh=False)
                    bar.update(progress.n_epochs - bar.n)
                    waited_enough = progress.waited >= n_iter_no_change
                    finished = waited_enough or budget.spent(progress.n_epochs) == 1
        except DivergenceError:
            if checkpoint is not None:
                checkpoint.remove()  # whoever went on from it would diverge again
            raise
        except BaseException as error:
            if checkpoint is not None:
                checkpoint.write({**self._snapshot, "elapsed": budget.elapsed})
            if not isinstance(error, KeyboardInterrupt):
                raise
            self._warn_of_interruption(budget, checkpoint)
        else:
            if checkpoint is not None:
                checkpoint.remove()
        best = self.progress.best_weights or export_weights(self.network)
        self.progress.best_weights = self.group.share(lambda: best)
        return self.progress

    def run_epoch(
        self,
        training: Collection,
        budget: Budget | None = None,
        before_step: Callable[[], None] = lambda: None,
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
            before_step()
            self._step(batches[number], training, budget, share, interrupted())
        if progress.n_refused == progress.n_batches:
            raise self._diverged("the gradients of all steps have overflowed")
        return progress.nats / progress.n_frames

    def check_finite(self, score: float | None = None) -> None:
        """Raise if weights or a validation score are not finite."""
        if not all(torch.isfinite(weight.detach()).all() for weight in self.parameters):
            raise self._diverged("weights are no longer finite")
        if score is not None and not math.isfinite(score):
            raise self._diverged(f"the validation score is {score}")

    def state(self) -> dict[str, Any]:
        """Return what the optimizer remembers, as NumPy arrays."""
        memory = self.optimizer.state_dict()["state"]
        moments = {
            f"{number}.{name}": value.cpu().numpy().copy()
            for number, values in memory.items()
            for name, value in values.items()
        }
        return {"n_steps": self.n_steps, "moments": moments}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.n_steps = state["n_steps"]
        memory: dict[int, dict[str, Tensor]] = {}
        for key, array in state["moments"].items():
            number, name = key.split(".")
            memory.setdefault(int(number), {})[name] = torch.from_numpy(array.copy())
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": memory})

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
            "optimizer": self.state(),
            "progress": vars(self.progress).copy(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        weights = {name: torch.from_numpy(array) for name, array in state["weights"].items()}
        self.network.load_state_dict(weights)
        self.resume(state["optimizer"])
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
        self.optimizer.zero_grad()
        n_frames = sum(map(len, spans))
        nats = self._backward(group.part(spans), group.part(told.tolist()), training, n_frames)
        elapsed = budget.clock() if budget and group.is_first else 0.0
        nats, elapsed, n_interrupted = group.sum_gradients(
            self.parameters, nats, elapsed, interrupted
        )
        if n_interrupted:
            raise KeyboardInterrupt
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, _LARGEST_GRADIENT_NORM)
        sound = math.isfinite(norm.item())
        progress.n_refused = 0 if sound else progress.n_refused + 1
        self._check_loss(nats / n_frames, norm.item())
        spent = 0.0
        if budget:
            budget.elapsed = elapsed
            spent = budget.spent(progress.n_epochs + share)
        warm_up = min(1.0, (self.n_steps + 1) / _WARM_UP_STEPS)
        decay = 0.5 * (1 + math.cos(math.pi * spent))
        for options in self.optimizer.param_groups:
            options["lr"] = self.highest_rate * warm_up * decay
        if sound:
            self.optimizer.step()
        self.n_steps += 1
        progress.n_batches += 1
        progress.nats += nats
        progress.n_frames += n_frames

    def _backward(
        self, spans: Sequence[Span], told: Sequence[bool], training: Collection, n_frames: int
    ) -> float:
        """Add the gradients of this process's share of a batch of `n_frames`; return its loss."""
        if not spans:
            return 0.0
        batch = collate(spans, training.pieces, training.styles, self.network.emission.origin)
        characters = None
        if training.characters is not None:
            lengths = [len(training.pieces[span.piece]) for span in spans]
            rows = tell_characters(spans, lengths, training.characters)
            characters = torch.from_numpy(rows).to(self.device)
        log_prob, mean_loss = self._losses(batch, told, characters)
        loss = (mean_loss - log_prob).sum() / n_frames
        loss.backward()
        return -log_prob.sum().item()

    def _losses(
        self, batch: Batch, told: Sequence[bool], characters: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        network, generator = self.network, self.generator
        styles = batch.styles * torch.tensor(told, device=self.device)[:, None]
        heard, drawn = batch.previous, None
        if characters is not None:
            characters = told_or_not(characters, generator)
            # A block of its own: older versions of torch would keep the weights that it casts
            # without gradients for the block below.
            with self._autocast():
                heard, drawn = hear_own_frames(network, batch, styles, characters, generator)
        with self._autocast():
            context, _ = network(
                heard, batch.start, styles, batch.keys, drawn=drawn, characters=characters
            )
            frames, previous = batch.frames[batch.mask], heard[batch.mask]
            context = network.drop(context[batch.mask], generator)
            return (
                network.emission.log_prob(frames, context, previous),
                network.emission.mean_loss(frames, context, previous),
            )

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=_has_bfloat16(self.device))

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
        """Raise if a loss is not finite, gradients keep overflowing, or losses have exploded."""
        if not math.isfinite(loss) or self.progress.n_refused > _MOST_REFUSED:
            raise self._diverged(f"the loss is {loss:.4g}, the norm of its gradient {norm:.4g}")
        progress = self.progress
        if progress.untrained_loss is None:
            progress.untrained_loss = loss
        progress.recent_losses = [*progress.recent_losses, loss][-_LOSSES_COMPARED:]
        if self._excess() > 1 and len(progress.recent_losses) == _LOSSES_COMPARED:
            raise self._diverged(
                f"the loss is {loss:.4g}, that of the untrained network was "
                f"{progress.untrained_loss:.4g}"
            )

    def _excess(self) -> float:
        """How far losses are above that of the untrained network; above 1 they have exploded."""
        progress = self.progress
        if progress.untrained_loss is None or not progress.recent_losses:
            return 0.0
        rise = median(progress.recent_losses) - progress.untrained_loss
        return rise / (_EXPLODED * self.network.emission.n_features)

    def _is_sound(self) -> bool:
        """Tell whether this is a state to come back to."""
        self.check_finite()
        return self._excess() < 0.5 and self.progress.n_refused == 0

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
                stacklevel=4,
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
        hint = f"; fit again goes on from {checkpoint}" if checkpoint is not None else ""
        warnings.warn(
            f"training was interrupted after {n_epochs} of {budget.max_iter} epochs; {kept}{hint}",
            stacklevel=4,
        )


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # Without these instructions bfloat16 is emulated, and slower than float32.
    has_avx512 = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return device.type == "cpu" and has_avx512()
