"""scikit-learn's callbacks around every epoch of a fit; scikit-learn has them from 1.9 on."""

from collections.abc import Callable
from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """No support of callbacks."""

    def with_callbacks(method: Any) -> Any:
        """Return the method as it is."""
        return method


__all__ = ["CallbackSupportMixin", "EpochCallbacks", "train_with_callbacks"]


class EpochCallbacks:
    """Calls the callbacks of an estimator at the beginning and end of its fit and of every epoch.

    Parameters
    ----------
    estimator : LSTMComposer
        The estimator.
    X, y : object
        The arguments of its `fit`.
    known : dict
        Fitted attributes that training does not change.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, known: dict[str, Any]) -> None:
        self._arguments = {"estimator": estimator, "X": X, "y": y}
        self._known = known
        self._root = estimator._init_callback_context(max_subtasks=estimator.max_iter)
        self._root.call_on_fit_task_begin(**self._arguments)
        self._task: Any = None

    def begin_epoch(self) -> None:
        """Begin an epoch, unless the last one was taken back because training diverged."""
        if self._task is None:
            self._task = self._root.subcontext(task_name="epoch")
            self._task.call_on_fit_task_begin(**self._arguments)

    def end_epoch(self, trainer: Any) -> bool:
        """End an epoch; return whether a callback asks to stop."""
        task, self._task = self._task, None
        return self._end(task, trainer)

    def end(self, trainer: Any) -> None:
        """End the fit."""
        self._end(self._root, trainer)

    def _end(self, task: Any, trainer: Any) -> bool:
        def fitted() -> dict[str, Any]:
            """Return the attributes of the composer as if training ended here."""
            progress = trainer.progress
            return {
                **self._known,
                "weights_": trainer.best_weights(),
                "loss_curve_": progress.loss_curve,
                "n_iter_": progress.n_epochs,
                "validation_curve_": progress.validation_curve,
                "best_validation_score_": progress.best_score,
            }

        return bool(task.call_on_fit_task_end(**self._arguments, reconstruction_attributes=fitted))


def train_with_callbacks(
    train: Callable[..., None], composer: Any, X: Any, y: Any, known: dict[str, Any]
) -> None:
    """Call `train` with the callbacks of a composer, and tear them down, whatever happens."""
    with_callbacks(lambda self: train(callbacks=EpochCallbacks(self, X, y, known)))(composer)
