"""The training loop: likelihood, one pass after another, the best weights kept.

AdamW with warm-up and a cosine decay to zero over the whole budget, gradients clipped, excerpts of
128 frames from random offsets in small batches: small batches matter most.
"""

import math
import warnings
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ._batches import Batch, Collection, collate, training_batches
from ._inference import mean_score
from ._network import Network, export_weights
from ._transposition import transpose_at_random

_WARM_UP_STEPS = 50
_LARGEST_GRADIENT_NORM = 1.0
# Excerpts whose style is not told, so that the composer also knows music of no stated style.
_UNTOLD_STYLES = 0.1


@dataclass
class History:
    """What a training run leaves behind; without validation there are no scores."""

    loss_curve: list[float] = field(default_factory=list)
    validation_scores: list[float] | None = None
    best_score: float | None = None
    best_weights: dict[str, np.ndarray] = field(default_factory=dict)

    def improves(self, score: float | None, tol: float = 0.0) -> bool:
        """Tell whether an epoch is better than all before; without validation each one is."""
        return score is None or self.best_score is None or score > self.best_score + tol

    def add(self, loss: float, score: float | None, network: Network) -> None:
        """Take down an epoch, and the weights if they are the best so far."""
        if self.improves(score):
            self.best_weights = export_weights(network)
            self.best_score = score
        if score is not None:
            self.validation_scores = [*(self.validation_scores or []), score]
        self.loss_curve.append(loss)

    def __str__(self) -> str:
        shown = f"loss={self.loss_curve[-1]:.3f}"
        if self.validation_scores:
            shown += f", validation={self.validation_scores[-1]:.3f}, best={self.best_score:.3f}"
        return shown


class Budget:
    """How much training there may be: a number of epochs, and perhaps seconds as well."""

    def __init__(self, max_iter: int, max_time: float | None) -> None:
        self.max_iter = max_iter
        self.max_time = max_time
        self.started = monotonic()

    def spent(self, epochs: float) -> float:
        """Tell the share of the budget that is spent after so many epochs, up to 1."""
        share = epochs / self.max_iter
        if self.max_time is not None:
            share = max(share, (monotonic() - self.started) / self.max_time)
        return min(share, 1.0)


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
    transpose : bool
        Whether to move every excerpt by a random interval.
    rng : RandomState
        Source of offsets, order, intervals, dropout and untold styles.
    """

    def __init__(
        self,
        network: Network,
        *,
        learning_rate: float,
        batch_size: int,
        transpose: bool,
        rng: np.random.RandomState,
    ) -> None:
        self.network = network
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.rng = rng
        self.move = partial(transpose_at_random, rng=rng) if transpose else None
        self.device = next(network.parameters()).device
        self.generator = torch.Generator(self.device).manual_seed(int(rng.randint(2**31)))
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=learning_rate, betas=(0.9, 0.99), fused=True
        )
        self.n_steps = 0

    def run(
        self,
        training: Collection,
        validation: Collection | None,
        *,
        budget: Budget,
        n_iter_no_change: int,
        tol: float,
        verbose: int,
    ) -> History:
        """Train until the budget is spent or the validation score no longer rises.

        Without `validation` the last weights count as the best. An interruption from the keyboard
        ends training with a warning; the best weights so far are kept.
        """
        history = History()
        waited = 0
        bar = tqdm(total=budget.max_iter, desc="fit", unit="epoch", disable=not verbose)
        try:
            for epoch in range(budget.max_iter):
                loss = self.run_epoch(training, budget, epoch)
                score = mean_score(self.network, validation) if validation else None
                self.check_finite(score)
                waited = 0 if history.improves(score, tol) else waited + 1
                history.add(loss, score, self.network)
                bar.set_postfix_str(str(history), refresh=False)
                bar.update()
                if waited >= n_iter_no_change or budget.spent(epoch + 1) == 1:
                    break
        except KeyboardInterrupt:
            n_epochs = len(history.loss_curve)
            kept = "the best weights so far are kept" if n_epochs else "little was learned"
            warnings.warn(
                f"training was interrupted after {n_epochs} of {budget.max_iter} epochs; {kept}",
                stacklevel=3,
            )
        finally:
            bar.close()
        if not history.best_weights:
            history.best_weights = export_weights(self.network)
        return history

    def run_epoch(
        self, training: Collection, budget: Budget | None = None, epoch: int = 0
    ) -> float:
        """Take one pass over `training` and return its mean loss per frame.

        The learning rate decays with the share of `budget` that is spent, and the pass ends
        early where nothing is left of it; without a budget the rate is constant.
        """
        batches = list(training_batches(training.pieces, self.batch_size, self.rng))
        total = n_frames = 0.0
        for i, spans in enumerate(batches):
            spent = budget.spent(epoch + i / len(batches)) if budget else 0.0
            if spent == 1 and i > 0:
                break
            origin = self.network.emission.origin
            batch = collate(spans, training.pieces, training.styles, origin, self.move)
            loss, n = self._step(batch, spent)
            total += loss * n
            n_frames += n
        return total / n_frames

    def check_finite(self, score: float | None = None) -> None:
        """Raise if weights or a validation score are not finite."""
        weights = (parameter.detach() for parameter in self.network.parameters())
        if not all(torch.isfinite(weight).all() for weight in weights):
            raise ValueError(_diverged("weights are no longer finite", self))
        if score is not None and not math.isfinite(score):
            raise ValueError(_diverged(f"the validation score is {score}", self))

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

    def _step(self, batch: Batch, spent: float) -> tuple[float, int]:
        warm_up = min(1.0, (self.n_steps + 1) / _WARM_UP_STEPS)
        decay = 0.5 * (1 + math.cos(math.pi * spent))
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate * warm_up * decay
        log_prob, mean_loss = self._losses(batch)
        loss = mean_loss.mean() - log_prob.mean()
        if not torch.isfinite(loss):
            raise ValueError(_diverged(f"the loss is {loss.item()}", self))
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT_NORM)
        self.optimizer.step()
        self.n_steps += 1
        return -log_prob.mean().item(), len(log_prob)

    def _losses(self, batch: Batch) -> tuple[Tensor, Tensor]:
        told = torch.from_numpy(self.rng.random_sample(len(batch.styles)) >= _UNTOLD_STYLES)
        styles = batch.styles * told.to(self.device)[:, None]
        frames, previous = batch.frames[batch.mask], batch.previous[batch.mask]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=_has_bfloat16(self.device)):
            context, _ = self.network(batch.previous, batch.start, styles)
            context = self.network.drop(context[batch.mask], self.generator)
            emission = self.network.emission
            return (
                emission.log_prob(frames, context, previous),
                emission.mean_loss(frames, context, previous),
            )


def _diverged(what: str, trainer: Trainer) -> str:
    return (
        f"training diverged: {what} after {trainer.n_steps} steps; lower learning_rate (now "
        f"{trainer.learning_rate}) or look for outliers in the pieces"
    )


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # Without these instructions bfloat16 is emulated, and slower than float32.
    has_avx512 = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return device.type == "cpu" and has_avx512()
