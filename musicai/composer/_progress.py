"""How far a training run has come, and how far it may go."""

from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import numpy as np

from ._network import Network, export_weights


@dataclass
class Progress:
    """What a training run has seen so far; with weights and optimizer, all it takes to go on.

    Lists are replaced, never changed in place, so that a shallow copy is a record.
    """

    loss_curve: list[float] = field(default_factory=list)
    validation_scores: list[float] | None = None
    best_score: float | None = None
    best_weights: dict[str, np.ndarray] = field(default_factory=dict)
    """Empty until there is a validation score: without one the last weights are the best."""
    waited: int = 0
    """Epochs since the best one."""
    n_batches: int = 0
    """Taken in the current epoch."""
    nats: float = 0.0
    """Loss summed over the frames of these."""
    n_frames: int = 0
    n_retries: int = 0
    """How often training diverged."""
    n_refused: int = 0
    """Steps in succession that were not taken, as their gradients had overflowed."""
    untrained_loss: float | None = None
    recent_losses: list[float] = field(default_factory=list)

    @property
    def n_epochs(self) -> int:
        """Epochs that are complete."""
        return len(self.loss_curve)

    def end_epoch(self, loss: float, score: float | None, network: Network, tol: float) -> None:
        """Take down an epoch, and the weights if they are the best so far."""
        ended: dict[str, Any] = {"n_batches": 0, "n_frames": 0, "nats": 0.0}
        ended["loss_curve"] = [*self.loss_curve, loss]
        if score is not None:
            ended["validation_scores"] = [*(self.validation_scores or []), score]
            ended["waited"] = 0 if self._improves(score, tol) else self.waited + 1
        if score is not None and self._improves(score):
            ended |= {"best_weights": export_weights(network), "best_score": score}
        # In one step, so that no interruption comes between and leaves half of an epoch.
        vars(self).update(ended)

    def _improves(self, score: float, tol: float = 0.0) -> bool:
        return self.best_score is None or score > self.best_score + tol

    def __str__(self) -> str:
        # The training loss with the sign of a score, so that the figures compare.
        shown = f"train {-self.loss_curve[-1]:.2f}"
        if self.validation_scores:
            shown += f", valid {self.validation_scores[-1]:.2f}"
        shown += " nats/frame"
        return f"{shown}, best {self.best_score:.2f}" if self.validation_scores else shown


class Budget:
    """How much training there may be: a number of epochs, and perhaps seconds as well.

    Attributes
    ----------
    elapsed : float
        Seconds as of the last look at the clock. Processes that train together take the seconds
        of the first of them, so that they decide alike.
    """

    def __init__(self, max_iter: int, max_time: float | None) -> None:
        self.max_iter = max_iter
        self.max_time = max_time
        self.go_on_from(0.0)

    def go_on_from(self, elapsed: float) -> None:
        """Count `elapsed` seconds as spent before."""
        self.elapsed = elapsed
        self._started = monotonic() - elapsed

    def clock(self) -> float:
        """Look at the clock."""
        return monotonic() - self._started

    def spent(self, epochs: float) -> float:
        """Tell the share of the budget that is spent after so many epochs, up to 1."""
        share = epochs / self.max_iter
        if self.max_time is not None:
            share = max(share, self.elapsed / self.max_time)
        return min(share, 1.0)
