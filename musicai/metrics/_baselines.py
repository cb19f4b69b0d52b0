"""Simple models with likelihoods comparable to those of :class:`musicai.LSTMComposer`.

Like the composer, the baselines round a value in [0, 1] to the level
``round((n_levels - 1) * value)``. The probability of a frame is the product of the probabilities of
its features' levels. A composer that scores higher than :class:`IndependentBaseline` has learned
how values depend on the past or on each other. One that scores higher than
:class:`PersistenceBaseline` has learned more than the persistence of values.
"""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..base.parameters import check_values, is_integer, unchanged_on_error
from ..base.persistence import Array, Persistent
from ..base.pieces import as_collection

_N_CONTEXTS = 32  # maximum number of bins for the previous value; 32 bins are 0.03 wide each


class _LevelBaseline(Persistent, BaseEstimator):
    """Base class that rounds values to levels and implements `fit`, `score_samples` and `score`."""

    def __init__(self, *, n_levels: int = 256) -> None:
        self.n_levels = n_levels

    def fit(self, X: Any, y: Any = None) -> Self:
        """Estimate the probabilities of levels from the training music.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or a collection of them
            Values in [0, 1].
        y : ignored
            Present by convention.

        Returns
        -------
        self : object
            The fitted baseline.
        """
        rule = (lambda v: is_integer(v, 2), "an integer of at least 2")
        check_values({"n_levels": self.n_levels}, {"n_levels": rule})
        pieces, _ = as_collection(X)
        if not any(len(piece) for piece in pieces):
            raise ValueError("X has no frames to learn from: all its pieces are empty")
        with unchanged_on_error(self):
            self.n_features_in_ = pieces[0].shape[1]
            self.n_levels_ = self.n_levels
            self._count([self._levels(piece) for piece in pieces])
        return self

    def score_samples(self, X: Any) -> Any:
        """Return the log-probability of each frame, given the frames before it.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or a collection of them
            Values in [0, 1].

        Returns
        -------
        log_prob : ndarray of shape (n_frames,), or a collection of them
            Log-probabilities in nats: an array for one piece, a list of arrays for a collection.
        """
        check_is_fitted(self)
        pieces, pack = as_collection(X, n_features=self.n_features_in_)
        return pack([self._log_mass(self._levels(piece)).sum(axis=1) for piece in pieces])

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean log-probability per frame over all frames of all pieces, in nats.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or a collection of them
            Values in [0, 1].
        y : ignored
            Present by convention.

        Returns
        -------
        score : float
            Higher is better; ``-score / ln(2)`` is bits per frame.
        """
        check_is_fitted(self)
        pieces, _ = as_collection(X, n_features=self.n_features_in_)
        log_prob = np.concatenate(self.score_samples(pieces))
        if len(log_prob) == 0:
            raise ValueError("X has no frames to score: all its pieces are empty")
        return float(log_prob.mean())

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "mass_")

    def _levels(self, piece: np.ndarray) -> np.ndarray:
        if piece.size and (piece.min() < 0 or piece.max() > 1):
            raise ValueError(
                f"values must be in [0, 1] to be put on a grid of {self.n_levels_} levels: "
                f"got {piece.min():.4g} to {piece.max():.4g}"
            )
        return np.rint((self.n_levels_ - 1) * piece).astype(np.intp)

    def _count_levels(self, pieces: list[np.ndarray]) -> np.ndarray:
        """Return how often each feature is at each level, shape (n_features, n_levels)."""
        counts = np.zeros((self.n_features_in_, self.n_levels_))
        features = np.arange(self.n_features_in_)
        for levels in pieces:
            np.add.at(counts, (features, levels), 1)
        return counts

    def _count(self, pieces: list[np.ndarray]) -> None:
        raise NotImplementedError

    def _log_mass(self, levels: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class IndependentBaseline(_LevelBaseline):
    r"""Memoryless model: features are independent, each with a smoothed histogram of its levels.

    .. math:: P(x_t) = \prod_d p_d(x_{t,d}), \qquad
        p_d(l) = \frac{n_d(l) + q(l)}{\sum_{l'} n_d(l') + 1}

    where :math:`n_d(l)` counts how often feature :math:`d` was at level :math:`l`, and :math:`q`
    is the normalized histogram of the levels of all features, after adding one to each count
    (Laplace smoothing).

    Parameters
    ----------
    n_levels : int, default=256
        Number of levels to which values in [0, 1] are rounded: 256 for chroma, 2 for piano rolls.

    Attributes
    ----------
    mass_ : ndarray of shape (n_features, n_levels)
        Probabilities :math:`p_d(l)`; every row sums to one.
    n_features_in_ : int
        Number of features of a frame.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import IndependentBaseline
    >>> roll = np.array([[0, 1], [1, 1], [0, 1], [1, 1]])
    >>> baseline = IndependentBaseline(n_levels=2).fit(roll)
    >>> baseline.mass_.round(2)
    array([[0.46, 0.54],
           [0.06, 0.94]])
    """

    __module__ = "musicai.metrics"

    def _count(self, pieces: list[np.ndarray]) -> None:
        self.mass_ = _marginal(self._count_levels(pieces))

    def _fitted_state(self) -> dict[str, Any]:
        mass = Array(np.float64, ("n_features_in_", "n_levels_"), low=0, high=1)
        return {"n_features_in_": int, "n_levels_": int, "mass_": mass}

    def _log_mass(self, levels: np.ndarray) -> np.ndarray:
        return np.log(self.mass_[np.arange(self.n_features_in_), levels])


class PersistenceBaseline(_LevelBaseline):
    r"""Model that predicts each feature from its own previous value alone.

    .. math:: P(x_t \mid x_{t-1}) = \prod_d p_d(x_{t,d} \mid b(x_{t-1,d}))

    The previous value is replaced by its bin :math:`b`, one of at most 32 bins of about equal
    width. Each histogram is smoothed with a broader one, which weighs as much as :math:`k` counts
    and therefore dominates where counts are few:

    .. math:: p_d(l \mid b) = \frac{n_d(b, l) + k\, p(l \mid b)}{\sum_{l'} n_d(b, l') + k}, \qquad
        p(l \mid b) = \frac{\sum_d n_d(b, l) + k\, q(l)}{\sum_{d,l'} n_d(b, l') + k}

    where :math:`n_d(b, l)` counts how often feature :math:`d` was at level :math:`l` after a value
    in bin :math:`b`, :math:`k` is the number of levels, and :math:`q` is the histogram defined in
    :class:`IndependentBaseline`. The first frame of a piece is scored as in that baseline.

    Parameters
    ----------
    n_levels : int, default=256
        Number of levels to which values in [0, 1] are rounded: 256 for chroma, 2 for piano rolls.

    Attributes
    ----------
    first_mass_ : ndarray of shape (n_features, n_levels)
        Probability of each level in a piece's first frame, estimated from all frames; every row
        sums to one.
    mass_ : ndarray of shape (n_features, n_bins, n_levels)
        Probabilities :math:`p_d(l \mid b)`; they sum to one along the last axis.
    n_features_in_ : int
        Number of features of a frame.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import IndependentBaseline, PersistenceBaseline
    >>> held = np.repeat(np.eye(12), 8, axis=0)  # every pitch class for 8 frames
    >>> PersistenceBaseline().fit(held).score(held) > IndependentBaseline().fit(held).score(held)
    True
    """

    __module__ = "musicai.metrics"

    def _count(self, pieces: list[np.ndarray]) -> None:
        n_bins = min(_N_CONTEXTS, self.n_levels_)
        levels = self._count_levels(pieces)
        moves = np.zeros((self.n_features_in_, n_bins, self.n_levels_))
        features = np.arange(self.n_features_in_)
        for piece in pieces:
            np.add.at(moves, (features, self._bins(piece[:-1]), piece[1:]), 1)
        self.first_mass_ = _marginal(levels)
        shared = _back_off(moves.sum(axis=0), _laplace(levels.sum(axis=0)), self.n_levels_)
        self.mass_ = _back_off(moves, shared, self.n_levels_)

    def _fitted_state(self) -> dict[str, Any]:
        n_bins = min(_N_CONTEXTS, self.n_levels_)
        return {
            "n_features_in_": int,
            "n_levels_": int,
            "first_mass_": Array(np.float64, ("n_features_in_", "n_levels_"), low=0, high=1),
            "mass_": Array(np.float64, ("n_features_in_", n_bins, "n_levels_"), low=0, high=1),
        }

    def _log_mass(self, levels: np.ndarray) -> np.ndarray:
        features = np.arange(self.n_features_in_)
        first = self.first_mass_[features, levels[:1]]
        rest = self.mass_[features, self._bins(levels[:-1]), levels[1:]]
        return np.log(np.concatenate([first, rest]))

    def _bins(self, levels: np.ndarray) -> np.ndarray:
        return levels * min(_N_CONTEXTS, self.n_levels_) // self.n_levels_


def _marginal(counts: np.ndarray) -> np.ndarray:
    """Return each feature's probabilities of levels, smoothed with the average over features."""
    return _back_off(counts, _laplace(counts.sum(axis=0)), 1)


def _laplace(counts: np.ndarray) -> np.ndarray:
    """Normalize `counts` to probabilities after adding one to each."""
    return (counts + 1) / (counts + 1).sum()


def _back_off(counts: np.ndarray, broader: np.ndarray, strength: float) -> np.ndarray:
    """Normalize `counts` to probabilities after adding `strength` times `broader`."""
    return (counts + strength * broader) / (counts.sum(axis=-1, keepdims=True) + strength)
