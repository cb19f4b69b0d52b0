"""What a trained network says of given pieces: likelihoods and expected frames."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from ._batches import Batch, Collection, Span, collate, whole_batches
from ._network import Network

# Frames whose distributions are computed at once; bounds memory on long pieces.
_FRAMES_AT_ONCE = 8192


def score_frames(
    network: Network, pieces: Sequence[np.ndarray], styles: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Log-probability of every frame of every piece given the frames before it, in nats."""
    scores = [np.zeros(len(piece), np.float32) for piece in pieces]
    for spans, batch, context in _contexts(network, pieces, styles):
        frames = batch.frames[batch.mask].split(_FRAMES_AT_ONCE)
        previous = batch.previous[batch.mask].split(_FRAMES_AT_ONCE)
        parts = context[batch.mask].split(_FRAMES_AT_ONCE)
        with torch.inference_mode():
            log_probs = torch.cat(
                [
                    network.emission.log_prob(*part)
                    for part in zip(frames, parts, previous, strict=True)
                ]
            )
        _scatter(log_probs, spans, scores)
    return scores


def mean_score(network: Network, collection: Collection) -> float:
    """Mean log-likelihood per frame, over all frames of all pieces."""
    return float(np.concatenate(score_frames(network, collection.pieces, collection.styles)).mean())


def expect_next(
    network: Network, pieces: Sequence[np.ndarray], styles: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Expected frame after every frame of every piece, given the piece up to there."""
    # One frame more at the end, whatever it holds, makes the network tell what follows the last.
    extended = [np.concatenate([piece, piece[-1:]]) for piece in pieces]
    extended_styles = [np.concatenate([style, style[-1:]]) for style in styles]
    expected = [np.zeros_like(piece) for piece in extended]
    for spans, batch, context in _contexts(network, extended, extended_styles):
        with torch.inference_mode():
            means = network.emission.mean(context[batch.mask], batch.previous[batch.mask])
        _scatter(means, spans, expected)
    return [frames[1:] for frames in expected]


def _contexts(
    network: Network, pieces: Sequence[np.ndarray], styles: Sequence[np.ndarray]
) -> Iterator[tuple[list[Span], Batch, Tensor]]:
    for spans in whole_batches(pieces):
        batch = collate(spans, pieces, styles, network.emission.origin)
        with torch.inference_mode():
            context, _ = network(batch.previous, batch.start, batch.styles)
        yield spans, batch, context


def _scatter(values: Tensor, spans: Sequence[Span], results: Sequence[np.ndarray]) -> None:
    parts = values.cpu().split([len(span) for span in spans])
    for span, part in zip(spans, parts, strict=True):
        results[span.piece][:] = part.numpy()
