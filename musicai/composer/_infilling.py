"""Filling of the gap between a prime and a passage, by sequential Monte Carlo.

Many continuations of the prime are sampled at once. In the last frames of the gap, each
continuation is weighted by the likelihood that the first frames of the passage would have if they
came next, raised to a power that grows to 1. Continuations are resampled if their weights become
too uneven. After the last frame, one continuation is drawn, with the weights as probabilities. As
the number of continuations grows, the result approaches a sample from the composer given the prime
and the first frames of the passage (twisted targets; Naesseth, Lindsten and Schon 2019).
"""

from collections.abc import Callable

import numpy as np
from scipy.special import logsumexp, softmax

from ._sampling import Sampler

N_PARTICLES = 64
"""Number of continuations sampled for each piece."""

_LOOK_AHEAD = 8  # number of frames of the passage to score while the gap is being filled
_LOOK_AT_END = 32  # number of frames of the passage to score once the gap is full
HORIZON = 48  # continuations are weighted when fewer than this many frames are left
EVERY = 4  # number of frames from one weighting to the next

LogProb = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Function that returns log-probabilities, (n,), of frames given contexts and previous frames."""


def fill_gap(
    sampler: Sampler,
    shifts: np.ndarray,
    passage: np.ndarray,
    n_frames: int,
    rng: np.random.RandomState,
    log_prob: LogProb,
    *,
    temperature: float,
) -> tuple[np.ndarray, int]:
    """Compose frames that lead from the prime to a passage.

    Parameters
    ----------
    sampler : Sampler
        Sampler that has read the prime, with one piece for each continuation.
    shifts : ndarray of int, of shape (n_pieces,)
        Transposition of each continuation to the common key, in semitones.
    passage : ndarray of shape (n_passage_frames, n_features)
        Music after the gap.
    n_frames : int
        Number of frames to compose.
    rng : RandomState
        Random state for the draws.
    log_prob : callable
        Function that returns the log-probabilities of frames under the emission.
    temperature : float
        Temperature as in `Sampler.draw`.

    Returns
    -------
    frames : ndarray of shape (n_frames, n_features)
        Frames in the common key.
    shift : int
        Semitones by which the frames are transposed from their own key to the common key.
    """
    n = len(shifts)
    frames = np.empty((n_frames, n, passage.shape[1]), np.float32)
    log_weights, counted = np.zeros(n), np.zeros(n)
    for t in range(n_frames):
        frames[t] = sampler.step(rng, temperature=temperature)
        n_left = n_frames - 1 - t
        if n_left >= HORIZON or n_left % EVERY:
            continue
        seen = passage[: _LOOK_AHEAD if n_left else _LOOK_AT_END]
        ahead = np.stack([np.roll(seen, shift, axis=1) for shift in shifts], axis=1)
        fit = (1 - n_left / HORIZON) * _log_likelihood(sampler, ahead, log_prob)
        log_weights += fit - counted
        counted = fit
        rows = resample_if_uneven(log_weights, rng) if n_left else None
        if rows is not None:
            sampler, shifts, counted = sampler.take(rows), shifts[rows], counted[rows]
            frames[: t + 1] = frames[: t + 1, rows]
            log_weights = np.zeros(n)
    chosen = rng.choice(n, p=softmax(log_weights))
    return frames[:, chosen], int(shifts[chosen])


def resample_if_uneven(log_weights: np.ndarray, rng: np.random.RandomState) -> np.ndarray | None:
    """Draw a row number per continuation in proportion to the weights; None if they are even.

    Weights are uneven if the effective number of continuations is less than half of their number.
    Row numbers are drawn by systematic resampling.
    """
    weights = softmax(log_weights)
    if not 1 / (weights**2).sum() < len(weights) / 2:
        return None
    places = (rng.random_sample() + np.arange(len(weights))) / len(weights)
    return np.minimum(np.searchsorted(weights.cumsum(), places), len(weights) - 1)


def score_next(sampler: Sampler, frames: np.ndarray, log_prob: LogProb) -> np.ndarray:
    """Return the log-likelihood in nats, (n_pieces,), of the next frame of every piece.

    `frames` (n_pieces, n_features) holds these frames in the common key.
    """
    if sampler.voices is None:
        return log_prob(frames, sampler.context, sampler.previous)
    owners = sampler.voices.pieces
    by_row = log_prob(frames[owners], sampler.context, sampler.previous)
    odds = by_row + np.log(sampler.voices.weights)  # to sum over the styles of the blend
    return np.array([logsumexp(odds[owners == piece]) for piece in range(len(frames))])


def _log_likelihood(sampler: Sampler, passage: np.ndarray, log_prob: LogProb) -> np.ndarray:
    """Return the log-likelihood in nats, (n_pieces,), of a passage that continues each piece.

    `passage` (n_frames, n_pieces, n_features) holds the passage, transposed for each piece.
    """
    reader = sampler.take(np.arange(passage.shape[1]))
    scores = []
    for frame in passage:
        scores.append(score_next(reader, frame, log_prob))
        reader.feed(frame)
    return np.sum(scores, axis=0)
