"""Scorers for scikit-learn's hyperparameter searches."""

from typing import Any

import numpy as np

from ..base.parameters import as_rng
from ..base.pieces import as_chroma, as_collection, is_collection
from ..base.steps import last_step
from ..base.styles import label_per_piece
from ._excerpts import FEWEST_EXCERPTS, cut, excerpt_length, require_excerpts
from ._overlap import geometric_mean
from ._realism import common_frame_rate, measure, shared_areas
from ._similarity import frame_correlation

_LEAST = 0.01  # smaller overlaps are raised to this, because a single 0 would make the score 0


class RealismScorer:
    """Scorer that judges a composer by the realism of its pieces.

    ``GridSearchCV(composer, grid, scoring=RealismScorer(timing=extractor))`` finds the composer
    whose pieces are most similar to held-out music. Without `scoring`, the search finds the one
    with the highest log-likelihood. The held-out pieces are cut into excerpts, equally many pieces
    of the same length are composed, and :func:`realism` compares both sets. The scorer accepts any
    estimator whose `sample` method has the parameters of :meth:`MarkovBaseline.sample`. The
    estimator can also be the last step of a pipeline whose earlier steps return chroma.

    Parameters
    ----------
    n_frames : int, default=None
        Length of an excerpt and of a composed piece in frames; the metrics need at least 20 s. If
        None, the length is the greatest one up to 60 s that at least half of the held-out pieces
        reach, or 20 s if that is longer.
    timing : Timing, object with a `timing`, or float, default=None
        Timing of the frames, the same for all pieces, with a rate or a tempo: for example, the
        extractor that made the pieces. A number is frames per second. If None, the estimator must
        be a pipeline in which a step before the composer has a timing.
    random_state : int, RandomState instance or None, default=0
        Seed of the composed pieces.

    See Also
    --------
    report : Computes more figures, and compares them with a ceiling and baselines.
    next_frame_score : Scores the predictions of a composer.

    Notes
    -----
    An overlap below 0.01 counts as 0.01, so that a search can rank poor composers; :func:`realism`
    itself is 0 if any overlap is 0. Pass an instance, ``RealismScorer()``: if you pass the class,
    every score is NaN, with a warning. Realism compares distributions, so a fold with few excerpts
    gives an unreliable score, and a fold with fewer than two raises an error. Realism cannot detect
    copies. If `y` holds style labels, as many pieces are composed in each style as there are
    excerpts of it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from musicai.metrics import MarkovBaseline, RealismScorer
    >>> rng = np.random.default_rng(0)
    >>> chords = np.array([np.isin(np.arange(12), n) for n in ([0, 4, 7], [5, 9, 0], [7, 11, 2])])
    >>> moves = [rng.integers(1, 3, size=60).cumsum() % 3 for _ in range(8)]
    >>> pieces = [np.repeat(chords[m], rng.integers(4, 12, size=60), axis=0) * 1.0 for m in moves]
    >>> search = GridSearchCV(
    ...     MarkovBaseline(random_state=0),
    ...     {"n_states": [2, 3]},
    ...     scoring=RealismScorer(timing=10.77),
    ...     cv=2,
    ... )
    >>> search.fit(pieces).best_params_
    {'n_states': 3}
    """

    __module__ = "musicai.metrics"

    def __init__(
        self,
        *,
        n_frames: int | None = None,
        timing: Any = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.n_frames = n_frames
        self.timing = timing
        self.random_state = random_state

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:
        """Return the realism of the pieces that a composer makes.

        Parameters
        ----------
        estimator : object
            A fitted estimator with a `sample` method, or a pipeline that ends in one.
        X : collection
            Held-out real pieces, (n_frames, 12) each, or the input from which the pipeline computes
            them.
        y : array-like of shape (n_pieces,), default=None
            A style label for each piece. The composer must have been fitted with these labels.

        Returns
        -------
        realism : float
            Between 0 and 1; higher is better. Composed pieces are left out if more than a tenth of
            their frames are flat (silent, for example), or if they have no key. If fewer than two
            are left, the score is 0.

        Raises
        ------
        ValueError
            If there are fewer than two excerpts, or a parameter is out of range.
        TypeError
            If the estimator has no `sample` method, or if the timing is missing or a list.
        """
        timing = _timing_before(estimator) if self.timing is None else self.timing
        composer, X = _input_of_last_step(estimator, X)
        if not hasattr(composer, "sample"):
            raise TypeError(
                f"RealismScorer needs a composer with a method sample: "
                f"{type(composer).__name__} has none"
            )
        pieces, _ = as_chroma(X)
        frame_rate = common_frame_rate(timing, {"X": pieces})
        n_frames = excerpt_length(self.n_frames, [pieces], frame_rate)
        excerpts = cut(pieces, n_frames, frame_rate)
        require_excerpts("X", pieces, excerpts, n_frames, frame_rate)
        labels = label_per_piece(y, pieces, single=not is_collection(X))
        orders: dict[Any, int] = {}
        for label, some in zip(labels, excerpts, strict=True):
            orders[label] = orders.get(label, 0) + len(some)
        rng = as_rng(self.random_state)
        composed = [
            piece
            for style, n_pieces in orders.items()
            if n_pieces
            for piece in composer.sample(n_frames, n_pieces=n_pieces, style=style, random_state=rng)
        ]
        found = cut(as_chroma(composed)[0], n_frames, frame_rate)
        sounding = [excerpt for some in found for excerpt in some]
        if len(sounding) < FEWEST_EXCERPTS:
            return 0.0
        real = [excerpt for some in excerpts for excerpt in some]
        values = [measure(each, frame_rate) for each in (sounding, real)]
        areas = shared_areas(sounding, real, *values)
        return geometric_mean(np.maximum(list(areas.values()), _LEAST))

    def __repr__(self) -> str:
        return (
            f"RealismScorer(n_frames={self.n_frames}, timing={self.timing}, "
            f"random_state={self.random_state})"
        )


def next_frame_score(estimator: Any, X: Any, y: Any = None) -> float:
    """Return the mean correlation of predicted frames with the actual next frames.

    Pass ``scoring=next_frame_score`` to scikit-learn's searches, for any estimator whose `predict`
    method returns the expected next frame for every frame. The estimator can also be the last step
    of a pipeline. Unlike the log-likelihood, which a composer's `score` returns, this score does
    not measure how well a composer estimates its uncertainty.

    Parameters
    ----------
    estimator : object
        A fitted estimator such as :class:`musicai.LSTMComposer`, or a pipeline that ends in one.
    X : collection
        Pieces, (n_frames, n_features) each, or the input from which the pipeline computes them.
    y : ignored
        Present by convention.

    Returns
    -------
    correlation : float
        Between -1 and 1; higher is better. This is the :func:`frame_correlation` between all frames
        except the first one of each piece and their predictions.

    Raises
    ------
    ValueError
        If no piece has two or more frames.
    TypeError
        If the estimator has no `predict` method.

    See Also
    --------
    RealismScorer : Scores the pieces that a composer makes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator
    >>> from musicai.metrics import next_frame_score
    >>> class LastFrame(BaseEstimator):
    ...     def predict(self, X):
    ...         return X
    >>> held = np.eye(12)[[0, 0, 0, 7, 7]]
    >>> round(next_frame_score(LastFrame(), [held]), 2)  # one of four predictions is wrong
    0.73
    """
    predictor, X = _input_of_last_step(estimator, X)
    if not hasattr(predictor, "predict"):
        raise TypeError(
            f"next_frame_score needs an estimator with a method predict: "
            f"{type(predictor).__name__} has none"
        )
    pieces, _ = as_collection(X)
    long_enough = [i for i, piece in enumerate(pieces) if len(piece) > 1]
    if not long_enough:
        raise ValueError("next_frame_score needs a piece of two frames or more: X has none")
    # Pass the user's own pieces, because the predictor checks the names of their columns.
    given = list(X) if is_collection(X) else [X]
    predicted = predictor.predict([given[i] for i in long_enough])
    return frame_correlation(
        [guess[:-1] for guess in predicted], [pieces[i][1:] for i in long_enough]
    )


def _input_of_last_step(estimator: Any, X: Any) -> tuple[Any, Any]:
    """Return the last step of an estimator, and `X` after the transforms of the earlier steps."""
    before, composer = last_step(estimator)
    return composer, X if before is None else before.transform(X)


def _timing_before(estimator: Any) -> Any:
    """Return the last step before the composer that has a timing, or None if no step does."""
    before, _ = last_step(estimator)
    steps = [] if before is None else [step for _, step in before.steps]
    return next((step for step in reversed(steps) if hasattr(step, "timing")), None)
