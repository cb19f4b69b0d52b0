"""Methods of a fitted composer that sample: next frames, pieces and streams."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import islice
from typing import Any, overload

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from ..base.blas import one_blas_thread, one_openmp_thread
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
from ..base.pieces import is_collection
from ..base.styles import style_weights
from ..theory.chord import Chord
from ..theory.progression import frames_of_chords, has_progressions
from ._checks import check_pieces, check_support
from ._chords import until_the_end
from ._clock import seconds_of_frames
from ._emission import is_bounded
from ._endings import compose_to_end
from ._fitted import FittedComposer
from ._inference import read_primes
from ._infilling import N_PARTICLES, LogProb, fill_gap
from ._next_chords import NextChordsMixin
from ._reference import warn_of_few_endings, warn_of_strange_primes
from ._requests import Requests, is_list, start_sampler
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


class SamplingComposer(NextChordsMixin, FittedComposer):
    """Composer with trained weights, which also samples."""

    def next_frames(
        self,
        X: Any,
        *,
        n_best: int = 5,
        style: Any = None,
        n_draws: int = 1000,
        random_state: int | np.random.RandomState | None = None,
    ) -> Any:
        """Return the most likely frames after a piece, and their probabilities.

        `predict` returns the mean of all possible next frames; this method lists the alternatives.
        It samples many next frames, and groups those in which the same features are at least 0.5:
        the same notes of a piano roll, or the same pitch classes of chroma.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Pieces to continue, with values in [0, 1].
        n_best : int, default=5
            Maximum number of groups to return.
        style : object or dict, default=None
            Style as in `sample`.
        n_draws : int, default=1000
            Number of next frames to sample; memory and time grow with it. The standard error of a
            probability is at most ``n_draws**-0.5 / 2``.
        random_state : int, RandomState instance or None, default=None
            Seed for the samples. None uses the `random_state` of the estimator.

        Returns
        -------
        frames : ndarray of shape (n_best, n_features)
            Mean frame of each group, the most likely group first; fewer rows if there are fewer
            groups. For a collection, a list of pairs (frames, probabilities).
        probabilities : ndarray of shape (n_best,)
            Probability of each group.

        Raises
        ------
        ValueError
            If the emission is "gaussian" or "mse", or an argument is invalid.

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
        style_weights(style, self.styles_)  # raises an error for an unknown style
        if not is_bounded(self.emission_):
            raise ValueError(
                "next_frames needs a composer of data from 0 to 1, but emission_ is "
                f"{self.emission_!r}: use predict, or sample(1, n_pieces=...)"
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
        r"""Compose new pieces, or continue given ones.

        Parameters
        ----------
        n_frames : int
            Number of new frames.
        n_pieces : int, default=None
            Number of pieces to compose at once. None means a single piece or, if an argument below
            has one entry per piece, as many pieces as entries.
        prime : array-like of shape (n_prime_frames, n_features), or a collection, default=None
            Music to continue, which is not part of the result. A collection gives one new piece
            for each prime. A piece without a prime is conditioned on the traits of a training piece
            if the composer uses traits (see the Notes of :class:`musicai.LSTMComposer`).
        then : array-like of shape (n_then_frames, n_features), or a collection, default=None
            Music that follows the new frames, which then fill the gap between `prime` and `then`.
            It is not part of the result. Sequential Monte Carlo samples 64 candidates, weights each
            by the likelihood that the first frames of `then` (at most 32) follow it, and draws one.
            This takes much longer than sampling without `then`. To compose a loop, pass the
            beginning of `prime`. A collection has one entry per piece.
        style : object or dict, or a list of them, default=None
            One of `styles_`; a dict of styles and their weights to blend them, such as
            ``{"folk": 0.7, "jazz": 0.3}`` (see Notes); or None for no particular style. A list has
            one entry per piece.
        key : str, or a list of them, default=None
            Key of the new frames: "C", "F#", "Bb major", "Am", "C# minor" and so on; a lowercase
            letter alone, such as "d", is a minor key. A major key and its relative minor ("C" and
            "Am") are equivalent here. With a prime, `key` states the key of the prime, which is not
            transposed. None stands for the key of `chords` if there are chords and no prime. In all
            other cases, None draws a key: from the distribution of keys given the prime, or
            uniformly if there is no prime. Piano rolls are instead composed without conditioning on
            a key. If `key_invariant_` is False, only None is valid.
        chords : str, or list of Chord or of pairs, or a list of these, default=None
            Chord progression to follow, for chroma and piano rolls. Text such as ``"C | Am | F | G
            | C"`` lists bars in the meter of the style, and the chords of a bar share it evenly;
            ``/`` repeats a chord, ``%`` repeats a bar, and ``*`` or ``N`` leaves the chord open.
            Symbols are written as in lead sheets ("F#m7b5") or in Harte's syntax ("Bb:min7"); bass
            notes and tensions are ignored. Charts from :func:`musicai.render.chord_chart` are
            accepted, and keep their meter. If frames have a fixed rate, bars follow the tempo of
            the chart; without a chart, they have four beats at 120 bpm. Alternatively, pass a list
            of :class:`musicai.render.Chord`, timed in seconds, or a list of pairs (symbol,
            n_frames), timed in frames. The progression repeats until the piece ends. It determines
            the key if neither `key` nor `prime` does. A list of progressions has one per piece.
        ending : bool, default=False
            Whether the pieces end at their last frame, in the way that training pieces end. The
            last 48 frames are sampled in 64 ways, and those that the network considers the clearest
            ending are the most likely to be chosen. A progression then repeats a whole number of
            times, and its last chord lasts until the end. Warns if few training pieces have an
            ending. Cannot be combined with `then`.
        temperature : float, default=1.0
            Values below 1 favor likely choices; 1 leaves the distribution unchanged. Temperature
            rescales the probabilities of choices (the loudest pitch class, mixture components,
            notes). Its square scales the width of the components of "chroma" and "logistic". For
            "mse", the temperature scales only the width. Valid values are 0.0001 to 10000.
        random_state : int, RandomState instance or None, or a list of them, default=None
            Seed for sampling. None uses the `random_state` of the estimator; if that is an integer,
            every call composes the same music. A list has one seed per piece, and each piece is
            then identical to the piece that is composed alone with its seed and other arguments.
            With one seed for all pieces, each piece depends on the number of pieces.

        Returns
        -------
        piece : ndarray of shape (n_frames, n_features), or a list of them
            New frames as float32; a list if `n_pieces` is given or an argument has one entry per
            piece. With the emission "chroma", no frame is silent, and exactly one feature of each
            frame is 1.

        Raises
        ------
        ValueError
            If the style, key or a chord is unknown, chords last longer than `n_frames`, bars or
            seconds are given but the composer was fitted without timing, `prime` or `then` has the
            wrong number of features or values outside the range of the emission, lists differ in
            length, or another argument is invalid.

        Notes
        -----
        In a blend of styles with weights :math:`w_s` that sum to one, a style is drawn for each
        frame according to the weights. The frame is conditioned on this style and on all previous
        frames:

        .. math:: p(x_t \mid x_1, \dots, x_{t-1})
           = \sum_s w_s \, p(x_t \mid x_1, \dots, x_{t-1}, s).

        ``score(X, y)`` evaluates this distribution if a label in `y` is such a dict. The time of
        sampling grows with the number of styles in the blend.

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
        if ending and then is not None:
            raise ValueError("then continues the music, but ending=True ends it: leave out one")
        if ending:
            warn_of_few_endings(self._n_endings)
        requests = self._requests(
            prime,
            then,
            n_pieces,
            style,
            key,
            random_state,
            chords=chords,
            n_frames=n_frames,
            ending=ending,
        )
        if ending:
            pieces = self._compose_to_end(requests, n_frames, temperature)
        elif then is None:
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
        """Compose an endless piece frame by frame.

        Parameters
        ----------
        prime : array-like of shape (n_prime_frames, n_features), default=None
            Music to continue.
        style : object or dict, default=None
            Style as in `sample`.
        key : str, default=None
            Key as in `sample`.
        chords : str, or list of Chord or of pairs, default=None
            Chord progression as in `sample`; it repeats forever.
        temperature : float, default=1.0
            Temperature as in `sample`; values below 1 favor likely choices.
        random_state : int, RandomState instance or None, default=None
            Seed for sampling. None uses the `random_state` of the estimator.

        Returns
        -------
        frames : iterator of ndarray of shape (n_features,)
            Frames of the piece; the first n equal ``sample(n)`` with the same arguments. The method
            ``end(n_frames)`` of the iterator ends the piece after `n_frames` more frames.

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
            raise ValueError("stream continues one piece, but prime is a collection: pass a piece")
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

    def _generate(self, requests: Requests, temperature: float) -> Iterator[np.ndarray]:
        """Yield frames of all pieces endlessly, (n_pieces, n_features) at a time."""
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
        *,
        chords: Any = None,
        n_frames: int | None = None,
        ending: bool = False,
    ) -> Requests:
        """Check arguments of `sample` and collect them into one request per piece."""
        nothing = [np.zeros((0, self.n_features_in_), np.float32)]
        music = {"prime": nothing, "then": nothing}
        for name, given in (("prime", prime), ("then", then)):
            if given is not None:
                music[name], _ = check_pieces(self, given, name=name)
                check_support(music[name], self.emission_, name)
        if key is not None and not self.key_invariant_:
            raise ValueError(
                f"key={key!r} needs a composer with key_invariant_=True; this one was trained "
                "on pieces in their original keys: leave out key"
            )
        if chords is not None:
            self._check_chords("chords")

        def read_chords(chords: Any, style: Any, name: str) -> np.ndarray:
            timing = self.timing_of(style) if len(self._clocks) else None
            numbers = frames_of_chords(chords, timing, n_frames, name=name)
            return until_the_end(numbers, n_frames) if ending and n_frames else numbers

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
        )

    def _log_prob(self) -> LogProb:
        """Return a function that computes log-probabilities of frames under the emission."""
        emission = self._network(self.weights_).emission
        device = emission.origin.device

        @torch.inference_mode()
        def log_prob(*arrays: np.ndarray) -> np.ndarray:
            tensors = [torch.from_numpy(np.ascontiguousarray(each)).to(device) for each in arrays]
            return emission.log_prob(*tensors).cpu().numpy()

        return log_prob

    def _compose_to_end(
        self, requests: Requests, n_frames: int, temperature: float
    ) -> list[np.ndarray]:
        """Compose pieces that end at their last frame."""
        sampler, shifts = self._start_sampling(requests)
        log_prob = self._log_prob()
        with one_blas_thread(), one_openmp_thread():
            pieces = compose_to_end(
                sampler, n_frames, requests.rng, log_prob, temperature=temperature
            )
            return [
                np.roll(frames, -shift, axis=1)
                for frames, shift in zip(pieces, shifts, strict=True)
            ]

    def _fill_gaps(self, requests: Requests, n_frames: int, temperature: float) -> list[np.ndarray]:
        """Fill the gaps between primes and the passages that follow, one piece at a time."""
        pieces, log_prob = [], self._log_prob()
        for request, rng in requests:
            particles = Requests([request] * N_PARTICLES, rng)
            sampler, shifts = self._start_sampling(particles)
            with one_blas_thread(), one_openmp_thread():
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
        """Return a sampler that has read all primes, and each piece's shift to the common key."""
        read = []
        build_network = cache(partial(self._network, self.weights_))  # once for all primes

        def read_prime(prime: np.ndarray, style: np.ndarray) -> np.ndarray:
            # Primes are read one at a time, since rounding in torch depends on the batch size.
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
