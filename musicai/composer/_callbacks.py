"""Support for scikit-learn's callbacks, which run before and after a fit and each of its epochs.

Callbacks require scikit-learn 1.9 or newer.
"""

from collections.abc import Callable
from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Empty stand-in for scikit-learn's mixin, for versions before 1.9."""

    def with_callbacks(method: Any) -> Any:
        """Return the method unchanged."""
        return method


__all__ = ["CallbackSupportMixin", "EpochCallbacks", "on_epoch", "train_with_callbacks"]


def on_epoch(function: Callable[[Any], object]) -> Any:
    """Return a scikit-learn callback that calls a function after every epoch of a fit.

    Use it to plot curves during training, to stop training by a custom rule, or to prune trials of
    a parameter search. It requires scikit-learn 1.9 or newer.

    Parameters
    ----------
    function : callable
        Function to call after every epoch. Its argument is the composer, fitted as if training had
        ended with that epoch: `weights_` are the best weights so far, and `loss_curve_`,
        `validation_curve_` and `n_iter_` cover the epochs so far. If the function returns True,
        training stops, and the best weights are kept. `fit` raises any error that the function
        raises.

    Returns
    -------
    callback : object
        Argument for ``composer.set_callbacks(callback)``.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import LSTMComposer
    >>> from musicai.composer import on_epoch
    >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
    >>> composer = LSTMComposer(hidden_size=16, max_iter=9, random_state=0)
    >>> if hasattr(composer, "set_callbacks"):
    ...     composer = composer.set_callbacks(on_epoch(lambda so_far: so_far.n_iter_ == 2))
    ...     assert composer.fit([scale] * 8).n_iter_ == 2
    """
    return _OnEpoch(function)


on_epoch.__module__ = "musicai.composer"


class _OnEpoch:
    def __init__(self, function: Callable[[Any], object]) -> None:
        self.function = function

    def setup(self, estimator: Any, context: Any) -> None: ...

    def teardown(self, estimator: Any, context: Any) -> None: ...

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None: ...

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any) -> bool:
        return context.task_name == "epoch" and bool(self.function(fitted_estimator))


class EpochCallbacks:
    """Notifier that calls callbacks before and after a fit and each of its epochs.

    Parameters
    ----------
    estimator : LSTMComposer
        Estimator that has the callbacks.
    X, y : object
        Training pieces and labels that were passed to `fit`.
    known : dict
        Fitted attributes that are final before training begins, by name.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, known: dict[str, Any]) -> None:
        self._arguments = {"estimator": estimator, "X": X, "y": y}
        self._known = known
        self._root = estimator._init_callback_context(max_subtasks=estimator.max_iter)
        self._root.call_on_fit_task_begin(**self._arguments)
        self._task: Any = None

    def begin_epoch(self) -> None:
        """Notify callbacks that an epoch begins; do nothing if a diverged epoch is repeated."""
        if self._task is None:
            self._task = self._root.subcontext(task_name="epoch")
            self._task.call_on_fit_task_begin(**self._arguments)

    def end_epoch(self, trainer: Any) -> bool:
        """Notify callbacks that the epoch has ended; return whether any of them requests a stop."""
        task, self._task = self._task, None
        return self._end(task, trainer)

    def end(self, trainer: Any) -> None:
        """Notify callbacks that the fit has ended."""
        self._end(self._root, trainer)

    def _end(self, task: Any, trainer: Any) -> bool:
        def fitted() -> dict[str, Any]:
            """Return the composer's fitted attributes as if training ended here."""
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
    """Call `train` with the composer's callbacks, which are torn down even if training fails."""
    with_callbacks(lambda self: train(callbacks=EpochCallbacks(self, X, y, known)))(composer)
