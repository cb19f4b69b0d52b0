"""NumPy version of the network's LSTM that reads one frame at a time.

A step of an LSTM is little more than the product of a vector and a matrix. Calling torch would take
several times as long as this product.
"""

from collections.abc import Callable, Mapping
from copy import copy
from typing import Self

import numpy as np


class Trunk:
    """Stacked LSTM with the state of several pieces.

    If the emission has several strands, each strand of a piece counts as a piece here.

    Parameters
    ----------
    weights : dict of str to ndarray
        The network's weights.
    conditioning : ndarray of shape (embedding_size,) or (n_pieces, embedding_size)
        Sum of the embeddings of style, key and traits: one for all pieces, or one for each. It is
        constant within a piece, so its contribution to the first layer is computed only once.
    n_pieces : int
        Number of pieces.
    multiply : callable, default=numpy.dot
        Function that multiplies two matrices.
    """

    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        conditioning: np.ndarray,
        n_pieces: int,
        *,
        multiply: Callable[..., np.ndarray] = np.dot,
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
                bias = multiply(np.atleast_2d(conditioning), of_conditioning.T) + bias
                self.n_inputs = inputs.shape[1]
            self._layers.append(_Layer(inputs, recurrent, bias, n_pieces, multiply))

    @property
    def context(self) -> np.ndarray:
        """Output after the last step, (n_pieces, hidden_size); the next step overwrites it."""
        return self._layers[-1].hidden

    def step(self, inputs: np.ndarray) -> None:
        """Read one frame of every piece: `inputs` (n_pieces, n_inputs)."""
        for layer in self._layers:
            layer.step(inputs)
            inputs = layer.hidden

    def take(self, rows: np.ndarray) -> Self:
        """Return a trunk that continues the pieces numbered `rows` from their current state."""
        taken = copy(self)
        taken._layers = [layer.take(rows) for layer in self._layers]
        return taken

    def put(self, rows: np.ndarray, other: Self) -> None:
        """Replace the state of the pieces numbered `rows` with their state in `other`."""
        for layer, source in zip(self._layers, other._layers, strict=True):
            layer.put(rows, source)


class _Layer:
    """One layer of an LSTM, made from torch's weights.

    Inputs and hidden state share one array, so that one matrix product covers both. The weights of
    the three gates are moved before those of the cell and halved. Since sigmoid(a) = (1 +
    tanh(a / 2)) / 2, a single tanh then serves the gates and the new values of the cell.
    """

    def __init__(
        self,
        inputs: np.ndarray,
        recurrent: np.ndarray,
        bias: np.ndarray,
        n_pieces: int,
        multiply: Callable[..., np.ndarray],
    ) -> None:
        size = recurrent.shape[1]
        self._multiply = multiply
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
        gates = self._multiply(self._read, self._weight, out=self._gates)
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
        if len(self._bias) > 1 and self._bias.ndim == 2:  # each piece has its own conditioning
            taken._bias = self._bias[rows]
        taken._gates = np.empty((len(rows), self._gates.shape[1]), np.float32)
        return taken

    def put(self, rows: np.ndarray, other: "_Layer") -> None:
        self._read[rows], self._cell[rows] = other._read[rows], other._cell[rows]


def _gates_first(blocks: np.ndarray) -> np.ndarray:
    """Reorder the blocks of an array (..., 4 * size), and halve the blocks of the gates.

    The new order is input gate, forget gate, output gate and new values of the cell.
    """
    input_gate, forget_gate, proposal, output_gate = np.split(blocks.astype(np.float32), 4, axis=-1)
    return np.concatenate([input_gate / 2, forget_gate / 2, output_gate / 2, proposal], axis=-1)


def multiply_apart(
    rows: np.ndarray, matrix: np.ndarray, out: np.ndarray | None = None, *, size: int = 1
) -> np.ndarray:
    """Multiply `rows` (n, n_inputs) by `matrix` (n_inputs, n_outputs), `size` rows at a time.

    NumPy then calls BLAS separately for the rows of each piece, so that rounding does not depend on
    the number of pieces.
    """
    if len(rows) == size:
        return np.matmul(rows, matrix, out=out)
    groups = rows.reshape(-1, size, rows.shape[1])
    out = None if out is None else out.reshape(-1, size, out.shape[1])
    return np.matmul(groups, matrix, out=out).reshape(len(rows), -1)
