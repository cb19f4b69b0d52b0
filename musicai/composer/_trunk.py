"""The trunk of a trained network in NumPy, one frame at a time.

Who composes can't look ahead: each frame is heard before the next one is drawn. A step of an LSTM
is then the product of a vector and a matrix and little else, and torch takes several times as long
to be called as the product takes to compute.
"""

from collections.abc import Mapping
from copy import copy
from typing import Self

import numpy as np


class Trunk:
    """Stacked LSTM that remembers how far several pieces have got.

    Parameters
    ----------
    weights : dict of str to ndarray
        The network's weights.
    told : ndarray of shape (embedding_size,) or (n_pieces, embedding_size)
        What the network is told of all pieces, or of each: style and key, added up. It never
        changes within a piece, so what it adds to the first layer is computed once.
    n_pieces : int
        How many pieces are heard side by side.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], told: np.ndarray, n_pieces: int) -> None:
        self._layers = []
        for number in range(sum(name.startswith("lstm.weight_hh") for name in weights)):
            inputs, recurrent, bias_ih, bias_hh = (
                weights[f"lstm.{name}_l{number}"]
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            bias = bias_ih + bias_hh
            if number == 0:
                inputs, of_told = np.split(inputs, [-np.shape(told)[-1]], axis=1)
                bias = told @ of_told.T + bias
                self.n_inputs = inputs.shape[1]
            self._layers.append(_Layer(inputs, recurrent, bias, n_pieces))

    @property
    def context(self) -> np.ndarray:
        """The output for the frames heard last, (n_pieces, hidden_size); a step overwrites it."""
        return self._layers[-1].hidden

    def step(self, inputs: np.ndarray) -> None:
        """Hear one frame of every piece: `inputs` (n_pieces, n_inputs), without what is told."""
        for layer in self._layers:
            layer.step(inputs)
            inputs = layer.hidden

    def take(self, rows: np.ndarray) -> Self:
        """Return a trunk that stands where this one stands in the pieces numbered `rows`."""
        taken = copy(self)
        taken._layers = [layer.take(rows) for layer in self._layers]
        return taken

    def put(self, rows: np.ndarray, other: Self) -> None:
        """Go to where `other` stands in the pieces numbered `rows`."""
        for layer, source in zip(self._layers, other._layers, strict=True):
            layer.put(rows, source)


class _Layer:
    """One layer of an LSTM, its weights as in torch: blocks of input, forget, cell, output gate.

    Inputs and hidden vector lie side by side in one array, so that one product takes up both. The
    gates are put in another order and halved: sigmoid(a) = (1 + tanh(a / 2)) / 2, so that one tanh
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
    opens, forgets, proposal, shows = np.split(blocks.astype(np.float32), 4, axis=-1)
    return np.concatenate([opens / 2, forgets / 2, shows / 2, proposal], axis=-1)
