"""History of a training run, and its budget of epochs and seconds."""

import math
from dataclasses import dataclass, field
from statistics import median
from time import monotonic

import numpy as np

# Training has diverged if the loss is more than this many nats per feature above the loss of the
# untrained network: a typical value has become more than 100 times less likely. Because the limit
# is relative, it suits any data.
_EXPLODED = math.log(100)


@dataclass
class Progress:
    """History of a training run, saved in checkpoints with the weights and the optimizer's state.

    Lists are replaced, never changed in place, so that a shallow copy is a snapshot.
    """

    loss_curve: list[float] = field(default_factory=list)
    validation_curve: list[float] | None = None
    best_score: float | None = None
    best_weights: dict[str, np.ndarray] = field(default_factory=dict)
    """Empty without a validation score; the current weights then count as the best."""
    waited: int = 0
    """Number of epochs since the validation score last improved by more than `tol`."""
    decay_start: int | None = None
    """Number of complete epochs when training returned to the best weights; None before that.

    The learning rate then decays to zero within `n_iter_no_change` epochs.
    """
    n_batches: int = 0
    """Number of batches processed in the current epoch."""
    nats: float = 0.0
    """Loss summed over all frames processed in the current epoch, in nats."""
    n_frames: int = 0
    """Number of frames processed in the current epoch."""
    n_retries: int = 0
    """Number of times that training has diverged."""
    n_refused: int = 0
    """Number of consecutive steps, up to the last one, that were skipped because of overflow."""
    untrained_loss: float | None = None
    """Loss of the untrained network on the first batch, in nats per frame."""
    recent_losses: list[float] = field(default_factory=list)
    """Losses of the last batches, in nats per frame."""

    @property
    def n_epochs(self) -> int:
        """Number of complete epochs. An epoch is one pass over the training pieces."""
        return len(self.loss_curve)

    def improves(self, score: float, tol: float = 0.0) -> bool:
        """Return whether a validation score is the first, or beats the best by more than `tol`."""
        return self.best_score is None or score > self.best_score + tol

    def excess_loss(self, loss: float, n_features: int) -> float:
        """Return how far `loss` exceeds the loss of the untrained network, relative to the limit.

        A result above 1 means that training has diverged. Both losses are in nats per frame.
        """
        if self.untrained_loss is None:
            return 0.0
        return (loss - self.untrained_loss) / (_EXPLODED * n_features)

    @property
    def recent_loss(self) -> float:
        """Median loss of the last batches, in nats per frame.

        Before the first batch, it is `untrained_loss`, or 0 if that is unknown.
        """
        return median(self.recent_losses or [self.untrained_loss or 0.0])

    def __str__(self) -> str:
        # Show the training loss with its sign reversed, so that it can be compared with scores.
        shown = f"train {-self.loss_curve[-1]:.2f}"
        if self.validation_curve:
            shown += f", valid {self.validation_curve[-1]:.2f}, best {self.best_score:.2f}"
        return f"{shown} nats/frame, higher is better"


class Budget:
    """Limit on the epochs of a training run and, optionally, on its seconds.

    Attributes
    ----------
    elapsed : float
        Seconds of training when the clock was last read. Processes that train together use the time
        of the first process, so that all of them make the same decisions.
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
        """Return the share of the budget that is spent after `n_epochs`, in [0, 1]."""
        share = n_epochs / self.max_iter
        if self.max_time is not None:
            share = max(share, self.elapsed / self.max_time)
        return min(share, 1.0)
