"""What training minimizes: the negative log-likelihood of a batch of excerpts."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ._batches import Batch, Collection, Span, collate
from ._characters import tell_characters, told_or_not
from ._network import Network
from ._own_frames import hear_own_frames


def add_gradients(
    network: Network,
    training: Collection,
    spans: Sequence[Span],
    told_styles: Sequence[bool],
    n_frames: int,
    generator: torch.Generator,
) -> float:
    """Add the gradients of some excerpts to those of the network's parameters.

    Parameters
    ----------
    network : Network
        What learns.
    training : Collection
        Where the excerpts are from.
    spans : sequence of Span
        The excerpts, which may be none.
    told_styles : sequence of bool
        For each whether its style is told.
    n_frames : int
        Number of frames of the whole batch, of which other processes may have a part.
    generator : torch.Generator
        Source of all that is random.

    Returns
    -------
    nats : float
        Negative log-likelihood of the excerpts, summed over their frames.
    """
    if not spans:
        return 0.0
    batch = collate(spans, training.pieces, training.styles, network.emission.origin)
    styles = batch.styles * torch.tensor(told_styles, device=batch.styles.device)[:, None]
    characters = _characters(training, spans, batch.frames.device)
    log_prob, mean_loss = _losses(network, batch, styles, characters, generator)
    loss = (mean_loss - log_prob).sum() / n_frames
    loss.backward()
    return -log_prob.sum().item()


def _characters(training: Collection, spans: Sequence[Span], device: torch.device) -> Tensor | None:
    if training.characters is None:
        return None
    lengths = [len(training.pieces[span.piece]) for span in spans]
    return torch.from_numpy(tell_characters(spans, lengths, training.characters)).to(device)


def _losses(
    network: Network,
    batch: Batch,
    styles: Tensor,
    characters: Tensor | None,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Log-likelihood of every frame, and what the read-out of the mean is off by."""
    heard, drawn = batch.previous, None
    if characters is not None:
        characters = told_or_not(characters, generator)
        # A block of its own: older versions of torch would keep the weights that it casts
        # without gradients for the block below.
        with _autocast(heard.device):
            heard, drawn = hear_own_frames(network, batch, styles, characters, generator)
    with _autocast(heard.device):
        context, _ = network(
            heard, batch.start, styles, batch.keys, drawn=drawn, characters=characters
        )
        frames, previous = batch.frames[batch.mask], heard[batch.mask]
        context = network.drop(context[batch.mask], generator)
        return (
            network.emission.log_prob(frames, context, previous),
            network.emission.mean_loss(frames, context, previous),
        )


def _autocast(device: torch.device) -> torch.autocast:
    """Train in bfloat16 on GPUs that have it, and in float32 everywhere else.

    On a CPU bfloat16 depends on its model: with AVX512-BF16 small networks train at half the
    speed, without it bfloat16 is emulated, and either way the weights would differ.
    """
    enabled = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)
