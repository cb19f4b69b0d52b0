"""Endings, each chosen among many by sequential Monte Carlo.

A sampler reads the end of a piece both with and without cues. By Bayes' rule, the likelihood of
frames with cues, divided by their likelihood without cues, is proportional to the odds that the
piece ends with them. Frames drawn with cues often lead to no clear ending, because errors of the
network add up. So many endings are sampled, their weights are multiplied by this ratio, and endings
are resampled if the weights become too uneven. After the last frame, one ending is drawn, with the
weights as probabilities.
"""

from collections.abc import Iterator

import numpy as np
from scipy.special import softmax

from ._cues import LONGEST
from ._infilling import EVERY, HORIZON, N_PARTICLES, LogProb, resample_if_uneven, score_next
from ._sampling import Draws, Sampler, source_of

# Only this many frames before the end count in the weights of endings. Earlier frames of training
# pieces are equally likely with and without cues.
_N_WEIGHTED = 24

# The logarithm of the ratio counts at most this much in each frame, in nats. Otherwise, the largest
# weights would go to frames that are nearly impossible without cues, such as a new beginning after
# an ending.
_MOST_NATS = 2.0


def compose_to_end(
    sampler: Sampler, n_frames: int, rng: Draws, log_prob: LogProb, *, temperature: float
) -> Iterator[np.ndarray]:
    """Compose pieces that end after `n_frames` frames; yield them one by one, in the common key.

    Parameters
    ----------
    sampler : Sampler
        Sampler that has read the primes.
    n_frames : int
        Number of frames to compose.
    rng : RandomState, or a sequence of them
        Random state for all pieces, or one for each piece.
    log_prob : callable
        Function that returns the log-probabilities of frames under the emission.
    temperature : float
        Temperature as in `Sampler.draw`.

    Yields
    ------
    frames : ndarray of shape (n_frames, n_features)
        Frames of a piece.
    """
    n_left = min(n_frames, LONGEST + 1)  # `Sampler.end` gives no cues to the next frame
    begun = [sampler.step(rng, temperature=temperature) for _ in range(n_frames - n_left)]
    plain = sampler.take(range(sampler.n_pieces))
    sampler.end(n_left)
    for _ in range(n_left - HORIZON):
        begun.append(sampler.step(rng, temperature=temperature))
        plain.feed(begun[-1], generated=True)
    for piece in range(sampler.n_pieces):
        rows = [piece] * N_PARTICLES
        last = _close(
            sampler.take(rows),
            plain.take(rows),
            n_frames - len(begun),
            source_of(rng, piece),
            log_prob,
            temperature=temperature,
        )
        yield np.array([*(frames[piece] for frames in begun), *last])


def _close(
    sampler: Sampler,
    plain: Sampler,
    n_frames: int,
    rng: np.random.RandomState,
    log_prob: LogProb,
    *,
    temperature: float,
) -> np.ndarray:
    """Return the last frames of a piece, (n_frames, n_features), chosen among many.

    `sampler` and `plain` continue the piece in many ways, with and without cues.
    """
    frames = np.empty((n_frames, N_PARTICLES, sampler.emission.n_features), np.float32)
    log_weights = np.zeros(N_PARTICLES)
    for t in range(n_frames):
        n_left = n_frames - 1 - t
        drawn = frames[t] = sampler.draw(rng, temperature=temperature)
        if n_left < _N_WEIGHTED:
            ratio = score_next(sampler, drawn, log_prob) - score_next(plain, drawn, log_prob)
            log_weights += np.minimum(ratio, _MOST_NATS)
        for each in (sampler, plain):
            each.feed(drawn, generated=True)
        if n_left == 0 or n_left % EVERY:
            continue
        rows = resample_if_uneven(log_weights, rng)
        if rows is not None:
            sampler, plain = sampler.take(rows), plain.take(rows)
            frames[: t + 1] = frames[: t + 1, rows]
            log_weights = np.zeros(N_PARTICLES)
    return frames[:, rng.choice(N_PARTICLES, p=softmax(log_weights))]
