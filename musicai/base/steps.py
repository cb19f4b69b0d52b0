"""Access to estimators within pipelines and parameter searches."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def last_step(estimator: Any) -> "tuple[Pipeline | None, Any]":
    """Return the earlier steps of a pipeline as a pipeline, and its last step.

    For a fitted parameter search, these are the steps of its best estimator. If there are no
    earlier steps, the first value is None.
    """
    # Imported late, because sklearn.pipeline loads slowly, and only users of pipelines need it.
    from sklearn.pipeline import Pipeline

    estimator = getattr(estimator, "best_estimator_", estimator)
    if not isinstance(estimator, Pipeline):
        return None, estimator
    return (estimator[:-1] if len(estimator) > 1 else None), estimator[-1]
