"""Free-running composition: every drawn frame is heard, and the next one follows from it.

All of it is NumPy, from the weights alone: for one frame at a time torch spends most of its time
on being called.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Self

import numpy as np

from ._draws import Draws, Weights
from ._gaussian_draws import GaussianMixtureDraws, SquaredErrorDraws
from ._nade_draws import BernoulliDraws, LogisticDraws
from ._trunk import Trunk

# Draws of one frame before a rule it must keep is enforced.
_MOST_DRAWS = 20

DRAWS: dict[str, Callable[[Weights], Draws]] = {
    "logistic": LogisticDraws,
    "bernoulli": BernoulliDraws,
    "gaussian": GaussianMixtureDraws,
    "mse": SquaredErrorDraws,
    "independent logistic": partial(LogisticDraws, autoregressive=False),
    "independent bernoulli": partial(BernoulliDraws, autoregressive=False),
}


class Sampler:
    """Draws what comes next in several pieces at once, and remembers what they have heard.

    Parameters
    ----------
    emission : str
        What the network ends in, a key of `DRAWS`.
    weights : dict of str to ndarray
        The network's weights.
    told : ndarray of shape (embedding_size,) or (n_pieces, embedding_size)
        What the network is told of all pieces, or of each: style and key, added up.
    n_pieces : int, default=1
        How many pieces; all start from nothing.
    """

    def __init__(
        self,
        emission: str,
        weights: Mapping[str, np.ndarray],
        *,
        told: np.ndarray,
        n_pieces: int = 1,
    ) -> None:
        prefix = "emission."
        self.emission = DRAWS[emission](
            {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
        )
        self.trunk = Trunk(weights, told, n_pieces)
        self.previous = np.tile(self.emission.origin, (n_pieces, 1))
        self._n_flags = self.trunk.n_inputs - self.emission.n_inputs
        self.trunk.step(self._inputs(np.zeros((n_pieces, self.emission.n_inputs)), start=True))

    def hear(self, primes: Sequence[np.ndarray]) -> None:
        """Go on from where each piece is by the frames of its prime.

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
            self._hear_frame(frame)
            waiting = np.flatnonzero(lengths < n_left)
            if len(waiting):
                self.trunk.put(waiting, before.trunk)
                self.previous[waiting] = before.previous[waiting]

    def take(self, rows: Sequence[int] | np.ndarray) -> Self:
        """Return a sampler that stands where this one stands in the pieces numbered `rows`.

        A number may come several times: ``sampler.take([0] * 64)`` goes on from one piece in 64
        ways, and what was heard so far is heard once.
        """
        taken = copy(self)
        taken.trunk = self.trunk.take(np.asarray(rows))
        taken.previous = self.previous[rows]
        return taken

    def draw(
        self, rng: np.random.RandomState, *, temperature: float = 1.0, peaked: bool = False
    ) -> np.ndarray:
        """Draw a next frame of every piece, (n_pieces, n_features), without going on to it.

        Parameters
        ----------
        rng : RandomState
            Source of all draws.
        temperature : float, default=1.0
            Below 1 makes likely choices likelier.
        peaked : bool, default=False
            Whether the loudest feature of every frame must be 1; there is no silence then.
        """
        readout = self.emission.read(self.trunk.context)
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
        """Draw the next frame of every piece, and go on to it."""
        frames = self.draw(rng, temperature=temperature, peaked=peaked)
        self._hear_frame(frames, drawn=True)
        return frames

    def compose(
        self, rng: np.random.RandomState, *, temperature: float = 1.0, peaked: bool = False
    ) -> Iterator[np.ndarray]:
        """Yield next frames of every piece, (n_pieces, n_features), without end."""
        while True:
            yield self.step(rng, temperature=temperature, peaked=peaked)

    def _hear_frame(self, frames: np.ndarray, *, drawn: bool = False) -> None:
        self.trunk.step(self._inputs(self.emission.encode(frames), drawn=drawn))
        self.previous[:] = frames

    def _inputs(
        self, encoded: np.ndarray, *, start: bool = False, drawn: bool = False
    ) -> np.ndarray:
        """Put together what the trunk reads beside what it is told, column by column."""
        n_read = encoded.shape[1]
        inputs = np.empty((len(encoded), n_read + self._n_flags), np.float32)
        inputs[:, :n_read] = encoded
        inputs[:, n_read:] = (start, drawn)[: self._n_flags]
        return inputs

    def _with_peaks(self, frames: np.ndarray) -> np.ndarray:
        """Raise the loudest feature of every frame to 1; what is silent sounds as expected."""
        expected = self.emission.mean(self.trunk.context, self.previous)
        sounds = frames.max(1, keepdims=True) > 0
        loudest = np.where(sounds, frames, expected).argmax(1)
        frames[np.arange(len(frames)), loudest] = 1
        return frames
