"""A baseline composer: a Markov chain over prototypes of frames."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from ..base.blas import one_blas_thread
from ..base.parameters import (
    COUNT_OR_NONE_RULE,
    COUNT_RULE,
    as_rng,
    check_values,
    unchanged_on_error,
)
from ..base.persistence import Array, Persistent
from ..base.pieces import N_PITCH_CLASSES, as_collection, is_collection
from ..base.styles import as_labels, known_styles, label_per_piece, style_weights
from ..theory.keys import in_common_key
from ..theory.shapes import peaking_at_one

_NEVER = 1e-9  # weight of fallback probabilities; it matters only for states that no piece leaves


class MarkovBaseline(Persistent, BaseEstimator):
    r"""Baseline composer with one frame of memory: a Markov chain over prototypes of frames.

    Frames are quantized to the nearest of `n_states` prototypes (k-means). Transitions between
    prototypes are counted. New pieces are random walks with the probabilities

    .. math:: P(s_t \mid s_{t-1}) = \frac{n(s_{t-1}, s_t)}{\sum_{s'} n(s_{t-1}, s')}

    Such pieces have realistic frames, chords and pace, but no form, so a composer should score
    higher. Chroma (frames of 12 nonnegative values) is transposed to a common key, C major or A
    minor, before fitting, and each new piece is transposed to a random key. Other features are
    never transposed. If all training frames are nonnegative and every sounding one has a maximum
    of 1, then every sounding prototype has a maximum of 1.

    Parameters
    ----------
    n_states : int, default=64
        Number of prototypes; reduced to the number of distinct frames if that is smaller.
    random_state : int, RandomState instance or None, default=None
        Seed for finding the prototypes, and the default seed of `sample`.

    Attributes
    ----------
    prototypes_ : ndarray of shape (n_states, n_features)
        The prototypes: frames of dtype float32.
    start_ : ndarray of shape (n_states,)
        Probability that a piece starts in each state.
    transitions_ : ndarray of shape (n_states, n_states)
        Probability of each next state (column) after each state (row). After a state that no piece
        leaves, the probabilities are the shares of frames in each state.
    styles_ : ndarray of shape (n_styles,)
        The style labels, sorted; empty if no labels were given.
    style_starts_, style_transitions_ : ndarray of shape (n_styles, n_states[, n_states])
        `start_` and `transitions_` of each style. For a state that no piece of a style leaves, the
        row is taken from `transitions_`.
    key_invariant_ : bool
        Whether pieces were transposed to a common key before fitting.
    n_features_in_ : int
        Number of features of a frame.

    See Also
    --------
    musicai.LSTMComposer : A composer with a longer memory.
    report : Compares composed music with this baseline.

    References
    ----------
    .. [1] F. P. Brooks, A. L. Hopkins, P. G. Neumann, W. V. Wright, "An experiment in musical
       composition", IRE Transactions on Electronic Computers 6, 1957, which composes hymn tunes
       with Markov chains.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import MarkovBaseline
    >>> chords = np.array([np.isin(np.arange(12), notes) for notes in ([0, 4, 7], [5, 9, 0])])
    >>> piece = chords[[0, 0, 1, 1] * 20 + [0]].astype(float)
    >>> chain = MarkovBaseline(random_state=0).fit([piece, piece])
    >>> chain.transitions_  # half of the time, the chord stays the same
    array([[0.5, 0.5],
           [0.5, 0.5]])
    >>> chain.sample(100).shape
    (100, 12)
    >>> len(chain.sample(100, n_pieces=5))
    5
    """

    __module__ = "musicai.metrics"

    def __init__(
        self, n_states: int = 64, *, random_state: int | np.random.RandomState | None = None
    ) -> None:
        self.n_states = n_states
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the prototypes and count the transitions between them.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or a collection of them
            Pieces.
        y : array-like of shape (n_pieces,), default=None
            A style label for each piece; None for a piece of unknown style.

        Returns
        -------
        self : MarkovBaseline
            The fitted chain.

        Raises
        ------
        ValueError
            If there is no frame, a parameter is out of range, the labels are of different types, or
            there are not as many labels as pieces.
        """
        check_values({"n_states": self.n_states}, {"n_states": COUNT_RULE})
        rng = as_rng(self.random_state)
        pieces, _ = as_collection(X)
        labels = label_per_piece(y, pieces, single=not is_collection(X))
        filled = [i for i, piece in enumerate(pieces) if len(piece)]
        if not filled:
            raise ValueError("X has no frames to learn from: all its pieces are empty")
        pieces, labels = [pieces[i] for i in filled], [labels[i] for i in filled]
        with unchanged_on_error(self):
            self.n_features_in_ = pieces[0].shape[1]
            lowest = min(piece.min() for piece in pieces)
            self.key_invariant_ = bool(self.n_features_in_ == N_PITCH_CLASSES and lowest >= 0)
            if self.key_invariant_:
                pieces = [in_common_key(piece) for piece in pieces]
            self.prototypes_, states = _quantize(pieces, self.n_states, lowest >= 0, rng)
            visits = np.bincount(np.concatenate(states), minlength=len(self.prototypes_))
            self.start_, self.transitions_ = _count(states, visits / visits.sum())
            self.styles_ = known_styles([as_labels(labels)])
            by_style = [
                [each for each, label in zip(states, labels, strict=True) if label == style]
                for style in self.styles_
            ]
            counts = [_count(each, self.transitions_) for each in by_style]
            shape = (len(counts), *self.transitions_.shape)
            self.style_starts_ = np.reshape([start for start, _ in counts], shape[:2])
            self.style_transitions_ = np.reshape([moves for _, moves in counts], shape)
        return self

    def sample(
        self,
        n_frames: int,
        *,
        n_pieces: int | None = None,
        style: Any = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> Any:
        """Compose new pieces, each a random walk over the prototypes.

        Parameters
        ----------
        n_frames : int
            Number of frames of each piece.
        n_pieces : int, default=None
            Number of pieces in the list to return. If None, a single piece is returned.
        style : object or dict, default=None
            One of `styles_`, or a dict of styles and their weights, such as
            ``{"folk": 0.7, "jazz": 0.3}``, to blend styles. If None, pieces are sampled with the
            probabilities of all training music.
        random_state : int, RandomState instance or None, default=None
            Seed for sampling. If None, the estimator's `random_state` is used.

        Returns
        -------
        piece : ndarray of shape (n_frames, n_features), or a list of them
            float32; a list if `n_pieces` is given.

        Raises
        ------
        ValueError
            If the style is unknown or another argument is out of range.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai.metrics import MarkovBaseline
        >>> piece = np.eye(12)[[0, 4, 7, 4] * 10]
        >>> chain = MarkovBaseline(random_state=0).fit([piece])
        >>> chain.sample(20).shape
        (20, 12)
        >>> len(chain.sample(20, n_pieces=3))
        3
        """
        check_is_fitted(self)
        check_values({"n_frames": n_frames}, {"n_frames": COUNT_RULE})
        check_values({"n_pieces": n_pieces}, {"n_pieces": COUNT_OR_NONE_RULE})
        rng = as_rng(self.random_state if random_state is None else random_state)
        weights = style_weights(style, self.styles_)
        start = weights @ [self.start_, *self.style_starts_]
        moves = np.tensordot(weights, [self.transitions_, *self.style_transitions_], 1)
        edges = moves.cumsum(axis=1)
        states = [_draw(np.tile(start.cumsum(), (n_pieces or 1, 1)), rng)]
        while len(states) < n_frames:
            states.append(_draw(edges[states[-1]], rng))
        pieces = list(self.prototypes_[np.transpose(states)])
        if self.key_invariant_:
            keys = rng.randint(N_PITCH_CLASSES, size=len(pieces))
            pieces = [np.roll(piece, key, axis=1) for piece, key in zip(pieces, keys, strict=True)]
        return pieces[0] if n_pieces is None else pieces

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "transitions_")

    def _fitted_state(self) -> dict[str, Any]:
        return {
            "n_features_in_": int,
            "key_invariant_": bool,
            "prototypes_": Array(np.float32, ("states", "n_features_in_")),
            "start_": Array(np.float64, ("states",), low=0, high=1),
            "transitions_": Array(np.float64, ("states", "states"), low=0, high=1),
            "styles_": Array(object, (None,)),
            "style_starts_": Array(np.float64, (len(self.styles_), "states"), low=0, high=1),
            "style_transitions_": Array(
                np.float64, (len(self.styles_), "states", "states"), low=0, high=1
            ),
        }


def _quantize(
    pieces: list[np.ndarray], n_states: int, may_peak: bool, rng: np.random.RandomState
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return prototypes and, for each piece, the index of the prototype nearest to each frame.

    If `may_peak` is true and the maximum of every frame is 0 or 1, sounding prototypes are scaled
    to a maximum of 1.
    """
    # Imported here because the import is slow, and only `fit` needs it.
    from sklearn.cluster import MiniBatchKMeans

    frames = np.concatenate(pieces)
    n_states = min(n_states, len(np.unique(frames, axis=0)))
    clusters = MiniBatchKMeans(n_states, n_init=3, random_state=rng)
    # Limit BLAS and OpenMP to one thread each, so that rounding does not depend on the number of
    # CPUs.
    with one_blas_thread(), threadpool_limits(1, user_api="openmp"):
        states = clusters.fit_predict(frames)
    prototypes = clusters.cluster_centers_.astype(np.float32)
    if may_peak and np.isin(frames.max(axis=1), [0, 1]).all():
        prototypes = peaking_at_one(prototypes)
    return prototypes, np.split(states, np.cumsum([len(piece) for piece in pieces])[:-1])


def _count(pieces: list[np.ndarray], otherwise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimate, from sequences of states, the probabilities of first states and of transitions.

    `otherwise` holds the probabilities of transitions from a state that no sequence leaves. Its
    shape is (n_states, n_states), or (n_states,) if they are the same for every state.
    """
    n_states = otherwise.shape[-1]
    start = np.bincount([states[0] for states in pieces], minlength=n_states)
    moves = _NEVER * np.broadcast_to(otherwise, (n_states, n_states))
    for states in pieces:
        np.add.at(moves, (states[:-1], states[1:]), 1)
    return start / start.sum(), moves / moves.sum(axis=1, keepdims=True)


def _draw(edges: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """Draw a column index for each row, given the row's cumulative weights."""
    drawn = (rng.random_sample((len(edges), 1)) * edges[:, -1:] >= edges).sum(axis=1)
    return np.minimum(drawn, edges.shape[1] - 1)
