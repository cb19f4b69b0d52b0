"""Emission that is conditioned on chords and shares its trunk with the main emission.

It has the same type as the main emission. It models a frame given the context from the trunk, the
previous frame, the chord of the frame, the next chord, and the time until the next chord. The trunk
does not read chords, and the loss of this emission does not change the trunk's weights. The
emission therefore affects neither likelihoods nor samples without chords.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ._chords import N_CHORD_FEATURES
from ._emission import Emission, initialize_emission

_HIDDEN_SIZE = 128


class ChordEmission(nn.Module):
    """Distribution of a frame given the context and the frame's chord.

    Parameters
    ----------
    make : callable
        Function that makes an emission, given the number of features and the size of its context.
    n_features, n_context : int
        Number of features of a frame, and number of outputs of the LSTM.
    """

    def __init__(
        self, make: Callable[[int, int], Emission], n_features: int, n_context: int
    ) -> None:
        super().__init__()
        self.emission = make(n_features, n_context + _HIDDEN_SIZE)
        # If there is an LSTM for each pitch class, all of them share these weights.
        n_inputs = n_context + self.emission.n_inputs + N_CHORD_FEATURES
        self.hidden = nn.Linear(n_inputs, _HIDDEN_SIZE)

    def initialize(self, pieces: Sequence[np.ndarray], generator: torch.Generator) -> None:
        """Draw initial weights."""
        bound = self.hidden.in_features**-0.5
        nn.init.uniform_(self.hidden.weight, -bound, bound, generator=generator)
        nn.init.zeros_(self.hidden.bias)
        initialize_emission(self.emission, pieces, generator)

    def loss(self, x: Tensor, context: Tensor, previous: Tensor, chords: Tensor) -> Tensor:
        """Return the training loss of every frame, (N,), given `chords` (N, N_CHORD_FEATURES).

        The loss is the negative log-likelihood in nats plus `Emission.mean_loss`.
        """
        encoded = self.emission.encode(previous)
        context, encoded = (
            each.unflatten(-1, (self.emission.n_strands, -1)) for each in (context, encoded)
        )
        chords = self.emission.chords_of_strands(chords)
        hidden = torch.tanh(self.hidden(torch.cat([context, encoded, chords], -1)))
        context = torch.cat([context, hidden], -1).flatten(-2)
        nll = -self.emission.log_prob(x, context, previous)
        return nll + self.emission.mean_loss(x, context, previous)
