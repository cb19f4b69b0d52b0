"""Sampling in NumPy: each drawn frame is fed back before the next one is drawn.

For a single frame, calling torch takes longer than the computation, so the network is computed in
NumPy with its exported weights.

Each piece has a row in the network's batch, or a row for each style of its blend. If each piece is
drawn from its own random state, the computation for one piece must not depend on the other pieces.
BLAS may round a product of several rows differently from a product of one row, so the rows of each
piece are then multiplied separately.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from ._bernoulli import BernoulliNADESampler
from ._cues import N_CUES, ending_cues
from ._emission import EmissionSampler, Weights, choose
from ._following import Following
from ._gaussian import GaussianMixtureSampler, SquaredErrorSampler
from ._logistic import LogisticNADESampler
from ._tied import TiedNADESampler
from ._trunk import Trunk, multiply_apart

SAMPLERS: dict[str, Callable[[Weights], EmissionSampler]] = {
    "chroma": partial(LogisticNADESampler, loudest_first=True),
    "logistic": LogisticNADESampler,
    "bernoulli": BernoulliNADESampler,
    "tied bernoulli": TiedNADESampler,
    "gaussian": GaussianMixtureSampler,
    "mse": SquaredErrorSampler,
    "independent logistic": partial(LogisticNADESampler, autoregressive=False),
    "independent bernoulli": partial(BernoulliNADESampler, autoregressive=False),
    "independent tied bernoulli": partial(TiedNADESampler, autoregressive=False),
}


_NO_CUE = np.empty((0, N_CUES), np.float32)

Draws = np.random.RandomState | Sequence[np.random.RandomState]
"""One random state for all pieces, or one for each piece."""


def source_of(rng: Draws, piece: int) -> np.random.RandomState:
    """Return the random state of a piece: the shared one, or its own."""
    return rng if isinstance(rng, np.random.RandomState) else rng[piece]


@dataclass(frozen=True)
class Voices:
    """Rows of the batch for blends of styles: each piece has a row for each of its styles.

    Attributes
    ----------
    pieces : ndarray of int, of shape (n_rows,)
        Number of the piece that each row reads, in ascending order.
    weights : ndarray of shape (n_rows,)
        Probability that the next frame of the piece is drawn from this row.
    """

    pieces: np.ndarray
    weights: np.ndarray

    @property
    def n_pieces(self) -> int:
        """Number of pieces."""
        return int(self.pieces[-1]) + 1

    def draw(self, rng: Draws) -> np.ndarray:
        """Draw one of the rows of each piece; return row numbers, (n_pieces,).

        The weights of the rows are the probabilities. No random number is used for a piece with a
        single row.
        """
        chosen = []
        for piece, rows in enumerate(self._rows):
            row = rows[0]
            if len(rows) > 1:
                row += choose(self.weights[rows], source_of(rng, piece).random_sample())
            chosen.append(row)
        return np.array(chosen)

    def take(self, pieces: np.ndarray) -> tuple[np.ndarray, Self]:
        """Return the row numbers of `pieces`, in this order, and the voices of these rows."""
        rows = [self._rows[piece] for piece in pieces]
        order = np.concatenate(rows)
        numbers = np.repeat(np.arange(len(rows)), [len(each) for each in rows])
        return order, type(self)(numbers, self.weights[order])

    @property
    def _rows(self) -> list[np.ndarray]:
        borders = np.searchsorted(self.pieces, np.arange(1, self.n_pieces))
        return np.split(np.arange(len(self.pieces)), borders)


class Sampler:
    """Generator of several pieces at once, with the state of each.

    Parameters
    ----------
    emission : str
        Name of the emission, a key of `SAMPLERS`.
    weights : dict of str to ndarray
        The network's weights.
    conditioning : ndarray of shape (embedding_size,) or (n_pieces, embedding_size)
        Sum of the embeddings of style, key and traits: one for all pieces, or one for each. For an
        emission with several strands, each strand has a row: (n_strands, embedding_size) or
        (n_pieces, n_strands, embedding_size).
    n_pieces : int, default=1
        Number of pieces (rows of the batch), which all start without frames.
    apart : bool, default=False
        Whether to compute each row separately, so that rounding does not depend on the other rows.

    Attributes
    ----------
    voices : Voices or None
        Rows that read each piece; None if each piece has a single row.
    cues : ndarray of shape (n_frames, N_CUES)
        Cues of the frames after the next one; frames beyond the end of the array have none.
    """

    def __init__(
        self,
        emission: str,
        weights: Mapping[str, np.ndarray],
        *,
        conditioning: np.ndarray,
        n_pieces: int = 1,
        apart: bool = False,
    ) -> None:
        self.emission = SAMPLERS[emission](under(weights, "emission."))
        layer_weights, biases = zip(*self.emission.layers, strict=True)
        self._weight = np.ascontiguousarray(np.concatenate(layer_weights).T)
        self._bias = np.concatenate(biases)
        n_strands = self.emission.n_strands
        self.multiply = partial(multiply_apart, size=n_strands) if apart else np.dot
        self.voices: Voices | None = None
        self.cues = _NO_CUE
        self.following: Following | None = None
        if n_strands > 1:
            shape = n_pieces, n_strands, conditioning.shape[-1]
            conditioning = np.broadcast_to(conditioning, shape).reshape(-1, shape[-1])
        self.trunk = Trunk(weights, conditioning, n_pieces * n_strands, multiply=self.multiply)
        self.memory = self.emission.remember(n_pieces)
        self._encoded = self.emission.encode(self.memory.known)
        self._n_flags = self.trunk.n_inputs - self.emission.n_inputs - N_CUES
        nothing = np.zeros((n_pieces * n_strands, self.emission.n_inputs))
        self.trunk.step(self._inputs(nothing, start=True))

    @property
    def n_pieces(self) -> int:
        """Number of pieces."""
        return len(self.previous) if self.voices is None else self.voices.n_pieces

    @property
    def context(self) -> np.ndarray:
        """Output of the network for the next frame of each row, (n_rows, n_context)."""
        return self.trunk.context.reshape(len(self.previous), -1)

    @property
    def previous(self) -> np.ndarray:
        """Past of each row, as the emission reads it; for most emissions, the last frame."""
        return self.memory.known

    def read(self, primes: Sequence[np.ndarray]) -> None:
        """Read the prime of each row, frame by frame.

        Parameters
        ----------
        primes : sequence of ndarray of shape (n_prime_frames, n_features)
            Prime of each row; primes may differ in length.
        """
        lengths = np.array([len(prime) for prime in primes])
        shape = lengths.max(), len(primes), self.emission.n_features
        frames = np.zeros(shape, np.float32)
        for i, prime in enumerate(primes):
            frames[len(frames) - len(prime) :, i] = prime  # align the ends
        before = self.take_rows(np.arange(len(primes)))
        for n_left, frame in zip(range(len(frames), 0, -1), frames, strict=True):
            self._read_frame(frame)
            waiting = np.flatnonzero(lengths < n_left)
            if len(waiting):
                self.trunk.put(self._strands(waiting), before.trunk)
                self.memory.put(waiting, before.memory)
                self._encoded[self._strands(waiting)] = before._encoded[self._strands(waiting)]

    def take(self, pieces: Sequence[int] | np.ndarray) -> Self:
        """Return a sampler that continues the pieces numbered `pieces` from their current state.

        Numbers may repeat: ``sampler.take([0] * 64)`` continues one piece in 64 ways without
        reading its prime again.
        """
        pieces = np.asarray(pieces)
        rows, voices = (pieces, None) if self.voices is None else self.voices.take(pieces)
        taken = self.take_rows(rows, voices)
        if self.following is not None:
            taken.following = self.following.take(pieces)
        return taken

    def take_rows(self, rows: np.ndarray, voices: Voices | None = None) -> Self:
        """Return a sampler that continues these rows of the batch.

        `voices` assigns the rows to pieces; None means that each row is a piece.
        """
        taken = copy(self)
        taken.trunk = self.trunk.take(self._strands(rows))
        taken.memory = self.memory.take(rows)
        taken._encoded = self._encoded[self._strands(rows)]
        taken.voices = voices
        return taken

    def draw(self, rng: Draws, *, temperature: float = 1.0) -> np.ndarray:
        """Draw a next frame of every piece, (n_pieces, n_features), without feeding it back.

        Parameters
        ----------
        rng : RandomState, or a sequence of them
            Random state for all pieces, or one for each piece.
        temperature : float, default=1.0
            Values below 1 favor likely choices.
        """
        rows = None if self.voices is None else self.voices.draw(rng)
        following = self.following
        if following is None:
            return self._draw_free(rows, rng, temperature)
        asked, free = following.asked, following.free
        if len(free) == 0:
            return self._draw_asked(following, rows, asked, rng, temperature)
        n_pieces = len(asked) + len(free)
        rows = np.arange(n_pieces) if rows is None else rows
        frames = np.empty((n_pieces, self.emission.n_features), np.float32)
        frames[free] = self._draw_free(rows[free], _sources(rng, free), temperature)
        if len(asked):
            frames[asked] = self._draw_asked(following, rows[asked], asked, rng, temperature)
        return frames

    def step(self, rng: Draws, *, temperature: float = 1.0) -> np.ndarray:
        """Draw the next frame of every piece, and feed it back."""
        frames = self.draw(rng, temperature=temperature)
        self.feed(frames, generated=True)
        return frames

    def compose(self, rng: Draws, *, temperature: float = 1.0) -> Iterator[np.ndarray]:
        """Yield frames of all pieces endlessly, (n_pieces, n_features) at a time."""
        while True:
            yield self.step(rng, temperature=temperature)

    def feed(self, frames: np.ndarray, *, generated: bool = False) -> None:
        """Feed every piece its next frame, a row of `frames` (n_pieces, n_features)."""
        cue, self.cues = self.cues[:1], self.cues[1:]
        if self.following is not None:
            self.following.advance()
        if self.voices is not None:
            frames = frames[self.voices.pieces]
        self._read_frame(frames, generated=generated, cue=cue)

    def end(self, n_frames: int) -> None:
        """End the pieces after `n_frames` more frames: give cues to the frames after the next one.

        The cues of the next frame stay: the network has read them with the frame before it.
        """
        self.cues = ending_cues(np.arange(n_frames - 1, 0, -1))

    def _draw_free(self, rows: np.ndarray | None, rng: Draws, temperature: float) -> np.ndarray:
        """Draw frames, (n, n_features), without chords, for `rows` of the batch (None for all)."""
        context, known = self.context, self.previous
        if rows is not None:
            context, known = context[rows], known[rows]
        by_strand = context.reshape(-1, len(self._weight))
        readout = self.multiply(by_strand, self._weight) + self._bias
        return _draw(self.emission, readout.reshape(len(known), -1), known, rng, temperature)

    def _draw_asked(
        self,
        following: Following,
        rows: np.ndarray | None,
        pieces: np.ndarray,
        rng: Draws,
        temperature: float,
    ) -> np.ndarray:
        """Draw a frame that follows chords for each of `pieces`, (n, n_features).

        `rows` are the rows of the batch to draw from, one for each piece (None for all).
        """
        context, known, encoded = self.context, self.previous, self._encoded
        if rows is not None:
            context, known, encoded = context[rows], known[rows], encoded[self._strands(rows)]
        emission = following.emission

        def draw(readout: np.ndarray, previous: np.ndarray, pieces: np.ndarray) -> np.ndarray:
            return _draw(emission, readout, previous, _sources(rng, pieces), temperature)

        encoded = emission.encode_again(known, encoded)
        # The number of draws at once depends on all pieces, so it must be 1 if each piece has its
        # own random state.
        several = isinstance(rng, np.random.RandomState) and len(pieces) > 1
        n_at_once = emission.n_at_once if several else 1
        return following.draw(context, encoded, known, draw, pieces, n_at_once)

    def _read_frame(
        self, frames: np.ndarray, *, generated: bool = False, cue: np.ndarray = _NO_CUE
    ) -> None:
        self.memory.read(frames)
        self._encoded = self.emission.encode(self.memory.known)
        self.trunk.step(self._inputs(self._encoded, generated=generated, cue=cue))

    def _strands(self, rows: np.ndarray) -> np.ndarray:
        """Return the indices of the trunk's rows that hold the strands of `rows` of the batch."""
        n_strands = self.emission.n_strands
        return (rows[:, None] * n_strands + np.arange(n_strands)).ravel()

    def _inputs(
        self,
        encoded: np.ndarray,
        *,
        start: bool = False,
        generated: bool = False,
        cue: np.ndarray = _NO_CUE,
    ) -> np.ndarray:
        """Return the trunk's inputs except the conditioning: the encoded frame, flags and cues."""
        n_read = encoded.shape[1]
        inputs = np.empty((len(encoded), self.trunk.n_inputs), np.float32)
        inputs[:, :n_read] = encoded
        inputs[:, n_read:-N_CUES] = (start, generated)[: self._n_flags]
        inputs[:, -N_CUES:] = cue if len(cue) else 0
        return inputs


def _sources(rng: Draws, pieces: np.ndarray) -> Draws:
    """Return the shared random state, or a list of the random states of `pieces`."""
    return rng if isinstance(rng, np.random.RandomState) else [rng[i] for i in pieces.tolist()]


def _draw(
    emission: EmissionSampler,
    readout: np.ndarray,
    previous: np.ndarray,
    rng: Draws,
    temperature: float,
) -> np.ndarray:
    if isinstance(rng, np.random.RandomState):
        return emission.draw(readout, previous, rng, temperature)
    return emission.draw_each(readout, previous, rng, temperature)


def under(weights: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """Return the weights whose names begin with `prefix`, which is removed from the names."""
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def follow(
    sampler: Sampler,
    emission: str,
    weights: Mapping[str, np.ndarray],
    chords: Sequence[np.ndarray],
    *,
    seconds: float,
) -> None:
    """Make the pieces follow `chords`, transposed like the pieces, from the next frame on."""
    of_chords = under(weights, "chords.")
    sampler.following = Following(
        SAMPLERS[emission](under(of_chords, "emission.")),
        (of_chords["hidden.weight"], of_chords["hidden.bias"]),
        chords,
        seconds=seconds,
        multiply=sampler.multiply,
    )


def rank_frames(frames: np.ndarray, n_best: int) -> tuple[np.ndarray, np.ndarray]:
    """Group draws by the features that sound, and return the most frequent groups.

    Parameters
    ----------
    frames : ndarray of shape (n_draws, n_features)
        Draws in [0, 1]; a feature sounds if it is at least 0.5.
    n_best : int
        Maximum number of groups to return.

    Returns
    -------
    commonest : ndarray of shape (n_best, n_features)
        Mean of the draws in each group, the most frequent group first; fewer rows if there are
        fewer groups.
    shares : ndarray of shape (n_best,)
        Share of all draws that are in each group.
    """
    _, kinds, counts = np.unique(frames >= 0.5, axis=0, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), frames.shape[1]))
    np.add.at(sums, kinds.ravel(), frames)
    order = np.argsort(-counts, kind="stable")[:n_best]
    commonest = (sums[order] / counts[order, None]).astype(np.float32)
    return commonest, counts[order] / len(frames)


def move_back(frames: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Transpose a frame of each piece, (n_pieces, n_features), back from the common key."""
    if not shifts.any():
        return frames
    columns = np.arange(frames.shape[1]) + shifts[:, None]
    return np.take_along_axis(frames, columns % frames.shape[1], axis=1)
