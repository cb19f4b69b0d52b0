"""The history of a training run, and its budget of epochs and seconds."""

import math
from dataclasses import dataclass, field
from statistics import median
from time import monotonic

import numpy as np

# Training has diverged if the loss per value exceeds that of the untrained network by this many
# nats: values have become 100 times less likely. The untrained network has a loss for any data.
_EXPLODED = math.log(100)


@dataclass
class Progress:
    """The history of a training run, which is saved with weights and optimizer to resume from.

    Lists are replaced, never changed in place, so that a shallow copy is a snapshot.
    """

    loss_curve: list[float] = field(default_factory=list)
    validation_curve: list[float] | None = None
    best_score: float | None = None
    best_weights: dict[str, np.ndarray] = field(default_factory=dict)
    """Empty before the first validation score; without one the last weights are the best."""
    waited: int = 0
    """Epochs since the best one."""
    n_batches: int = 0
    """Batches taken in the current epoch."""
    nats: float = 0.0
    """Loss summed over the frames of these batches."""
    n_frames: int = 0
    n_retries: int = 0
    """How often training has diverged."""
    n_refused: int = 0
    """Successive steps skipped because their gradients had overflowed."""
    untrained_loss: float | None = None
    recent_losses: list[float] = field(default_factory=list)

    @property
    def n_epochs(self) -> int:
        """Number of complete epochs, passes over the training pieces."""
        return len(self.loss_curve)

    def improves(self, score: float, tol: float = 0.0) -> bool:
        """Return whether a validation score is better than the best so far by more than `tol`."""
        return self.best_score is None or score > self.best_score + tol

    def excess_loss(self, loss: float, n_features: int) -> float:
        """Return the excess over the untrained network's loss; above 1, training has diverged."""
        if self.untrained_loss is None:
            return 0.0
        return (loss - self.untrained_loss) / (_EXPLODED * n_features)

    @property
    def recent_loss(self) -> float:
        """Median loss of the last batches, or the untrained network's loss before the first."""
        return median(self.recent_losses or [self.untrained_loss or 0.0])

    def __str__(self) -> str:
        # Show the training loss with the sign of a score, so that the figures can be compared.
        shown = f"train {-self.loss_curve[-1]:.2f}"
        if self.validation_curve:
            shown += f", valid {self.validation_curve[-1]:.2f}, best {self.best_score:.2f}"
        return f"{shown} nats/frame, higher is better"


class Budget:
    """Limit of a training run: a number of epochs, and optionally a number of seconds.

    Attributes
    ----------
    elapsed : float
        Seconds of training, as of the last reading of the clock. Processes that train together use
        the seconds of the first process, so that all decide alike.
    """

    def __init__(self, max_iter: int, max_time: float | None) -> None:
        self.max_iter = max_iter
        self.max_time = max_time
        self.resume(0.0)

    def resume(self, elapsed: float) -> None:
        """Count `elapsed` seconds as already spent."""
        self.elapsed = elapsed
        self._started = monotonic() - elapsed

    def clock(self) -> float:
        """Return the seconds spent so far."""
        return monotonic() - self._started

    def spent(self, n_epochs: float) -> float:
        """Return the share of the budget spent after `n_epochs`, at most 1."""
        share = n_epochs / self.max_iter
        if self.max_time is not None:
            share = max(share, self.elapsed / self.max_time)
        return min(share, 1.0)
