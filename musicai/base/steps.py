"""Estimators that hold others: a pipeline, and a search for the best parameters."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def last_step(estimator: Any) -> "tuple[Pipeline | None, Any]":
    """Return what an estimator ends in, behind the steps before it, if there are any.

    Of a fitted search it is the best estimator that is asked.
    """
    # Here, as pipelines import much that nobody else needs; whoever has one has imported it.
    from sklearn.pipeline import Pipeline

    estimator = getattr(estimator, "best_estimator_", estimator)
    if not isinstance(estimator, Pipeline):
        return None, estimator
    return (estimator[:-1] if len(estimator) > 1 else None), estimator[-1]
