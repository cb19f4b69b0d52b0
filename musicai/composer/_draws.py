"""What every way of drawing a frame does, in NumPy.

Each emission has a class of draws beside it, which takes the emission's weights and draws from the
distribution that the emission defines. All work on N contexts at once. What is linear in the
context is computed first, as one product: the read-out, from which any number of frames can be
drawn.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np

Weights = Mapping[str, np.ndarray]


class Draws(ABC):
    """Draws of the next frame given a context.

    Parameters
    ----------
    n_features, n_inputs : int
        Width of a frame, and of what the trunk reads of it.
    readout : list of pairs of arrays of shape (n_outputs, n_context) and (n_outputs,)
        Weights and constants of the linear layers on the context, as torch keeps them.
    """

    def __init__(
        self, n_features: int, n_inputs: int, readout: list[tuple[np.ndarray, np.ndarray]]
    ) -> None:
        weights, biases = zip(*readout, strict=True)
        self.n_features = n_features
        self.n_inputs = n_inputs
        self._weight = np.ascontiguousarray(np.concatenate(weights).T)
        self._bias = np.concatenate(biases)

    @property
    def origin(self) -> np.ndarray:
        """The frame that stands before the first, of shape (n_features,)."""
        return np.zeros(self.n_features, np.float32)

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """Turn frames (N, n_features) into what the trunk reads of them (N, n_inputs)."""
        return frames

    def read(self, context: np.ndarray) -> np.ndarray:
        """Compute what draws from `context` (N, n_context) start from, (N, n_outputs)."""
        return np.dot(context, self._weight) + self._bias

    @abstractmethod
    def draw(
        self,
        readout: np.ndarray,
        previous: np.ndarray,
        rng: np.random.RandomState,
        temperature: float = 1.0,
    ) -> np.ndarray:
        """Draw a frame for every row of `readout`, of shape (N, n_features)."""

    @abstractmethod
    def mean(self, context: np.ndarray, previous: np.ndarray) -> np.ndarray:
        """Compute the expected frame, of shape (N, n_features)."""


def choose(shares: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Choose a column of each row with odds `shares` (N, n), by uniform `draws` (N,)."""
    cumulated = shares.cumsum(1)
    return (draws[:, None] * cumulated[:, -1:] >= cumulated[:, :-1]).sum(1)
