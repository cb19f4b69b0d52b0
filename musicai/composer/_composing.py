"""What precedes composing: the key is chosen or heard, the prime is taken up in the common key."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._blas import one_blas_thread
from ._inference import weigh_keys
from ._keys import key_number, shifts_to_common_key
from ._network import Network
from ._sampler import Sampler
from ._styles import style_weights


def told_style(composer: Any, style: Any) -> tuple[dict[str, np.ndarray], int]:
    """Return weights whose table of styles ends with the style or blend, and its number there."""
    table = composer.weights_["style"]
    blend = style_weights(style, composer.styles_).astype(np.float32) @ table
    return {**composer.weights_, "style": np.vstack([table, blend])}, len(table)


def key_shifts(composer: Any) -> np.ndarray:
    """Return by how many semitones a piece is moved for each key that it may be in."""
    return shifts_to_common_key() if composer.transpose_ else np.zeros(1, int)


def begin_composing(
    composer: Any,
    primes: Sequence[np.ndarray],
    *,
    n_pieces: int,
    style: Any,
    key: Any,
    build: Callable[[dict[str, np.ndarray]], Network],
    rng: np.random.RandomState,
) -> tuple[Sampler, np.ndarray]:
    """Return a sampler that has heard `primes`, and by how much each piece is moved while composed.

    Parameters
    ----------
    composer : LSTMComposer
        What composes.
    primes : sequence of ndarray of shape (n_prime_frames, n_features)
        One for each piece, or one for all.
    n_pieces : int
        How many pieces.
    style : object or dict
        As in `LSTMComposer.sample`.
    key : str or None
        As there; None draws the key of each piece, by how likely it is after its prime.
    build : callable
        Builds the network from weights; called where the keys of primes are to be weighed.
    rng : RandomState
        Source of the draws.
    """
    weights, number = told_style(composer, style)
    shifts = key_shifts(composer)
    if key is not None:
        if not composer.transpose_:
            raise ValueError(
                f"key={key!r} was asked for, but this composer has learned every piece in the key "
                "that it came in (transpose_ is False): leave key out"
            )
        keys = np.full(n_pieces, key_number(key))
    elif len(shifts) == 1:
        keys = np.zeros(n_pieces, int)
    elif not any(map(len, primes)):
        keys = rng.randint(len(shifts), size=n_pieces)
    else:
        styles = [np.full(len(prime), number) for prime in primes]
        weighed = weigh_keys(build(weights), primes, styles, [shifts] * len(primes))
        keys = _draw_keys(weighed * (n_pieces // len(primes)), rng)
    # A prime that several pieces go on from in one key is heard once.
    heard, rows = np.unique([np.arange(n_pieces) % len(primes), keys], axis=1, return_inverse=True)
    sampler = Sampler(
        composer.emission_,
        weights,
        style=weights["style"][number] + weights["key"][0],
        n_pieces=heard.shape[1],
    )
    with one_blas_thread():
        sampler.hear([np.roll(primes[i], shifts[k], axis=1) for i, k in heard.T])
    return sampler.take(rows.ravel()), shifts[keys]


def move_back(frames: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Move one frame of every piece, (n_pieces, n_features), from the common key to its own."""
    if not shifts.any():
        return frames
    columns = np.arange(frames.shape[1]) + shifts[:, None]
    return np.take_along_axis(frames, columns % frames.shape[1], axis=1)


def rank_frames(frames: np.ndarray, n_frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Gather draws by the features that sound, and return the commonest.

    Parameters
    ----------
    frames : ndarray of shape (n_draws, n_features)
        Draws in [0, 1]; a feature sounds from a half on.
    n_frames : int
        How many to return at most.

    Returns
    -------
    commonest : ndarray of shape (n_frames, n_features)
        The mean of the draws of each kind, the commonest kind first.
    shares : ndarray of shape (n_frames,)
        Share of the draws that are of this kind.
    """
    _, kinds, counts = np.unique(frames >= 0.5, axis=0, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), frames.shape[1]))
    np.add.at(sums, kinds.ravel(), frames)
    order = np.argsort(-counts, kind="stable")[:n_frames]
    commonest = (sums[order] / counts[order, None]).astype(np.float32)
    return commonest, counts[order] / len(frames)


def _draw_keys(weighed: Sequence[np.ndarray], rng: np.random.RandomState) -> np.ndarray:
    cumulated = np.cumsum(weighed, axis=1)
    draws = rng.random_sample((len(weighed), 1))
    return (draws > cumulated[:, :-1]).sum(axis=1)
