"""Base classes of emissions: the distribution of a frame given the frames before it.

Each emission is a torch module with ``log_prob`` and ``mean``, and has a NumPy sampler next to it
in the same file, which draws from the same distribution; composing goes frame by frame, where
calling torch takes longer than computing. All work on flat batches of N frames: `context`
(N, n_context) is the network's output, `previous` and `x` (N, n_features) are the last frame and
the frame itself.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

Weights = Mapping[str, np.ndarray]

# Redrawn values lie a little nearer to the prediction than draws would: the real music continues
# from the real value, so full noise would teach the network to take every step back.
WIDTH_OF_REDRAWS = 0.6


class Emission(nn.Module):
    """Distribution of the next frame given a context.

    Attributes
    ----------
    n_features, n_inputs : int
        Width of a frame, and of its encoding, which the trunk reads.
    can_redraw : bool
        Whether the emission has a `redraw`. Real values, such as those of chroma, never repeat
        exactly, and drawn ones have small errors that the network has to learn to live with.
    mean_head : nn.Linear or None
        Read-out of the mean, trained by `mean_loss` alone, where the likelihood has no mean in
        closed form.
    """

    n_features: int
    n_inputs: int
    can_redraw = False

    @property
    def origin(self) -> Tensor:
        """The frame that stands before the first, of shape (n_features,)."""
        raise NotImplementedError

    def encode(self, x: Tensor) -> Tensor:
        """Turn frames (..., n_features) into the inputs of the trunk (..., n_inputs)."""
        return x

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
    """

    n_features: int
    n_inputs: int
    layers: list[tuple[np.ndarray, np.ndarray]]
    origin: np.ndarray

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """Turn frames (N, n_features) into the inputs of the trunk (N, n_inputs)."""
        return frames

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
        """Draw a frame for every row of `readout`, of shape (N, n_features)."""

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


def sample_categorical(shares: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Choose a column of each row with odds `shares` (N, n), by uniform `draws` (N,)."""
    cumulated = shares.cumsum(1)
    return (draws[:, None] * cumulated[:, -1:] >= cumulated[:, :-1]).sum(1)
