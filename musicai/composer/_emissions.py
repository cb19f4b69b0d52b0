"""What every emission does, and which one suits which data.

An emission is the distribution of a frame given what the network has heard so far. All work on
flat batches of N frames: `context` (N, n_context) is the network's output, `previous` and `x`
(N, n_features) are the last frame and the frame itself. Frames are drawn in NumPy, by the class of
draws that stands beside each emission.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn


class Emission(nn.Module):
    """Distribution of the next frame given a context.

    Parameters
    ----------
    n_features, n_inputs : int
        Width of a frame, and of what the network reads of it.
    redraws : bool, default=False
        Whether there is a `redraw`: values that are never quite the same twice, as those of chroma
        are, have faults when they are drawn.
    """

    def __init__(self, n_features: int, n_inputs: int, *, redraws: bool = False) -> None:
        super().__init__()
        self.n_features = n_features
        self.n_inputs = n_inputs
        self.redraws = redraws

    @property
    def origin(self) -> Tensor:
        """The frame that stands before the first, of shape (n_features,)."""
        return torch.zeros(self.n_features, device=next(self.parameters()).device)

    def encode(self, x: Tensor) -> Tensor:
        """Turn frames (..., n_features) into what the network reads (..., n_inputs)."""
        return x

    def log_prob(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        """Log-probability of every frame, in nats, of shape (N,)."""
        raise NotImplementedError

    def redraw(
        self, x: Tensor, context: Tensor, previous: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Draw every frame again such that its notes stay, of shape (N, n_features)."""
        raise NotImplementedError

    def mean(self, context: Tensor, previous: Tensor) -> Tensor:
        """Return the expected frame, of shape (N, n_features)."""
        raise NotImplementedError

    def mean_loss(self, x: Tensor, context: Tensor, previous: Tensor) -> Tensor:
        """Loss of whatever `mean` needs to learn beside the likelihood; zero where nothing."""
        return torch.zeros((), device=context.device)

    def adapt(self, pieces: Sequence[np.ndarray]) -> None:
        """Take from the training pieces what has to be known before training."""

    def reset_parameters(self, generator: torch.Generator) -> None:
        """Draw initial weights."""
        raise NotImplementedError


def reset_linear(layer: nn.Linear, generator: torch.Generator) -> None:
    """Draw the weights of `layer` uniformly within 1 / sqrt(fan-in), its bias zero."""
    bound = layer.in_features**-0.5
    nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
