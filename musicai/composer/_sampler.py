"""Free-running composition: every drawn frame is the next input."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ._network import Network, State

# Draws of one frame before a rule it must keep is enforced.
_MOST_DRAWS = 20


@torch.inference_mode()
def sample_pieces(
    network: Network,
    n_frames: int,
    *,
    n_pieces: int,
    primes: Sequence[np.ndarray],
    style: int,
    temperature: float,
    peaked: bool,
    rng: np.random.RandomState,
) -> list[np.ndarray]:
    """Continue `primes` by `n_frames` new frames.

    Parameters
    ----------
    network : Network
        What composes.
    n_frames : int
        Length of each new piece.
    n_pieces : int
        Number of new pieces.
    primes : sequence of ndarray of shape (n_prime_frames, n_features)
        One for each new piece, or one for all; without frames a piece starts from nothing.
    style : int
        Style for all frames; 0 for none.
    temperature : float
        Below 1 makes likely choices likelier.
    peaked : bool
        Whether the loudest feature of every frame must be 1; there is no silence then.
    rng : RandomState
        Source of all draws.

    Returns
    -------
    pieces : list of ndarray of shape (n_frames, n_features)
    """
    device = next(network.parameters()).device
    styles = torch.full((n_pieces, 1), style, device=device)
    previous, start, (hidden, cell) = _hear(network, primes, style)
    if len(primes) < n_pieces:  # all go on from the same prime, which was heard once
        previous, start = previous.expand(n_pieces, -1), start.expand(n_pieces, -1)
        hidden, cell = hidden.repeat(1, n_pieces, 1), cell.repeat(1, n_pieces, 1)
    state = hidden, cell
    frames = []
    for _ in range(n_frames):
        context, state = network(previous[:, None], start, styles, state)
        previous = _draw(network, context[:, 0], previous, temperature, peaked, rng)
        start = torch.zeros_like(start)
        frames.append(previous)
    return list(torch.stack(frames, 1).cpu().numpy())


def _hear(
    network: Network, primes: Sequence[np.ndarray], style: int
) -> tuple[Tensor, Tensor, State]:
    """Return what the network needs to go on after each prime: last frame, start flag, state."""
    device = next(network.parameters()).device
    n_layers, size = network.lstm.num_layers, network.lstm.hidden_size
    previous = network.emission.origin.repeat(len(primes), 1)
    start = torch.ones(len(primes), 1, device=device)
    hidden = torch.zeros(n_layers, len(primes), size, device=device)
    cell = torch.zeros_like(hidden)
    for i, prime in enumerate(primes):
        if len(prime) == 0:
            continue
        heard = torch.from_numpy(np.array(prime, order="C")).to(device)
        shifted = torch.cat([torch.zeros_like(heard[:1]), heard[:-1]])[None]
        flags = torch.zeros(1, len(prime), device=device)
        flags[0, 0] = 1
        styles = torch.full((1, len(prime)), style, device=device)
        _, (h, c) = network(shifted, flags, styles)
        previous[i], start[i] = heard[-1], 0
        hidden[:, i], cell[:, i] = h[:, 0], c[:, 0]
    return previous, start, (hidden, cell)


def _draw(
    network: Network,
    context: Tensor,
    previous: Tensor,
    temperature: float,
    peaked: bool,
    rng: np.random.RandomState,
) -> Tensor:
    frames = network.emission.sample(context, previous, rng, temperature)
    if not peaked:
        return frames
    flat = frames.amax(-1) < 1
    for _ in range(_MOST_DRAWS):
        # Drawing again is sampling given that the frame sounds and peaks at 1.
        if not flat.any():
            return frames
        frames[flat] = network.emission.sample(context[flat], previous[flat], rng, temperature)
        flat = frames.amax(-1) < 1
    # What is still silent sounds as expected.
    expected = network.emission.mean(context, previous)
    loudest = torch.where(frames.amax(-1, keepdim=True) > 0, frames, expected).argmax(-1)
    return torch.where(flat[:, None], frames.scatter(-1, loudest[:, None], 1.0), frames)
