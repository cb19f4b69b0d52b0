"""A fit that fails, or is interrupted, leaves an estimator as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def unchanged_on_error(estimator: Any) -> Iterator[None]:
    """Take back all changes of attributes when something goes wrong."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        # In one step, so that no second interruption comes between.
        estimator.__dict__ = before
        raise
