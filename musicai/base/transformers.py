"""Base classes of estimators that read files."""

from typing import Any, Self

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from .parameters import VERBOSE_RULE, Rule, check_values, is_integer, is_one_of
from .persistence import Persistent

_ERRORS = ("raise", "warn")
FILE_RULES: dict[str, Rule] = {
    "n_jobs": (lambda v: v is None or (is_integer(v) and v != 0), "a nonzero integer, or None"),
    "on_error": (lambda v: is_one_of(v, _ERRORS), f"one of {_ERRORS}"),
    "verbose": VERBOSE_RULE,
}
"""Rules for the parameters that every :class:`FileTransformer` has."""

CONTAINER_RULE: Rule = (
    lambda v: is_one_of(v, ("default", "pandas")),
    "'default' for a list of arrays or 'pandas' for a list of data frames",
)


DEFAULT_RULE: Rule = (
    lambda v: is_one_of(v, ("default",)),
    "'default', because the output is not a table",
)


class FileInput:
    """Mixin for estimators whose input is a list of files and whose output is not a table."""

    def set_output(self, *, transform: str | None = None) -> Self:
        """Accept the default output; no other output is supported.

        Parameters
        ----------
        transform : {"default"}, default=None
            None does not change the setting.

        Returns
        -------
        self : object
            The estimator itself.

        Raises
        ------
        ValueError
            If `transform` is any other value, such as "pandas".
        """
        if transform is not None:
            check_values({"transform": transform}, {"transform": DEFAULT_RULE})
        return self

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        return tags


class FileTransformer(Persistent, FileInput, TransformerMixin, BaseEstimator):
    """Stateless transformer from a list of files to a list of pieces."""

    def __init_subclass__(cls, **options: Any) -> None:
        # scikit-learn's wrapper would convert the whole list to a single data frame.
        super().__init_subclass__(auto_wrap_output_keys=None, **options)

    def fit_transform(self, X: Any, y: Any = None) -> list[Any]:
        """Return the result of `transform`; there is nothing to fit.

        Parameters
        ----------
        X : list of files
            Files as for `transform`.
        y : object, default=None
            Ignored.

        Returns
        -------
        pieces : list
            One piece per file.
        """
        return self.transform(X)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose arrays or data frames as the output of `transform` and `fit_transform`.

        Parameters
        ----------
        transform : {"default", "pandas"}, default=None
            With "default", the output is a list with one array per piece. With "pandas", it is a
            list with one :class:`pandas.DataFrame` per piece, with the columns of
            `get_feature_names_out`. None does not change the setting.

        Returns
        -------
        self : object
            The estimator itself.

        Raises
        ------
        ValueError
            If `transform` is any other value.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import ChromaExtractor
        >>> extractor = ChromaExtractor().set_output(transform="pandas")
        >>> (piece,) = extractor.transform([np.sin(np.arange(22050) / 8)])
        >>> piece["A"].shape
        (11,)
        """
        if transform is not None:
            check_values({"transform": transform}, {"transform": CONTAINER_RULE})
            # scikit-learn's attribute, which `clone` copies.
            self._sklearn_output_config = {"transform": transform}
        return self

    def _contain(self, pieces: list[np.ndarray]) -> list[Any]:
        """Convert pieces to the type chosen by `set_output` or scikit-learn's configuration."""
        name, container = "transform_output", get_config()["transform_output"]
        if hasattr(self, "_sklearn_output_config"):
            name, container = "transform", self._sklearn_output_config["transform"]
        if container == "default":
            return pieces
        check_values({name: container}, {name: CONTAINER_RULE})
        try:
            import pandas  # an optional dependency
        except ImportError as error:
            raise ImportError(f"{name}='pandas' needs pandas: pip install pandas") from error

        return [pandas.DataFrame(piece, columns=self.get_feature_names_out()) for piece in pieces]

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags
