"""Excerpts as they would sound if the network had composed them.

While it learns, a network hears real music; while it composes, it hears itself, with all the
small faults of its draws, and as it has never learned what follows a fault, they add up (exposure
bias: Ranzato et al. 2016). So from some point on most excerpts are heard with every value drawn
again, from a component of the mixture that explains the real one: the notes stay, their
faults are the network's own, and what it learns to foresee is the real music. A flag says from
which frame on. To draw whole frames instead, as in scheduled sampling (Bengio et al. 2015), would
teach it that a change of chord is taken back: the real music does not know of it.
"""

import torch
from torch import Tensor

from ._batches import Batch
from ._network import Network


@torch.no_grad()
def hear_own_frames(
    network: Network,
    batch: Batch,
    styles: Tensor,
    characters: Tensor,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Draw the frames again that some excerpts are heard with.

    A third of the excerpts stays as it is, a third is drawn again from its second frame on,
    and a third from a later one. Silence stays silent.

    Parameters
    ----------
    network : Network
        Draws.
    batch : Batch
        The excerpts.
    styles, characters : Tensor
        What the network is told of them.
    generator : torch.Generator
        Source of all draws.

    Returns
    -------
    previous : Tensor of shape (batch, n_frames, n_features)
        ``batch.previous``, partly drawn again.
    drawn : Tensor of shape (batch, n_frames)
        1 from there on, 0 before.
    """
    n_excerpts, length = batch.start.shape
    device = generator.device
    first = 3 * torch.rand((n_excerpts, 1), generator=generator, device=device) - 1
    places = torch.arange(length, device=device)
    drawn = (places >= first * batch.mask.sum(1, keepdim=True)) & (places > 0) & batch.mask
    again = drawn & (batch.previous > 0).any(-1)
    rows = torch.nonzero(again.any(1))[:, 0]
    if len(rows) == 0:
        return batch.previous, drawn.float()
    heard = batch.previous[rows]
    context, _ = network(
        heard, batch.start[rows], styles[rows], batch.keys[rows], characters=characters[rows]
    )
    # What is heard before a frame is the frame before it, and that is what is drawn again.
    later = again[rows][:, 1:]
    frames = network.emission.redraw(
        heard[:, 1:][later], context[:, :-1][later], heard[:, :-1][later], generator
    )
    heard[:, 1:][later] = frames
    previous = batch.previous.clone()
    previous[rows] = heard
    return previous, drawn.float()
