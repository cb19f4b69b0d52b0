"""Methods of a fitted composer that score and predict."""

from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..base.pieces import Pack, is_collection
from ..base.styles import encode_styles, labels_per_piece, style_weights
from ..theory.keys import SHIFTS_TO_COMMON_KEY
from ._checks import check_pieces, check_support
from ._chords import has_chords
from ._clock import TimingMixin
from ._conditioning import Traits
from ._data import NO_SHIFT
from ._distributed import choose_device
from ._emission import is_tied
from ._inference import ONE_STYLE, expect_next, mean_of_frames, score_frames
from ._network import Network, network_of_weights

Blend = tuple[np.ndarray, np.ndarray]
"""Style number of every frame, (n_styles, n_frames), one row for each style of a blend, and the
weights of these styles, (n_styles,).
"""


class FittedComposer(TimingMixin, BaseEstimator):
    """Composer with trained weights, which scores and predicts.

    `SamplingComposer` adds methods that sample. :class:`musicai.LSTMComposer` adds training, and
    documents the fitted attributes.
    """

    n_features_in_: int
    emission_: str
    key_invariant_: bool
    styles_: np.ndarray
    weights_: dict[str, np.ndarray]
    device: str | torch.device
    random_state: int | np.random.RandomState | None
    _traits: Traits
    _reference: np.ndarray
    _n_endings: int

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    @overload
    def predict(self, X: np.ndarray, *, style: Any = None) -> np.ndarray: ...

    @overload
    def predict(self, X: Sequence[Any], *, style: Any = None) -> list[np.ndarray]: ...

    def predict(self, X: Any, *, style: Any = None) -> Any:
        """Return the expected next frame after every frame.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to continue.
        style : object or dict, default=None
            Style of all pieces: one of `styles_`, or a dict of styles and their weights. None means
            no particular style.

        Returns
        -------
        expected : list of ndarray of shape (n_frames, n_features), or one such array
            Row t is the expected frame t + 1 given frames 0 to t. The last row is the expected
            frame after the end of the piece.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=5, random_state=0).fit([scale] * 8)
        >>> expected = composer.predict(scale)
        >>> expected.shape
        (28, 12)
        >>> [each.shape for each in composer.predict([scale, scale[:5]])]
        [(28, 12), (5, 12)]
        """
        pieces, pack, _ = self._check(X, None)
        blends = [self._blend(style, len(piece)) for piece in pieces]
        shifts = [self._key_shifts] * len(pieces)
        styles, (weights, *_) = zip(*blends, strict=True)
        return pack(
            expect_next(self._network(self.weights_), pieces, styles, shifts, weights=weights)
        )

    @overload
    def score_samples(self, X: np.ndarray, y: Any = None) -> np.ndarray: ...

    @overload
    def score_samples(self, X: Sequence[Any], y: Any = None) -> list[np.ndarray]: ...

    def score_samples(self, X: Any, y: Any = None) -> Any:
        """Return the log-likelihood of every frame given the frames before it.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to score.
        y : array-like of shape (n_pieces,), default=None
            Style of each piece: a label, a list with a label for each frame, or a dict of styles
            and their weights as in `sample`. None for no particular style.

        Returns
        -------
        log_likelihood : list of ndarray of shape (n_frames,), or one such array
            Log-likelihoods in nats. The first frame is scored given only that a piece begins.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=5, random_state=0).fit([scale] * 8)
        >>> composer.score_samples(scale).shape
        (28,)
        """
        pieces, pack, blends = self._check(X, y)
        return pack(self._score_frames(pieces, blends))

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean log-likelihood over all frames of all pieces.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to score.
        y : array-like of shape (n_pieces,), default=None
            Style of each piece: a label, a list with a label for each frame, or a dict of styles
            and their weights as in `sample`. None for no particular style.

        Returns
        -------
        score : float
            Log-likelihood in nats per frame; higher is better.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=5, random_state=0).fit([scale] * 8)
        >>> composer.score([scale]) > composer.score([1 - scale])
        True
        >>> bool(np.isclose(composer.score([scale]), composer.score_samples(scale).mean()))
        True
        """
        pieces, _, blends = self._check(X, y)
        if not any(map(len, pieces)):
            raise ValueError("X has no frames to score: all pieces are empty")
        return mean_of_frames(self._score_frames(pieces, blends))

    def _check(self, X: Any, y: Any) -> tuple[list[np.ndarray], Pack, list[Blend]]:
        """Check pieces and labels; return pieces, a function that converts results, and blends."""
        check_is_fitted(self)
        pieces, pack = check_pieces(self, X)
        check_support(pieces, self.emission_, "X")
        labels = labels_per_piece(y, pieces, single=not is_collection(X))
        blends = {}
        for i, each in enumerate(labels):
            if any(isinstance(label, dict) for label in each):
                if len(each) > 1:
                    raise ValueError("y has blends for single frames: give one for a whole piece")
                blends[i] = each[0]
        plain = [np.array([None]) if i in blends else each for i, each in enumerate(labels)]
        styles = encode_styles(plain, pieces, self.styles_)
        return (
            pieces,
            pack,
            [
                self._blend(blends[i], len(piece)) if i in blends else (styles[i][None], ONE_STYLE)
                for i, piece in enumerate(pieces)
            ],
        )

    def _check_chords(self, name: str) -> None:
        """Raise an error that mentions `name` unless the training data is chroma or piano rolls."""
        if not has_chords(self.emission_, self.n_features_in_):
            raise ValueError(
                f"{name} needs a composer of chroma or piano rolls; this one was trained on "
                f"{self.n_features_in_} other features (emission_={self.emission_!r})"
            )

    def _blend(self, style: Any, n_frames: int) -> Blend:
        """Return the `Blend` of a piece in which every frame has the same `style`."""
        weights = style_weights(style, self.styles_)
        numbers = np.flatnonzero(weights)
        return np.broadcast_to(numbers[:, None], (len(numbers), n_frames)), weights[numbers]

    def _network(
        self, weights: Mapping[str, np.ndarray], device: torch.device | None = None
    ) -> Network:
        """Build the network that fits `weights`, even if parameters have changed since training."""
        network = network_of_weights(self.emission_, self.n_features_in_, weights)
        return network.to(device or choose_device(self.device))

    @property
    def _key_shifts(self) -> np.ndarray:
        """Semitones that transpose a piece from each possible key to the common key, (n_keys,)."""
        hidden = self.key_invariant_ and not is_tied(self.emission_)
        return SHIFTS_TO_COMMON_KEY if hidden else NO_SHIFT

    def _score_frames(
        self,
        pieces: Sequence[np.ndarray],
        blends: Sequence[Blend],
        device: torch.device | None = None,
    ) -> list[np.ndarray]:
        network = self._network(self.weights_, device)
        scores = [np.empty(0, np.float32)] * len(pieces)
        alike: dict[bytes, list[int]] = {}  # pieces grouped by the weights of their styles
        for i, (_, weights) in enumerate(blends):
            alike.setdefault(weights.tobytes(), []).append(i)
        for numbers in alike.values():
            found = score_frames(
                network,
                [pieces[i] for i in numbers],
                [blends[i][0] for i in numbers],
                [self._key_shifts] * len(numbers),
                weights=blends[numbers[0]][1],
            )
            for i, values in zip(numbers, found, strict=True):
                scores[i] = values
        return scores
