"""What estimators that take files share."""

from typing import Any, Self

from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from .parameters import VERBOSE_RULE, Rule, is_integer, is_one_of
from .persistence import Persistent

_ERRORS = ("raise", "warn")
FILE_RULES: dict[str, Rule] = {
    "n_jobs": (lambda v: v is None or (is_integer(v) and v != 0), "an integer but 0, or None"),
    "on_error": (lambda v: is_one_of(v, _ERRORS), f"one of {_ERRORS}"),
    "verbose": VERBOSE_RULE,
}
"""Rules of the parameters that every :class:`FileTransformer` has."""


class FileInput:
    """What estimators are whose input is a list of files and whose output is no table."""

    def set_output(self, *, transform: str | None = None) -> Self:
        """Accept any setting and go on returning lists, which cannot become data frames.

        Parameters
        ----------
        transform : str, default=None
            Ignored; it is here so that a pipeline can be configured.

        Returns
        -------
        self : object
            The estimator itself.
        """
        return self

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        return tags


class FileTransformer(Persistent, FileInput, TransformerMixin, BaseEstimator):
    """A transformer from a list of files to a list of pieces, which learns nothing."""

    def __init_subclass__(cls, **options: Any) -> None:
        # A list cannot become a data frame.
        super().__init_subclass__(auto_wrap_output_keys=None, **options)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags
