"""Reference likelihoods: figures of held-out music that are kept at the end of training.

They say whether a prime is like the music that was learned, and whether the training pieces end in
a way that can be learned. Without held-out pieces they are of training pieces.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from ..base.user_warnings import warn_user
from ..theory.keys import COMMON_KEY
from ._data import Collection, Span, collate
from ._network import Network

# Log-likelihoods are compared as means over so many frames; single frames differ a lot.
_WINDOW = 32
_MOST_WINDOWS = 256
_FEWEST_WINDOWS = 8
_FEWEST_FRAMES = 4
# How far outside of 98 % of the windows of real music a prime may be, in units of their range.
_FARTHEST = 0.2
# Range of music that is all alike, in nats per frame.
_SMALLEST_SPREAD = 5.0

# Pieces whose ends are looked at, and frames before an end: those read, and those compared.
_MOST_PIECES = 32
_FRAMES_READ = 128
_FRAMES_COMPARED = 16
_FEWEST_ENDINGS = 8


def window_scores(scores: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mean log-likelihoods of windows of pieces, sorted, (n_windows,).

    Parameters
    ----------
    scores : sequence of ndarray of shape (n_frames,)
        Log-likelihood of every frame of some pieces. A piece shorter than a window is one.
    """
    means = np.sort(
        [
            part.mean(dtype=np.float64)
            for of_frames in scores
            for part in np.array_split(of_frames, max(1, len(of_frames) // _WINDOW))
            if len(part)
        ]
    )
    return means[np.linspace(0, len(means) - 1, min(len(means), _MOST_WINDOWS)).astype(int)]


def warn_of_strange_primes(means: Sequence[tuple[float, int]], reference: np.ndarray) -> None:
    """Warn of a prime that is far more or far less likely than real music.

    Parameters
    ----------
    means : sequence of pairs
        Log-likelihood per frame of each prime, and its number of frames.
    reference : ndarray of shape (n_windows,)
        Those of windows of real music.
    """
    if len(reference) < _FEWEST_WINDOWS:
        return
    low, high = np.quantile(reference, [0.01, 0.99])
    spread = max(high - low, _SMALLEST_SPREAD)
    for number, (mean, n_frames) in enumerate(means):
        if n_frames < _FEWEST_FRAMES:
            continue
        # Means over fewer frames differ more.
        shorter = max(1.0, (_WINDOW / n_frames) ** 0.5)
        margin = (_FARTHEST * shorter + (shorter - 1) / 2) * spread
        if not low - margin <= mean <= high + margin:
            which = f" {number}" if len(means) > 1 else ""
            warn_user(
                f"prime{which} is far from the music that was learned: {mean:.4g} nats per frame, "
                f"where such music has {low:.4g} to {high:.4g}; what follows may leave it at once. "
                "Make the prime as the training pieces were made, such as by the same extractor"
            )


@torch.inference_mode()
def ending_gains(network: Network, collection: Collection) -> np.ndarray:
    """Return how much likelier the last frames of pieces are where the end is known.

    Parameters
    ----------
    network : Network
        The network.
    collection : Collection
        Pieces with their ends; the first ones are looked at.

    Returns
    -------
    gains : ndarray of shape (n_pieces,)
        Nats per frame, over the last 16 frames of each piece.
    """
    assert collection.ends is not None
    spans = [
        Span(
            i,
            max(0, end - _FRAMES_READ),
            end,
            shift=int(collection.shifts[i][0]),
            key=COMMON_KEY,
            ends=True,
        )
        for i, end in enumerate(collection.ends[:_MOST_PIECES])
        if end
    ]
    if not spans:
        return np.empty(0)
    batch = collate(spans, replace(collection, traits=None), network.emission.origin)
    lengths = batch.mask.sum(1)
    places = torch.arange(batch.mask.shape[1], device=lengths.device)
    last = batch.mask & (places >= (lengths - _FRAMES_COMPARED)[:, None])
    scores = []
    for cues in (batch.cues, None):
        context, _ = network(batch.previous, batch.start, batch.styles, batch.keys, cues=cues)
        log_probs = torch.zeros_like(batch.start)
        log_probs[last] = network.emission.log_prob(
            batch.frames[last], context[last], batch.previous[last]
        )
        scores.append(log_probs.sum(1) / last.sum(1))
    return (scores[0] - scores[1]).cpu().numpy().astype(np.float64)


def warn_of_few_endings(gains: np.ndarray, n_pieces: int) -> None:
    """Warn if the training pieces have taught little about endings.

    Parameters
    ----------
    gains : ndarray of shape (n_pieces,)
        See `ending_gains`.
    n_pieces : int
        How many pieces were learned.
    """
    if n_pieces < _FEWEST_ENDINGS:
        warn_user(
            f"this composer has learned {n_pieces} piece(s), so it knows few endings: an ending "
            "may not close"
        )
    elif len(gains) and gains.mean() <= 0:
        warn_user(
            "the ends of the training pieces are no likelier where they are known "
            f"({gains.mean():.2g} nats per frame): if these are excerpts, which stop anywhere, so "
            "does an ending"
        )
