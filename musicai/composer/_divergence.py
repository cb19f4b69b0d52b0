"""When training has left all sense, told by its losses, and what is merely one bad step."""

import math
from statistics import median

from ._progress import Progress

# A gradient through 128 frames may overflow once in thousands of steps, and the next one is sound:
# such a step is left out. Several in succession are no accident.
_MOST_REFUSED = 5
# Training has diverged where each value is this much less likely than before the first step. The
# untrained network is a yardstick that every emission and every data set has, and a median of
# many batches does not mind an outlier in one; what is merely slow or noisy stays far below.
_EXPLODED = math.log(100)
_LOSSES_COMPARED = 20


class DivergenceError(ValueError):
    """Training has left all sense."""


def watch(progress: Progress, loss: float, norm: float, n_features: int) -> None:
    """Take down the loss of a step and the norm of its gradient; raise where they go wrong.

    Losses that are not finite, gradients that keep overflowing and losses that have exploded do.
    """
    progress.n_refused = 0 if math.isfinite(norm) else progress.n_refused + 1
    if not math.isfinite(loss) or progress.n_refused > _MOST_REFUSED:
        raise DivergenceError(f"the loss is {loss:.4g}, the norm of its gradient {norm:.4g}")
    if progress.untrained_loss is None:
        progress.untrained_loss = loss
    progress.recent_losses = [*progress.recent_losses, loss][-_LOSSES_COMPARED:]
    if _excess(progress, n_features) > 1 and len(progress.recent_losses) == _LOSSES_COMPARED:
        raise DivergenceError(
            f"the loss is {loss:.4g}, that of the untrained network was "
            f"{progress.untrained_loss:.4g}"
        )


def is_sound(progress: Progress, n_features: int) -> bool:
    """Tell whether losses are those of a state to come back to."""
    return _excess(progress, n_features) < 0.5 and progress.n_refused == 0


def _excess(progress: Progress, n_features: int) -> float:
    """How far losses are above that of the untrained network; above 1 they have exploded."""
    if progress.untrained_loss is None or not progress.recent_losses:
        return 0.0
    rise = median(progress.recent_losses) - progress.untrained_loss
    return rise / (_EXPLODED * n_features)
