"""Base classes of emissions, the distributions of a frame given the frames before it.

Each emission is a torch module with ``log_prob`` and ``mean``. A NumPy sampler in the same file
draws from the same distribution: sampling goes frame by frame, where the overhead of torch exceeds
the computation. All methods take flat batches of N frames: `context` (N, n_context) is the
network's output, `previous` (N, n_features) the last frame, and `x` (N, n_features) the frame
itself. If the weights are shared over pitch, `previous` instead holds all inputs that describe the
past.
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

# Factor that reduces the noise in redrawn values. The music after them continues from the real
# values, so noise at full width would train the network to undo every change.
WIDTH_OF_REDRAWS = 0.6


def is_tied(emission: str) -> bool:
    """Return whether an emission shares its weights over pitch, so that no piece is transposed."""
    return "tied" in emission.split()


def is_bounded(emission: str) -> bool:
    """Return whether an emission is a distribution over values from 0 to 1."""
    return emission.endswith(("chroma", "logistic", "bernoulli"))


class Emission(nn.Module):
    """Distribution of the next frame given a context.

    Attributes
    ----------
    n_features, n_inputs : int
        Number of features of a frame, and number of values that each LSTM reads in its place.
    can_redraw : bool
        Whether the emission implements `redraw`. Sampled real values, such as those of chroma,
        have small errors, which the network has to learn to cope with.
    is_tied : bool
        Whether the weights are shared over pitch, so that pieces are never transposed. `previous`
        then holds all inputs that describe the past, such as the match.
    n_strands : int
        Number of LSTMs with shared weights that read a piece; the context holds all their outputs.
    mean_head : nn.Linear or None
        Linear layer that computes `mean` for distributions whose mean has no closed form. Only
        `mean_loss` trains it.
    """

    n_features: int
    n_inputs: int
    can_redraw = False
    is_tied = False
    n_strands = 1

    @property
    def origin(self) -> Tensor:
        """Stand-in for the frame before the first one, of shape (n_features,)."""
        raise NotImplementedError

    def encode(self, x: Tensor) -> Tensor:
        """Turn frames (..., n_features) into inputs of the trunk (..., n_strands * n_inputs)."""
        return x

    def keys_of_strands(self, keys: Tensor) -> Tensor:
        """Return the number of the key that each LSTM is conditioned on, (..., n_strands)."""
        return keys[..., None]

    def chords_of_strands(self, chords: Tensor) -> Tensor:
        """Return the features of chords for each LSTM, (..., n_strands, N_CHORD_FEATURES)."""
        return chords[..., None, :]

    def log_prob(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        """Return the log-probability of every frame, in nats, of shape (N,)."""
        raise NotImplementedError

    def redraw(
        self, x: Tensor, context: Tensor, previous: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Return every frame with its values redrawn and its notes kept, (N, n_features)."""
        raise NotImplementedError

    def mean(self, context: Tensor, previous: Tensor) -> Tensor:
        """Return the expected frame, of shape (N, n_features)."""
        raise NotImplementedError

    def mean_loss(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        """Return the loss that trains `mean_head`: one value per frame, or a single one for all.

        It is zero if the emission has no such layer.
        """
        return torch.zeros((), device=context.device)

    def initialize(self, pieces: Sequence[np.ndarray], generator: torch.Generator) -> None:
        """Draw initial weights except those of linear layers; set constants to suit `pieces`."""
        raise NotImplementedError


def initialize_emission(
    emission: Emission, pieces: Sequence[np.ndarray], generator: torch.Generator
) -> None:
    """Draw all initial weights of an emission.

    Weights of linear layers are uniform within ±1 / sqrt(fan-in), and their biases are 0 unless the
    emission sets them.
    """
    for layer in emission.children():
        if isinstance(layer, nn.Linear):
            bound = layer.in_features**-0.5
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    emission.initialize(pieces, generator)


class EmissionSampler(ABC):
    """Draws frames from an emission, in NumPy.

    The readout is the output of all linear layers that read the context. `Sampler` computes it as
    one matrix product, and any number of frames can be drawn from it.

    Attributes
    ----------
    n_features, n_inputs : int
        Number of features of a frame, and number of values that each LSTM reads in its place.
    layers : list of pairs of arrays of shape (n_outputs, n_context) and (n_outputs,)
        Weights and biases of the linear layers on the context, in torch's layout.
    origin : ndarray of shape (n_features,)
        Stand-in for the frame before the first one.
    n_strands : int
        Number of LSTMs with shared weights that read a piece.
    """

    n_features: int
    n_inputs: int
    n_strands = 1
    layers: list[tuple[np.ndarray, np.ndarray]]
    origin: np.ndarray

    def remember(self, n_pieces: int) -> "Memory":
        """Return the memory of `n_pieces` pieces before their first frame."""
        return LastFrame(np.tile(self.origin, (n_pieces, 1)))

    def encode(self, known: np.ndarray) -> np.ndarray:
        """Turn memories (N, n_known) into inputs of the trunk (N * n_strands, n_inputs)."""
        return known

    def encode_again(self, known: np.ndarray, encoded: np.ndarray) -> np.ndarray:
        """Return ``encode(known)``, where `encoded` is that of another sampler of the same class.

        Only the part of it that depends on weights is computed again.
        """
        return encoded

    def chords_of_strands(self, chords: np.ndarray) -> np.ndarray:
        """Return the features of chords for each LSTM, (..., n_strands, N_CHORD_FEATURES)."""
        return chords[..., None, :]

    def read_out(self, context: np.ndarray) -> np.ndarray:
        """Apply all layers to `context` (N, n_context); return the readout, (N, n_outputs)."""
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

        `previous`, (N, n_known), is the `known` of a `Memory`.
        """

    def draw_each(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rngs: Sequence[np.random.RandomState],
        temperature: float = 1.0,
    ) -> np.ndarray:
        """Draw the frame of every row from its own random state, independent of other rows."""
        drawn = [
            self.draw(readout[i : i + 1], previous[i : i + 1], rng, temperature)
            for i, rng in enumerate(rngs)
        ]
        return np.concatenate(drawn)

    @abstractmethod
    def mean(self, context: np.ndarray, previous: np.ndarray) -> np.ndarray:
        """Return the expected frame, of shape (N, n_features)."""


class Memory(Protocol):
    """Inputs that describe the past of several pieces: `known`, (n_pieces, n_known)."""

    known: np.ndarray

    def read(self, frames: np.ndarray) -> None:
        """Read the next frame of each piece, (n_pieces, n_features)."""

    def take(self, rows: np.ndarray) -> Self:
        """Return a memory of the pieces numbered `rows`."""

    def put(self, rows: np.ndarray, other: Self) -> None:
        """Replace the past of the pieces numbered `rows` by the one they have in `other`."""


class LastFrame:
    """Memory of only the last frame, which `rounded`, if given, rounds to the emission's grid."""

    def __init__(
        self, known: np.ndarray, rounded: Callable[[np.ndarray], np.ndarray] | None = None
    ) -> None:
        self.known = known
        self._rounded = rounded

    def read(self, frames: np.ndarray) -> None:
        """Read the next frame of each piece, (n_pieces, n_features)."""
        self.known[:] = frames if self._rounded is None else self._rounded(frames)

    def take(self, rows: np.ndarray) -> Self:
        """Return a memory of the pieces numbered `rows`."""
        return type(self)(self.known[rows], self._rounded)

    def put(self, rows: np.ndarray, other: Self) -> None:
        """Replace the past of the pieces numbered `rows` by the one they have in `other`."""
        self.known[rows] = other.known[rows]


def sample_categorical(shares: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Return a column number for each row, (N,), drawn with odds `shares` (N, n).

    `draws` (N,) holds one uniform random number for each row.
    """
    cumulated = shares.cumsum(1)
    return (draws[:, None] * cumulated[:, -1:] >= cumulated[:, :-1]).sum(1)


def choose(shares: Iterable[float], draw: float) -> int:
    """Return what `sample_categorical` returns for a single row; Python floats are faster here."""
    cumulated = list(accumulate(shares))
    return bisect_right(cumulated[:-1], draw * cumulated[-1])
