"""Base classes of emissions, the distributions of a frame given the frames before it.

Each emission is a torch module with ``log_prob`` and ``mean``. A NumPy sampler in the same file
draws from the same distribution. NumPy is faster here, because frames are sampled one by one, and
calling torch for a single frame takes longer than the computation.

All methods take flat batches of N frames: `context` (N, n_context) is the network's output, `x` (N,
n_features) the frame itself, and `previous` (N, n_features) the frame before it. For emissions with
weights shared over pitch, `previous` (N, n_known) holds all inputs that describe the past.
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

# Factor that reduces the width of the noise in redrawn values. Redrawn frames are followed by real
# frames, so noise of full width would train the network to undo every change.
WIDTH_OF_REDRAWS = 0.6


def is_tied(emission: str) -> bool:
    """Return whether the named emission shares its weights over pitch."""
    return "tied" in emission.split()


def is_bounded(emission: str) -> bool:
    """Return whether the named emission is a distribution over values from 0 to 1."""
    return emission.endswith(("chroma", "logistic", "bernoulli"))


class Emission(nn.Module):
    """Distribution of the next frame given a context.

    Attributes
    ----------
    n_features, n_inputs : int
        Number of features of a frame, and number of inputs that encode a frame for each LSTM.
    can_redraw : bool
        Whether the emission implements `redraw`. Sampled real values, such as those of chroma, have
        small errors, and redrawn frames teach the network to cope with them.
    is_tied : bool
        Whether the weights are shared over pitch. Pieces are then never transposed, and `previous`
        holds all inputs that describe the past (see `_roll_memory`).
    n_strands : int
        Number of LSTMs with shared weights that read a piece. The context holds the outputs of all
        of them.
    mean_head : nn.Linear
        Linear layer that predicts the mean frame, for distributions whose mean has no closed form.
        Only `mean_loss` trains it. Emissions that do not need the layer lack this attribute.
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
        """Encode frames (..., n_features) as inputs of the trunk (..., n_strands * n_inputs)."""
        return x

    def keys_of_strands(self, keys: Tensor) -> Tensor:
        """Return the number of the key that each LSTM is conditioned on, (..., n_strands)."""
        return keys[..., None]

    def chords_of_strands(self, chords: Tensor) -> Tensor:
        """Return chord features for each LSTM, (..., n_strands, N_CHORD_FEATURES)."""
        return chords[..., None, :]

    def log_prob(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        """Return the log-probability of every frame, in nats, of shape (N,)."""
        raise NotImplementedError

    def redraw(
        self, x: Tensor, context: Tensor, previous: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Return `x` with values replaced by draws from mixture components that explain them."""
        raise NotImplementedError

    def mean(self, context: Tensor, previous: Tensor) -> Tensor:
        """Return the expected frame, of shape (N, n_features)."""
        raise NotImplementedError

    def mean_loss(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        """Return the loss that trains `mean_head`, either one value per frame or a single one.

        The loss is zero if the emission has no such layer.
        """
        return torch.zeros((), device=context.device)

    def initialize(self, pieces: Sequence[np.ndarray], generator: torch.Generator) -> None:
        """Draw the weights outside linear layers; set biases and constants, some from `pieces`."""
        raise NotImplementedError


def initialize_emission(
    emission: Emission, pieces: Sequence[np.ndarray], generator: torch.Generator
) -> None:
    """Draw all initial weights of an emission.

    Weights of linear layers are uniform within ±1 / sqrt(fan-in), and their biases are 0, unless
    `Emission.initialize` changes them.
    """
    for layer in emission.children():
        if isinstance(layer, nn.Linear):
            bound = layer.in_features**-0.5
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    emission.initialize(pieces, generator)


class EmissionSampler(ABC):
    """Sampler of an emission, in NumPy.

    The readout is the output of the linear layers in `layers`, which read the context. `Sampler`
    computes it with one matrix product, and any number of frames can be drawn from it.

    Attributes
    ----------
    n_features, n_inputs : int
        Number of features of a frame, and number of inputs that encode a frame for each LSTM.
    layers : list of pairs of arrays of shape (n_outputs, n_context) and (n_outputs,)
        Weights and biases of the linear layers that read the context, except `mean_head`, in
        torch's layout.
    origin : ndarray of shape (n_features,)
        Stand-in for the frame before the first one.
    n_strands : int
        Number of LSTMs with shared weights that read a piece.
    n_at_once : int
        Number of frames that `draw` draws in hardly more time than two frames.
    """

    n_features: int
    n_inputs: int
    n_strands = 1
    n_at_once = 1
    layers: list[tuple[np.ndarray, np.ndarray]]
    origin: np.ndarray

    def remember(self, n_pieces: int) -> "Memory":
        """Return the memory of `n_pieces` pieces before their first frame."""
        return LastFrame(np.tile(self.origin, (n_pieces, 1)))

    def encode(self, known: np.ndarray) -> np.ndarray:
        """Encode `known` (N, n_known) as inputs of the trunk, (N * n_strands, n_inputs)."""
        return known

    def encode_again(self, known: np.ndarray, encoded: np.ndarray) -> np.ndarray:
        """Return ``encode(known)``, reusing `encoded` from another sampler of the same class.

        Only the part that depends on weights is computed again.
        """
        return encoded

    def chords_of_strands(self, chords: np.ndarray) -> np.ndarray:
        """Return chord features for each LSTM, (..., n_strands, N_CHORD_FEATURES)."""
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
        """Draw a frame for every row of `readout` (N, n_outputs); return frames (N, n_features).

        `previous` (N, n_known) is the attribute `known` of a `Memory`.
        """

    def draw_each(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rngs: Sequence[np.random.RandomState],
        temperature: float = 1.0,
    ) -> np.ndarray:
        """Draw a frame for every row from its own random state, independently of the other rows."""
        drawn = [
            self.draw(readout[i : i + 1], previous[i : i + 1], rng, temperature)
            for i, rng in enumerate(rngs)
        ]
        return np.concatenate(drawn)

    @abstractmethod
    def mean(self, context: np.ndarray, previous: np.ndarray) -> np.ndarray:
        """Return the expected frame, of shape (N, n_features)."""


class Memory(Protocol):
    """Record of the past of several pieces, as inputs `known` of shape (n_pieces, n_known)."""

    known: np.ndarray

    def read(self, frames: np.ndarray) -> None:
        """Read the next frame of each piece, (n_pieces, n_features)."""

    def take(self, rows: np.ndarray) -> Self:
        """Return a memory of the pieces numbered `rows`."""

    def put(self, rows: np.ndarray, other: Self) -> None:
        """Replace the past of the pieces numbered `rows` with their past in `other`."""


class LastFrame:
    """Memory that holds only the last frame, rounded by the function `rounded` if it is given."""

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
        """Replace the past of the pieces numbered `rows` with their past in `other`."""
        self.known[rows] = other.known[rows]


def sample_categorical(shares: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Draw a column number for each row, with probabilities proportional to `shares` (N, n).

    `draws` (N,) holds one uniform random number for each row. Returns an array of shape (N,).
    """
    cumulated = shares.cumsum(1)
    return (draws[:, None] * cumulated[:, -1:] >= cumulated[:, :-1]).sum(1)


def choose(shares: Iterable[float], draw: float) -> int:
    """Draw like `sample_categorical` for a single row, with Python floats, which are faster."""
    cumulated = list(accumulate(shares))
    return bisect_right(cumulated[:-1], draw * cumulated[-1])
