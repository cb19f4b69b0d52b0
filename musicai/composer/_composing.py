"""Composing: a key is chosen or heard, a prime taken up; frames are moved back, and ranked."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..base.blas import one_blas_thread
from ..base.seeds import as_rng
from ..base.styles import style_weights
from ..files.interruptions import unique_rows
from ._characters import draw_characters
from ._checks import check_sampling
from ._draws import choose
from ._inference import weigh_keys
from ._inputs import check_prime
from ._keys import COMMON_KEY, key_number
from ._learned import key_shifts, open_network, told_style
from ._sampler import Sampler


def compose(
    composer: Any,
    prime: Any,
    n_pieces: int | None,
    *,
    style: Any,
    key: Any,
    temperature: float,
    random_state: Any,
) -> Iterator[np.ndarray]:
    """Yield frames of several pieces, (n_pieces, n_features), without end.

    The arguments are those of `LSTMComposer.sample`, and are checked at once.
    """
    check_sampling(n_pieces=n_pieces, temperature=temperature, random_state=random_state)
    primes = check_prime(composer, prime, n_pieces)
    rng = as_rng(composer.random_state if random_state is None else random_state)
    sampler, shifts = _begin(composer, primes, n_pieces or len(primes), style, key, rng)
    frames = sampler.compose(rng, temperature=temperature, peaked=_must_peak(composer))
    return (_move_back(frame, shifts) for frame in frames)


def draw_next(
    composer: Any, piece: np.ndarray, n_draws: int, *, style: Any, rng: np.random.RandomState
) -> np.ndarray:
    """Draw what may follow `piece`: frames (n_draws, n_features), independent of each other."""
    sampler, shifts = _begin(composer, [piece], n_draws, style, None, rng)
    with one_blas_thread():
        return _move_back(sampler.draw(rng, peaked=_must_peak(composer)), shifts)


def rank_frames(frames: np.ndarray, n_best: int) -> tuple[np.ndarray, np.ndarray]:
    """Gather draws by the features that sound, and return the commonest.

    Parameters
    ----------
    frames : ndarray of shape (n_draws, n_features)
        Draws in [0, 1]; a feature sounds from a half on.
    n_best : int
        How many to return at most.

    Returns
    -------
    commonest : ndarray of shape (n_best, n_features)
        The mean of the draws of each kind, the commonest kind first.
    shares : ndarray of shape (n_best,)
        Share of the draws that are of this kind.
    """
    _, kinds, counts = unique_rows(frames >= 0.5, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), frames.shape[1]))
    np.add.at(sums, kinds.ravel(), frames)
    order = np.argsort(-counts, kind="stable")[:n_best]
    commonest = (sums[order] / counts[order, None]).astype(np.float32)
    return commonest, counts[order] / len(frames)


def _must_peak(composer: Any) -> bool:
    """Tell whether the loudest feature of every composed frame must be 1."""
    return composer._peaked and composer.emission_ == "logistic"


def _begin(
    composer: Any,
    primes: Sequence[np.ndarray],
    n_pieces: int,
    style: Any,
    key: Any,
    rng: np.random.RandomState,
) -> tuple[Sampler, np.ndarray]:
    """Return a sampler that has heard `primes`, and by how much each piece is moved for it.

    There is one prime for each piece, or one for all. Without a `key` that of each piece is drawn,
    by how likely it is after its prime.
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
        weighed = weigh_keys(
            open_network(composer, weights), primes, styles, [shifts] * len(primes)
        )
        odds = np.array(weighed * (n_pieces // len(primes)))
        # The likeliest first: with one seed, a prime that is moved goes on as it did, moved.
        ranked = np.argsort(-odds, axis=1, kind="stable")
        chosen = choose(np.take_along_axis(odds, ranked, axis=1), rng.random_sample(n_pieces))
        keys = ranked[np.arange(n_pieces), chosen]
    told = weights["style"][number] + weights["key"][COMMON_KEY]
    if not any(map(len, primes)):
        told = told + _told_characters(composer, style, n_pieces, rng)
        return Sampler(composer.emission_, weights, told=told, n_pieces=n_pieces), shifts[keys]
    # A prime that several pieces go on from in one key is heard once.
    which = np.column_stack([np.arange(n_pieces) % len(primes), keys])
    heard, rows = unique_rows(which, return_inverse=True)
    sampler = Sampler(
        composer.emission_,
        weights,
        told=told,
        n_pieces=len(heard),
    )
    with one_blas_thread():
        sampler.hear([np.roll(primes[i], shifts[k], axis=1) for i, k in heard])
    return sampler.take(rows.ravel()), shifts[keys]


def _told_characters(
    composer: Any, style: Any, n_pieces: int, rng: np.random.RandomState
) -> np.ndarray | float:
    """What is added to what the network is told of pieces that begin from nothing.

    Music that goes on from a prime has its character from there.
    """
    if "character" not in composer.weights_:
        return 0.0
    weights = style_weights(style, composer.styles_)
    learned, styles = composer._characters
    return draw_characters(learned, styles, weights, n_pieces, rng) @ composer.weights_["character"]


def _move_back(frames: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Move one frame of every piece, (n_pieces, n_features), from the common key to its own."""
    if not shifts.any():
        return frames
    columns = np.arange(frames.shape[1]) + shifts[:, None]
    return np.take_along_axis(frames, columns % frames.shape[1], axis=1)
