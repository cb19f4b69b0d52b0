"""The methods of a fitted composer: likelihoods, predictions, samples."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import islice
from typing import Any, overload

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..base.blas import one_blas_thread
from ..base.parameters import (
    COUNT_OR_NONE_RULE,
    COUNT_RULE,
    SEED_RULE,
    Rule,
    as_rng,
    check_values,
    is_bool,
    is_real,
)
from ..base.pieces import Pack, is_collection
from ..base.styles import encode_styles, labels_per_piece, style_weights
from ..theory.chord import Chord
from ..theory.keys import SHIFTS_TO_COMMON_KEY
from ..theory.progression import frames_of_chords, has_progressions
from ._chords import has_chords
from ._clock import TimingMixin, seconds_of_frames
from ._conditioning import Traits
from ._cues import ending_cues
from ._data import NO_SHIFT, check_pieces, check_support
from ._distributed import choose_device
from ._emission import is_bounded, is_tied
from ._inference import ONE_STYLE, expect_next, mean_of_frames, read_primes, score_frames
from ._infilling import N_PARTICLES, fill_gap
from ._network import Network, network_of_weights
from ._next_chords import NextChordsMixin
from ._reference import warn_of_few_endings, warn_of_strange_primes
from ._requests import NO_CUES, Requests, is_list, start_sampler
from ._sampling import Sampler, move_back, rank_frames
from ._stream import FrameStream

_RULES: dict[str, Rule] = {
    "n_frames": COUNT_RULE,
    "n_best": COUNT_RULE,
    "n_draws": COUNT_RULE,
    "n_pieces": COUNT_OR_NONE_RULE,
    "ending": (is_bool, "True or False"),
    "temperature": (lambda v: is_real(v) and 1e-4 <= v <= 1e4, "a number from 0.0001 to 10000"),
    "random_state": SEED_RULE,
}

Blend = tuple[np.ndarray, np.ndarray]
"""Styles that every frame of a piece may be of, (n_styles, n_frames), and their weights."""


class FittedComposer(TimingMixin, NextChordsMixin, BaseEstimator):
    """A composer with trained weights; :class:`musicai.LSTMComposer` trains them.

    Fitted attributes are documented there.
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
        """Return the expected next frame, at every frame.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to continue.
        style : object or dict, default=None
            One of `styles_`, for all pieces, or a dict of styles and their weights; None for no
            stated style.

        Returns
        -------
        expected : list of ndarray of shape (n_frames, n_features), or one such array
            Row t is the expected frame t + 1 given frames 0 to t; the last row follows the piece.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=5, random_state=0).fit([scale] * 8)
        >>> expected = composer.predict(scale)
        >>> expected.shape  # as long as the piece: the last row is what follows it
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

    def next_frames(
        self,
        X: Any,
        *,
        n_best: int = 5,
        style: Any = None,
        n_draws: int = 1000,
        random_state: int | np.random.RandomState | None = None,
    ) -> Any:
        """Return the most likely frames that follow a piece, and their probabilities.

        `predict` gives the mean of all possible next frames, this the choices. Frames are of one
        kind if the same features sound (are at least 0.5): the same notes of a piano roll, the
        same pitch classes of chroma. Many frames are drawn from the distribution of the next
        frame, and the kinds are counted.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to continue, with values in [0, 1].
        n_best : int, default=5
            Largest number of kinds.
        style : object or dict, default=None
            As in `sample`.
        n_draws : int, default=1000
            Number of draws; memory and time grow with it. The standard error of a probability is
            at most ``n_draws**-0.5 / 2``.
        random_state : int, RandomState instance or None, default=None
            Seed of the draws; None takes the estimator's own `random_state`.

        Returns
        -------
        frames : ndarray of shape (n_best, n_features)
            The mean frame of each kind, the most likely kind first; fewer where fewer kinds were
            drawn. For a collection a list of pairs (frames, probabilities).
        probabilities : ndarray of shape (n_best,)
            Of each kind.

        Raises
        ------
        ValueError
            If the composer's data is not in [0, 1], so that no feature sounds or does not.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=60, random_state=0)
        >>> frames, probabilities = composer.fit([scale] * 8).next_frames(scale, n_best=1)
        >>> int(frames[0].argmax())
        0
        """
        pieces, _, _ = self._check(X, None)
        values = {"n_best": n_best, "n_draws": n_draws, "random_state": random_state}
        check_values(values, _RULES)
        style_weights(style, self.styles_)  # one for all draws
        if not is_bounded(self.emission_):
            raise ValueError(
                f"next_frames needs data from 0 to 1, in which features sound or not; this "
                f"composer has learned other data (emission_={self.emission_!r}): use predict, or "
                "sample(1, n_pieces=...)"
            )
        rng = as_rng(self.random_state if random_state is None else random_state)
        ranked = []
        for piece in pieces:
            requests = self._requests([piece], None, n_draws, style, None, rng)
            sampler, shifts = self._start_sampling(requests)
            with one_blas_thread():
                frames = sampler.draw(rng)
            ranked.append(rank_frames(move_back(frames, shifts), n_best))
        return ranked if is_collection(X) else ranked[0]

    @overload
    def score_samples(self, X: np.ndarray, y: Any = None) -> np.ndarray: ...

    @overload
    def score_samples(self, X: Sequence[Any], y: Any = None) -> list[np.ndarray]: ...

    def score_samples(self, X: Any, y: Any = None) -> Any:
        """Log-likelihood of every frame given the frames before it.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to score.
        y : array-like of shape (n_pieces,), default=None
            A style label for each piece, or a dict of styles and their weights, as in `sample`;
            None for no stated style.

        Returns
        -------
        log_likelihood : list of ndarray of shape (n_frames,), or one such array
            In nats. The first frame of a piece is scored too, from a learned start.

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
        """Mean log-likelihood per frame, over all frames of all pieces.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to score.
        y : array-like of shape (n_pieces,), default=None
            A style label for each piece, or a dict of styles and their weights, as in `sample`;
            None for no stated style.

        Returns
        -------
        score : float
            In nats per frame; higher is better.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=5, random_state=0).fit([scale] * 8)
        >>> composer.score([scale]) > composer.score([1 - scale])  # which it does not know
        True
        >>> bool(np.isclose(composer.score([scale]), composer.score_samples(scale).mean()))
        True
        """
        pieces, _, blends = self._check(X, y)
        if not any(map(len, pieces)):
            raise ValueError("X holds no frames to score: all of its pieces are empty")
        return mean_of_frames(self._score_frames(pieces, blends))

    @overload
    def sample(
        self,
        n_frames: int,
        *,
        n_pieces: None = None,
        prime: np.ndarray | None = None,
        then: np.ndarray | None = None,
        style: Hashable | Mapping[Any, float] = None,
        key: str | None = None,
        chords: str | Sequence[Chord | tuple[str, int]] | None = None,
        ending: bool = False,
        temperature: float = 1.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> np.ndarray: ...

    @overload
    def sample(
        self,
        n_frames: int,
        *,
        n_pieces: int | None = None,
        prime: Any = None,
        then: Any = None,
        style: Any = None,
        key: Any = None,
        chords: Any = None,
        ending: bool = False,
        temperature: float = 1.0,
        random_state: Any = None,
    ) -> list[np.ndarray]: ...

    def sample(
        self,
        n_frames: int,
        *,
        n_pieces: int | None = None,
        prime: Any = None,
        then: Any = None,
        style: Any = None,
        key: Any = None,
        chords: Any = None,
        ending: bool = False,
        temperature: float = 1.0,
        random_state: Any = None,
    ) -> Any:
        r"""Compose.

        Parameters
        ----------
        n_frames : int
            Number of new frames.
        n_pieces : int, default=None
            How many pieces to compose at once; None for a single one, or for as many as the lists
            below have entries.
        prime : array-like of shape (n_prime_frames, n_features), or a collection, default=None
            Music to continue, from where it stops; it is not part of the result. A collection
            gives one new piece for each prime. None starts from nothing, with the emissions
            "chroma", "logistic" and "gaussian" conditioned on the traits of a training piece.
        then : array-like of shape (n_then_frames, n_features), or a collection, default=None
            Music that follows, for a gap between it and the prime to be filled; it is not part of
            the result. Of 64 ways to go on one is taken by how likely this music is after it, which
            takes about 64 times as long. A loop is filled with the beginning of the prime as
            `then`. A collection has an entry for each piece.
        style : object or dict, or a list of them, default=None
            One of `styles_`, a dict of styles and their weights to blend them, such as
            ``{"folk": 0.7, "jazz": 0.3}`` (see Notes), or None for no stated style. A list has an
            entry for each piece.
        key : str, or a list of them, default=None
            Key to compose in: "C", "F#", "Bb major", "Am", "C# minor" and so on; a small letter
            alone, "d", is a minor key. A major key and the minor key of the same notes ("C" and
            "Am") are one: which of them it dwells on is left to the music. None continues in the
            key of the prime, drawn by its probability there, and without a prime takes any; piano
            rolls then find their key by themselves. With a prime it says which key the prime is
            in; the prime is not moved. Where `key_invariant_` is False no key can be asked for.
        chords : str, or list of Chord or of pairs, or a list of these, default=None
            Chords to follow, for chroma and piano rolls. Text such as ``"C | Am | F | G | C"`` has
            bars as long as those of the style, and the chords of a bar share it evenly; ``/``
            repeats a chord, ``%`` a bar, and ``*`` or ``N`` leaves the music free. Symbols are
            those of charts and of Harte ("F#m7b5", "Bb:min7"); basses and tensions are left out.
            A chart by :func:`musicai.render.chord_chart` is such a text. Bars of frames that are
            no beats have four beats at the tempo of the chart, or at 120. A list of
            :class:`musicai.render.Chord` counts seconds, a list of pairs (symbol, n_frames)
            frames. When the progression ends it starts over. The key is that of the chords
            unless `key` or `prime` decides it. A list of progressions has one for each piece.
        ending : bool, default=False
            Whether the pieces end with their last frame as training pieces do, rather than stop. A
            composer of few pieces, or of excerpts, warns.
        temperature : float, default=1.0
            Below 1 likely choices become likelier; 1 leaves the distribution as it is. It acts on
            the weights of the choices (the loudest pitch class, the mixture's components, the
            probability of a note) and, squared, on the width of the components of "chroma" and
            "logistic"; on the width alone for "mse". From 0.0001 to 10000.
        random_state : int, RandomState instance or None, or a list of them, default=None
            Seed of the draws. None takes the estimator's own `random_state`: if that is an integer,
            every call composes the same piece. A list has a seed for each piece, which is then the
            piece that its seed, style, key and prime give alone, to the bit; with one seed for
            all, each piece depends on the number of pieces.

        Returns
        -------
        piece : ndarray of shape (n_frames, n_features), or a list of them
            float32; a list if `n_pieces` is given or an argument has an entry for each piece. With
            the emission "chroma" every frame sounds, and its loudest feature alone is 1.

        Raises
        ------
        ValueError
            If the style, key or a chord is unknown, chords last longer than `n_frames`, bars are
            asked for and the composer was fitted without timing, the prime has another width or
            values that the emission does not know, lists differ in length, or another argument is
            out of range.

        Notes
        -----
        In a blend of styles with weights :math:`w_s` (which sum to one) each frame is of one of
        the styles, drawn anew by its weight, and continues all frames before it:

        .. math:: p(x_t \mid x_1, \dots, x_{t-1})
           = \sum_s w_s \, p(x_t \mid x_1, \dots, x_{t-1}, s).

        So a blend is a distribution over pieces as each style is, which ``score(X, y)`` evaluates
        if a label in `y` is such a dict, and a weight of 1 is that style. A blend of two styles
        takes twice the time.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=5, random_state=0).fit([scale] * 8)
        >>> composer.sample(10, key="D", temperature=0.9, random_state=0).shape
        (10, 12)
        >>> new = composer.sample(10, prime=scale, random_state=0)
        >>> np.concatenate([scale, new]).shape
        (38, 12)
        >>> gap = composer.sample(14, prime=scale, then=scale, random_state=0)
        >>> np.concatenate([scale, gap, scale]).shape
        (70, 12)
        >>> len(composer.sample(10, n_pieces=3))
        3
        >>> pieces = composer.sample(10, key=["D", "Bb"], random_state=[4, 5])
        >>> bool((pieces[1] == composer.sample(10, key="Bb", random_state=5)).all())
        True
        """
        check_is_fitted(self)
        values = {"n_frames": n_frames, "n_pieces": n_pieces, "temperature": temperature}
        check_values({**values, "ending": ending}, _RULES)
        cues = NO_CUES
        if ending and then is not None:
            raise ValueError("then goes on after the gap, and ending=True ends there: leave one")
        if ending:
            warn_of_few_endings(self._n_endings)
            cues = ending_cues(np.arange(n_frames, 0, -1))
        requests = self._requests(
            prime, then, n_pieces, style, key, random_state, cues, chords=chords, n_frames=n_frames
        )
        if then is None:
            with one_blas_thread():
                pieces = list(islice(self._generate(requests, temperature), n_frames))
            pieces = list(np.stack(pieces, axis=1))
        else:
            pieces = self._fill_gaps(requests, n_frames, temperature)
        listed = any(map(is_list, (style, key, random_state))) or has_progressions(chords)
        listed = listed or any(
            music is not None and is_collection(music) for music in (prime, then)
        )
        return pieces if listed or n_pieces is not None else pieces[0]

    def stream(
        self,
        *,
        prime: Any = None,
        style: Any = None,
        key: str | None = None,
        chords: Any = None,
        temperature: float = 1.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> FrameStream:
        """Compose an endless piece, frame by frame.

        Parameters
        ----------
        prime : array-like of shape (n_prime_frames, n_features), default=None
            One piece to go on from.
        style : object or dict, default=None
            As in `sample`, like the others that follow.
        key : str, default=None
            Key to compose in.
        chords : str, or list of Chord or of pairs, default=None
            Chords to follow, over and over.
        temperature : float, default=1.0
            Below 1 likely choices become likelier.
        random_state : int, RandomState instance or None, default=None
            Seed of the draws; None takes the estimator's own `random_state`.

        Returns
        -------
        frames : iterator of ndarray of shape (n_features,)
            The first n are those of ``sample(n)`` with the same arguments. Wrong arguments raise
            at once, not with the first frame. Its method ``end(n_frames)`` lets the piece end
            after so many more frames, as training pieces do.

        Examples
        --------
        >>> import numpy as np
        >>> from itertools import islice
        >>> from musicai import LSTMComposer
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> scales = [scale[start:] for start in range(12)]
        >>> composer = LSTMComposer(hidden_size=16, max_iter=1, random_state=0).fit(scales)
        >>> stream = composer.stream()
        >>> [frame.shape for frame in islice(stream, 3)]
        [(12,), (12,), (12,)]
        >>> stream.end(8)
        >>> len(list(stream))
        8
        """
        check_is_fitted(self)
        if prime is not None and is_collection(prime):
            raise ValueError("stream continues one piece, and prime is a collection of them")
        if any(map(is_list, (style, key, random_state))) or has_progressions(chords):
            raise ValueError(
                "stream composes one piece: give one style, key, progression and random_state"
            )
        check_values({"temperature": temperature}, _RULES)
        requests = self._requests(prime, None, None, style, key, random_state, chords=chords)
        sampler, shifts = self._start_sampling(requests)
        frames = sampler.compose(requests.rng, temperature=temperature)
        return FrameStream(
            (move_back(frame, shifts)[0] for frame in frames),
            sampler,
            before_end=partial(warn_of_few_endings, self._n_endings),
        )

    def _check(self, X: Any, y: Any) -> tuple[list[np.ndarray], Pack, list[Blend]]:
        """Check given pieces: return them, how to pack results, and the styles of every frame."""
        check_is_fitted(self)
        pieces, pack = check_pieces(self, X)
        check_support(pieces, self.emission_, "X")
        labels = labels_per_piece(y, pieces, single=not is_collection(X))
        blends = {}
        for i, each in enumerate(labels):
            if any(isinstance(label, dict) for label in each):
                if len(each) > 1:
                    raise ValueError("a blend of styles is of a whole piece, not of single frames")
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
        """Raise an error if the composer knows no chords, which `name` needs."""
        if not has_chords(self.emission_, self.n_features_in_):
            raise ValueError(
                f"{name} needs chroma or piano rolls, in which chords can be recognized; this "
                f"composer has learned {self.n_features_in_} other features "
                f"(emission_={self.emission_!r})"
            )

    def _blend(self, style: Any, n_frames: int) -> Blend:
        """Return the styles of a blend for every frame of a piece, and their weights."""
        weights = style_weights(style, self.styles_)
        numbers = np.flatnonzero(weights)
        return np.broadcast_to(numbers[:, None], (len(numbers), n_frames)), weights[numbers]

    def _network(
        self, weights: Mapping[str, np.ndarray], device: torch.device | None = None
    ) -> Network:
        """Build the fitted network, whatever the parameters are by now."""
        network = network_of_weights(self.emission_, self.n_features_in_, weights)
        return network.to(device or choose_device(self.device))

    @property
    def _key_shifts(self) -> np.ndarray:
        """Semitones that move a piece to the common key from each key that it may be in."""
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
        alike: dict[bytes, list[int]] = {}  # pieces whose styles have the same weights
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

    def _generate(self, requests: Requests, temperature: float) -> Iterator[np.ndarray]:
        """Yield frames of several pieces, (n_pieces, n_features), without end."""
        sampler, shifts = self._start_sampling(requests)
        frames = sampler.compose(requests.rng, temperature=temperature)
        return (move_back(frame, shifts) for frame in frames)

    def _requests(
        self,
        prime: Any,
        then: Any,
        n_pieces: int | None,
        style: Any,
        key: Any,
        random_state: Any,
        cues: np.ndarray = NO_CUES,
        *,
        chords: Any = None,
        n_frames: int | None = None,
    ) -> Requests:
        """Check what is asked of each piece: arguments of `sample`."""
        nothing = [np.zeros((0, self.n_features_in_), np.float32)]
        music = {"prime": nothing, "then": nothing}
        for name, given in (("prime", prime), ("then", then)):
            if given is not None:
                music[name], _ = check_pieces(self, given, name=name)
                check_support(music[name], self.emission_, name)
        if key is not None and not self.key_invariant_:
            raise ValueError(
                f"key={key!r} was asked for, but this composer has learned every piece in the "
                "key that it came in (key_invariant_ is False): leave key out"
            )
        if chords is not None:
            self._check_chords("chords")

        def read_chords(chords: Any, style: Any, name: str) -> np.ndarray:
            timing = self.timing_of(style) if len(self._clocks) else None
            return frames_of_chords(chords, timing, n_frames, name=name)

        return Requests.read(
            music["prime"],
            music["then"],
            chords=chords,
            read_chords=read_chords,
            style=style,
            key=key,
            random_state=self.random_state if random_state is None else random_state,
            n_pieces=n_pieces,
            styles=self.styles_,
            cues=cues,
        )

    def _fill_gaps(self, requests: Requests, n_frames: int, temperature: float) -> list[np.ndarray]:
        """Compose between the primes and the passages that follow, one piece after the other."""
        emission = self._network(self.weights_).emission
        device = emission.origin.device

        @torch.inference_mode()
        def log_prob(*arrays: np.ndarray) -> np.ndarray:
            tensors = [torch.from_numpy(np.ascontiguousarray(each)).to(device) for each in arrays]
            return emission.log_prob(*tensors).cpu().numpy()

        pieces = []
        for request, rng in requests:
            ways = Requests([request] * N_PARTICLES, rng)
            sampler, shifts = self._start_sampling(ways)
            with one_blas_thread():
                frames, shift = fill_gap(
                    sampler,
                    shifts,
                    request.then,
                    n_frames,
                    rng,
                    log_prob,
                    temperature=temperature,
                )
            pieces.append(np.roll(frames, -shift, axis=1))
        return pieces

    def _start_sampling(self, requests: Requests) -> tuple[Sampler, np.ndarray]:
        """Return a sampler at the end of all primes, and the shift of each piece to the common key.

        Without a key that of each piece is drawn, by its probability after the prime.
        """
        read = []
        build_network = cache(partial(self._network, self.weights_))  # once, for all primes

        def read_prime(prime: np.ndarray, style: np.ndarray) -> np.ndarray:
            # One by one, since torch rounds products of several pieces differently.
            numbers = np.flatnonzero(style)
            styles = np.broadcast_to(numbers[:, None], (len(numbers), len(prime)))
            odds, nats = read_primes(
                build_network(),
                [prime],
                [styles],
                [self._key_shifts],
                weights=style[numbers],
            )[0]
            read.append((nats / len(prime), len(prime)))
            return odds

        sampler, shifts = start_sampler(
            requests,
            emission=self.emission_,
            weights=self.weights_,
            traits=self._traits,
            shifts=self._key_shifts,
            read_prime=read_prime,
            seconds=seconds_of_frames(self._clocks),
        )
        warn_of_strange_primes(read, self._reference)
        return sampler, shifts
