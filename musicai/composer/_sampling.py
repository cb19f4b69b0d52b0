"""Free-running generation in NumPy: every drawn frame is fed back, and the next one follows.

Generation cannot look ahead: each frame is read before the next one is drawn. A step of an LSTM is
then the product of a vector and a matrix and little else, and torch takes several times as long to
be called as the product takes to compute. So all of it works on the exported weights.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Self

import numpy as np

from ..base.blas import one_blas_thread
from ._bernoulli import BernoulliNADESampler
from ._emission import EmissionSampler, Weights, sample_categorical
from ._gaussian import GaussianMixtureSampler, SquaredErrorSampler
from ._logistic import LogisticNADESampler

# Draws of one frame before a rule it must keep is enforced.
_MOST_DRAWS = 20

SAMPLERS: dict[str, Callable[[Weights], EmissionSampler]] = {
    "logistic": LogisticNADESampler,
    "bernoulli": BernoulliNADESampler,
    "gaussian": GaussianMixtureSampler,
    "mse": SquaredErrorSampler,
    "independent logistic": partial(LogisticNADESampler, autoregressive=False),
    "independent bernoulli": partial(BernoulliNADESampler, autoregressive=False),
}


class Sampler:
    """Generates several pieces at once, and keeps the state of each.

    Parameters
    ----------
    emission : str
        The distribution of a frame, a key of `SAMPLERS`.
    weights : dict of str to ndarray
        The network's weights.
    conditioning : ndarray of shape (embedding_size,) or (n_pieces, embedding_size)
        The embeddings of style, key and traits, added up, of all pieces or of each.
    n_pieces : int, default=1
        How many pieces; all start from nothing.
    """

    def __init__(
        self,
        emission: str,
        weights: Mapping[str, np.ndarray],
        *,
        conditioning: np.ndarray,
        n_pieces: int = 1,
    ) -> None:
        prefix = "emission."
        self.emission = SAMPLERS[emission](
            {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
        )
        layer_weights, biases = zip(*self.emission.layers, strict=True)
        self._weight = np.ascontiguousarray(np.concatenate(layer_weights).T)
        self._bias = np.concatenate(biases)
        self.trunk = Trunk(weights, conditioning, n_pieces)
        self.previous = np.tile(self.emission.origin, (n_pieces, 1))
        self._n_flags = self.trunk.n_inputs - self.emission.n_inputs
        self.trunk.step(self._inputs(np.zeros((n_pieces, self.emission.n_inputs)), start=True))

    def read(self, primes: Sequence[np.ndarray]) -> None:
        """Feed each piece the frames of its prime.

        Parameters
        ----------
        primes : sequence of ndarray of shape (n_prime_frames, n_features)
            One for each piece, of any lengths.
        """
        lengths = np.array([len(prime) for prime in primes])
        frames = np.zeros((lengths.max(), *self.previous.shape), np.float32)
        for i, prime in enumerate(primes):
            frames[len(frames) - len(prime) :, i] = prime  # all end together
        before = self.take(np.arange(len(primes)))
        for n_left, frame in zip(range(len(frames), 0, -1), frames, strict=True):
            self._read_frame(frame)
            waiting = np.flatnonzero(lengths < n_left)
            if len(waiting):
                self.trunk.put(waiting, before.trunk)
                self.previous[waiting] = before.previous[waiting]

    def take(self, rows: Sequence[int] | np.ndarray) -> Self:
        """Return a sampler with the state of this one in the pieces numbered `rows`.

        A number may come several times: ``sampler.take([0] * 64)`` continues one piece in 64 ways,
        and its prime is read once.
        """
        taken = copy(self)
        taken.trunk = self.trunk.take(np.asarray(rows))
        taken.previous = self.previous[rows]
        return taken

    def draw(
        self, rng: np.random.RandomState, *, temperature: float = 1.0, peaked: bool = False
    ) -> np.ndarray:
        """Draw a next frame of every piece, (n_pieces, n_features), without feeding it back.

        Parameters
        ----------
        rng : RandomState
            Source of all draws.
        temperature : float, default=1.0
            Below 1 makes likely choices likelier.
        peaked : bool, default=False
            Whether the loudest feature of every frame must be 1; there is no silence then.
        """
        readout = np.dot(self.trunk.context, self._weight) + self._bias
        frames = self.emission.draw(readout, self.previous, rng, temperature)
        if not peaked:
            return frames
        for _ in range(_MOST_DRAWS):
            # Drawing again is sampling given that the frame sounds and peaks at 1.
            flat = np.flatnonzero(frames.max(1) < 1)
            if len(flat) == 0:
                return frames
            frames[flat] = self.emission.draw(readout[flat], self.previous[flat], rng, temperature)
        return self._with_peaks(frames)

    def step(
        self, rng: np.random.RandomState, *, temperature: float = 1.0, peaked: bool = False
    ) -> np.ndarray:
        """Draw the next frame of every piece, and feed it back."""
        frames = self.draw(rng, temperature=temperature, peaked=peaked)
        self._read_frame(frames, generated=True)
        return frames

    def compose(
        self, rng: np.random.RandomState, *, temperature: float = 1.0, peaked: bool = False
    ) -> Iterator[np.ndarray]:
        """Yield next frames of every piece, (n_pieces, n_features), without end."""
        while True:
            yield self.step(rng, temperature=temperature, peaked=peaked)

    def _read_frame(self, frames: np.ndarray, *, generated: bool = False) -> None:
        self.trunk.step(self._inputs(self.emission.encode(frames), generated=generated))
        self.previous[:] = frames

    def _inputs(
        self, encoded: np.ndarray, *, start: bool = False, generated: bool = False
    ) -> np.ndarray:
        """Return the inputs of the trunk, the conditioning aside: the encoded frame and flags."""
        n_read = encoded.shape[1]
        inputs = np.empty((len(encoded), n_read + self._n_flags), np.float32)
        inputs[:, :n_read] = encoded
        inputs[:, n_read:] = (start, generated)[: self._n_flags]
        return inputs

    def _with_peaks(self, frames: np.ndarray) -> np.ndarray:
        """Raise the loudest feature of every frame to 1; in silence, that of the expected frame."""
        expected = self.emission.mean(self.trunk.context, self.previous)
        sounds = frames.max(1, keepdims=True) > 0
        loudest = np.where(sounds, frames, expected).argmax(1)
        frames[np.arange(len(frames)), loudest] = 1
        return frames


class Trunk:
    """Stacked LSTM with the state of several pieces.

    Parameters
    ----------
    weights : dict of str to ndarray
        The network's weights.
    conditioning : ndarray of shape (embedding_size,) or (n_pieces, embedding_size)
        The embeddings of style, key and traits, added up, of all pieces or of each. They never
        change within a piece, so their share of the first layer's input is computed once.
    n_pieces : int
        Number of pieces.
    """

    def __init__(
        self, weights: Mapping[str, np.ndarray], conditioning: np.ndarray, n_pieces: int
    ) -> None:
        self._layers = []
        for number in range(sum(name.startswith("lstm.weight_hh") for name in weights)):
            inputs, recurrent, bias_ih, bias_hh = (
                weights[f"lstm.{name}_l{number}"]
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            bias = bias_ih + bias_hh
            if number == 0:
                n_constant = np.shape(conditioning)[-1]
                inputs, of_conditioning = np.split(inputs, [-n_constant], axis=1)
                bias = conditioning @ of_conditioning.T + bias
                self.n_inputs = inputs.shape[1]
            self._layers.append(_Layer(inputs, recurrent, bias, n_pieces))

    @property
    def context(self) -> np.ndarray:
        """The output for the last frames, (n_pieces, hidden_size); a step overwrites it."""
        return self._layers[-1].hidden

    def step(self, inputs: np.ndarray) -> None:
        """Read one frame of every piece: `inputs` (n_pieces, n_inputs)."""
        for layer in self._layers:
            layer.step(inputs)
            inputs = layer.hidden

    def take(self, rows: np.ndarray) -> Self:
        """Return a trunk with the state of this one in the pieces numbered `rows`."""
        taken = copy(self)
        taken._layers = [layer.take(rows) for layer in self._layers]
        return taken

    def put(self, rows: np.ndarray, other: Self) -> None:
        """Take up the state of `other` in the pieces numbered `rows`."""
        for layer, source in zip(self._layers, other._layers, strict=True):
            layer.put(rows, source)


class _Layer:
    """One layer of an LSTM, its weights as in torch: blocks of input, forget, cell, output gate.

    Inputs and hidden vector share one array, so that one product takes up both. The gates are put
    in another order and halved: sigmoid(a) = (1 + tanh(a / 2)) / 2, so that one tanh
    serves the three gates and the proposal for the cell.
    """

    def __init__(
        self, inputs: np.ndarray, recurrent: np.ndarray, bias: np.ndarray, n_pieces: int
    ) -> None:
        size = recurrent.shape[1]
        self._weight = np.ascontiguousarray(_gates_first(np.hstack([inputs, recurrent]).T))
        self._bias = _gates_first(bias)
        self._read = np.zeros((n_pieces, len(self._weight)), np.float32)
        self._cell = np.zeros((n_pieces, size), np.float32)
        self._gates = np.empty((n_pieces, 4 * size), np.float32)

    @property
    def hidden(self) -> np.ndarray:
        return self._read[:, -self._cell.shape[1] :]

    def step(self, inputs: np.ndarray) -> None:
        size = self._cell.shape[1]
        self._read[:, :-size] = inputs
        gates = np.dot(self._read, self._weight, out=self._gates)
        gates += self._bias
        np.tanh(gates, out=gates)
        opened, proposal = gates[:, : 3 * size], gates[:, 3 * size :]
        opened += 1
        opened *= 0.5
        self._cell *= opened[:, size : 2 * size]
        proposal *= opened[:, :size]
        self._cell += proposal
        np.tanh(self._cell, out=proposal)
        np.multiply(opened[:, 2 * size :], proposal, out=self.hidden)

    def take(self, rows: np.ndarray) -> "_Layer":
        taken = copy(self)
        taken._read, taken._cell = self._read[rows], self._cell[rows]
        if self._bias.ndim == 2:  # each piece has its own style
            taken._bias = self._bias[rows]
        taken._gates = np.empty((len(rows), self._gates.shape[1]), np.float32)
        return taken

    def put(self, rows: np.ndarray, other: "_Layer") -> None:
        self._read[rows], self._cell[rows] = other._read[rows], other._cell[rows]


def _gates_first(blocks: np.ndarray) -> np.ndarray:
    """Reorder (..., 4 * size) to input, forget and output gate, all halved, and the proposal."""
    input_gate, forget_gate, proposal, output_gate = np.split(blocks.astype(np.float32), 4, axis=-1)
    return np.concatenate([input_gate / 2, forget_gate / 2, output_gate / 2, proposal], axis=-1)


def start_sampler(
    emission: str,
    weights: Weights,
    conditioning: np.ndarray,
    primes: Sequence[np.ndarray],
    shifts: np.ndarray,
) -> Sampler:
    """Return a sampler at the end of the primes of its pieces.

    Parameters
    ----------
    emission : str
        The distribution of a frame.
    weights : dict of str to ndarray
        The network's weights.
    conditioning : ndarray of shape (embedding_size,) or (n_pieces, embedding_size)
        As of `Sampler`; of each piece only where there is no prime.
    primes : sequence of ndarray of shape (n_prime_frames, n_features)
        One for all pieces, or as many as pieces.
    shifts : ndarray of int, of shape (n_pieces,)
        Semitones that move each piece to the common key.
    """
    n_pieces = len(shifts)
    if not any(map(len, primes)):
        return Sampler(emission, weights, conditioning=conditioning, n_pieces=n_pieces)
    # A prime that several pieces continue in one key is read once.
    which = np.column_stack([np.arange(n_pieces) % len(primes), shifts])
    distinct, rows = np.unique(which, axis=0, return_inverse=True)
    sampler = Sampler(emission, weights, conditioning=conditioning, n_pieces=len(distinct))
    with one_blas_thread():
        sampler.read([np.roll(primes[i], shift, axis=1) for i, shift in distinct])
    return sampler.take(rows.ravel())


def choose_keys(odds: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """Draw a key for each piece from its odds (n_pieces, n_keys).

    Draws go by rank, the likeliest key first: with one seed, a transposed prime is continued as
    the prime itself is, transposed.
    """
    ranked = np.argsort(-odds, axis=1, kind="stable")
    chosen = sample_categorical(
        np.take_along_axis(odds, ranked, axis=1), rng.random_sample(len(odds))
    )
    return ranked[np.arange(len(odds)), chosen]


def rank_frames(frames: np.ndarray, n_best: int) -> tuple[np.ndarray, np.ndarray]:
    """Group draws by the features that sound, and return the most frequent groups.

    Parameters
    ----------
    frames : ndarray of shape (n_draws, n_features)
        Draws in [0, 1]; a feature sounds from a half on.
    n_best : int
        How many to return at most.

    Returns
    -------
    commonest : ndarray of shape (n_best, n_features)
        The mean of the draws of each kind, the commonest kind first.
    shares : ndarray of shape (n_best,)
        Share of the draws that are of this kind.
    """
    _, kinds, counts = np.unique(frames >= 0.5, axis=0, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), frames.shape[1]))
    np.add.at(sums, kinds.ravel(), frames)
    order = np.argsort(-counts, kind="stable")[:n_best]
    commonest = (sums[order] / counts[order, None]).astype(np.float32)
    return commonest, counts[order] / len(frames)


def move_back(frames: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Move one frame of every piece, (n_pieces, n_features), from the common key to its own."""
    if not shifts.any():
        return frames
    columns = np.arange(frames.shape[1]) + shifts[:, None]
    return np.take_along_axis(frames, columns % frames.shape[1], axis=1)
