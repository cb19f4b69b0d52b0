"""Base classes of emissions: the distribution of a frame given the frames before it.

Each emission is a torch module with ``log_prob`` and ``mean``, and has a NumPy sampler next to it
in the same file, which draws from the same distribution; composing goes frame by frame, where
calling torch takes longer than computing. All work on flat batches of N frames: `context`
(N, n_context) is the network's output, `previous` and `x` (N, n_features) are the last frame and
the frame itself.
"""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Protocol, Self

import numpy as np
import torch
from torch import Tensor, nn

Weights = Mapping[str, np.ndarray]

# Redrawn values lie a little nearer to the prediction than draws would: the real music continues
# from the real value, so full noise would teach the network to take every step back.
WIDTH_OF_REDRAWS = 0.6


def is_tied(emission: str) -> bool:
    """Return whether an emission shares its weights over pitch, so that pieces are not moved."""
    return "tied" in emission.split()


def is_bounded(emission: str) -> bool:
    """Return whether an emission is of values from 0 to 1, where features sound or not."""
    return emission.endswith(("chroma", "logistic", "bernoulli"))


class Emission(nn.Module):
    """Distribution of the next frame given a context.

    Attributes
    ----------
    n_features, n_inputs : int
        Width of a frame, and of its encoding, which the trunk reads.
    can_redraw : bool
        Whether the emission has a `redraw`. Real values, such as those of chroma, never repeat
        exactly, and drawn ones have small errors that the network has to learn to live with.
    is_tied : bool
        Whether the weights are shared over pitch, so that pieces are never moved. `previous` is
        then all that is known before a frame, the match in the piece among it.
    n_strands : int
        How many LSTMs with the same weights read a piece; the context is the outputs of all.
    mean_head : nn.Linear or None
        Read-out of the mean, trained by `mean_loss` alone, where the likelihood has no mean in
        closed form.
    """

    n_features: int
    n_inputs: int
    can_redraw = False
    is_tied = False
    n_strands = 1

    @property
    def origin(self) -> Tensor:
        """The frame that stands before the first, of shape (n_features,)."""
        raise NotImplementedError

    def encode(self, x: Tensor) -> Tensor:
        """Turn frames (..., n_features) into inputs of the trunk (..., n_strands * n_inputs)."""
        return x

    def keys_of_strands(self, keys: Tensor) -> Tensor:
        """Return the keys that each LSTM is conditioned on, (..., n_strands), as numbers."""
        return keys[..., None]

    def chords_of_strands(self, chords: Tensor) -> Tensor:
        """Return the features of chords for each LSTM, (..., n_strands, N_CHORD_FEATURES)."""
        return chords[..., None, :]

    def log_prob(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        """Log-probability of every frame, in nats, of shape (N,)."""
        raise NotImplementedError

    def redraw(
        self, x: Tensor, context: Tensor, previous: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Draw the values of every frame again such that its notes stay, (N, n_features)."""
        raise NotImplementedError

    def mean(self, context: Tensor, previous: Tensor) -> Tensor:
        """Return the expected frame, of shape (N, n_features)."""
        raise NotImplementedError

    def mean_loss(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        """Loss of the read-out that `mean` uses; zero for emissions that need none."""
        return torch.zeros((), device=context.device)

    def initialize(self, pieces: Sequence[np.ndarray], generator: torch.Generator) -> None:
        """Draw initial weights, linear layers apart, and fit constants to the training pieces."""
        raise NotImplementedError


def initialize_emission(
    emission: Emission, pieces: Sequence[np.ndarray], generator: torch.Generator
) -> None:
    """Draw initial weights: of linear layers uniformly within 1 / sqrt(fan-in), biases zero."""
    for layer in emission.children():
        if isinstance(layer, nn.Linear):
            bound = layer.in_features**-0.5
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    emission.initialize(pieces, generator)


class EmissionSampler(ABC):
    """Draws frames from an emission, in NumPy.

    The outputs of all linear layers on the context are the read-out, from which any number of
    frames can be drawn; `Sampler` computes it as one product.

    Attributes
    ----------
    n_features, n_inputs : int
        Width of a frame, and of its encoding, which the trunk reads.
    layers : list of pairs of arrays of shape (n_outputs, n_context) and (n_outputs,)
        Weights and biases of the linear layers on the context, as torch keeps them.
    origin : ndarray of shape (n_features,)
        The frame that stands before the first.
    n_strands : int
        How many LSTMs with the same weights read a piece.
    """

    n_features: int
    n_inputs: int
    n_strands = 1
    layers: list[tuple[np.ndarray, np.ndarray]]
    origin: np.ndarray

    def remember(self, n_pieces: int) -> "Memory":
        """Return the memory of so many pieces before their first frame."""
        return LastFrame(np.tile(self.origin, (n_pieces, 1)))

    def encode(self, known: np.ndarray) -> np.ndarray:
        """Turn what is known, (N, n_known), into the trunk's inputs (N * n_strands, n_inputs)."""
        return known

    def encode_again(self, known: np.ndarray, encoded: np.ndarray) -> np.ndarray:
        """Return `encode` of `known`, given that of another sampler of the same kind."""
        return encoded

    def chords_of_strands(self, chords: np.ndarray) -> np.ndarray:
        """Return the features of chords for each LSTM, (..., n_strands, N_CHORD_FEATURES)."""
        return chords[..., None, :]

    def read_out(self, context: np.ndarray) -> np.ndarray:
        """Apply all layers to `context` (N, n_context): (N, n_outputs)."""
        outputs = [np.dot(context, weight.T) + bias for weight, bias in self.layers]
        return np.concatenate(outputs, axis=1)

    @abstractmethod
    def draw(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rng: np.random.RandomState,
        temperature: float = 1.0,
    ) -> np.ndarray:
        """Draw a frame for every row of `readout`, of shape (N, n_features).

        `previous` is what a `Memory` knows, (N, n_known).
        """

    def draw_each(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rngs: Sequence[np.random.RandomState],
        temperature: float = 1.0,
    ) -> np.ndarray:
        """Draw the frame of every row from its own random state, as if there were no other row."""
        drawn = [
            self.draw(readout[i : i + 1], previous[i : i + 1], rng, temperature)
            for i, rng in enumerate(rngs)
        ]
        return np.concatenate(drawn)

    @abstractmethod
    def mean(self, context: np.ndarray, previous: np.ndarray) -> np.ndarray:
        """Return the expected frame, of shape (N, n_features)."""


class Memory(Protocol):
    """All that an emission reads of the past of several pieces: `known`, (n_pieces, n_known)."""

    known: np.ndarray

    def read(self, frames: np.ndarray) -> None:
        """Take up the next frame of each piece, (n_pieces, n_features)."""

    def take(self, rows: np.ndarray) -> Self:
        """Return a memory of the pieces numbered `rows`."""

    def put(self, rows: np.ndarray, other: Self) -> None:
        """Take up the memory `other` of the pieces numbered `rows`."""


class LastFrame:
    """Memory of the last frame alone, rounded by a function if one is given."""

    def __init__(
        self, known: np.ndarray, rounded: Callable[[np.ndarray], np.ndarray] | None = None
    ) -> None:
        self.known = known
        self._rounded = rounded

    def read(self, frames: np.ndarray) -> None:
        """Take up the next frame of each piece, (n_pieces, n_features)."""
        self.known[:] = frames if self._rounded is None else self._rounded(frames)

    def take(self, rows: np.ndarray) -> Self:
        """Return a memory of the pieces numbered `rows`."""
        return type(self)(self.known[rows], self._rounded)

    def put(self, rows: np.ndarray, other: Self) -> None:
        """Take up the memory `other` of the pieces numbered `rows`."""
        self.known[rows] = other.known[rows]


def sample_categorical(shares: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Choose a column of each row with odds `shares` (N, n), by uniform `draws` (N,)."""
    cumulated = shares.cumsum(1)
    return (draws[:, None] * cumulated[:, -1:] >= cumulated[:, :-1]).sum(1)


def choose(shares: Iterable[float], draw: float) -> int:
    """Choose by odds, as `sample_categorical` does, with Python's floats: faster for one row."""
    cumulated = list(accumulate(shares))
    return bisect_right(cumulated[:-1], draw * cumulated[-1])
