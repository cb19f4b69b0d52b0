"""Access to estimators within pipelines and parameter searches."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def last_step(estimator: Any) -> "tuple[Pipeline | None, Any]":
    """Split a pipeline into its earlier steps, as a pipeline, and its last step.

    A fitted parameter search is replaced by its best estimator. The first value is None if there
    are no earlier steps, or if the estimator is not a pipeline.
    """
    # Imported late, because sklearn.pipeline loads slowly and only users of pipelines need it.
    from sklearn.pipeline import Pipeline

    estimator = getattr(estimator, "best_estimator_", estimator)
    if not isinstance(estimator, Pipeline):
        return None, estimator
    return (estimator[:-1] if len(estimator) > 1 else None), estimator[-1]
