"""Requests for composed pieces, and the sampler that has read their primes.

If neither a request nor its chords determine a key, one is drawn before the first frame, except for
piano rolls. For a piece without a prime, traits are drawn too, if the network uses them. If each
piece has its own random state, no computation for one piece depends on the other pieces: each piece
equals, bit for bit, the piece that is composed alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..base.blas import one_blas_thread
from ..base.parameters import SEED_RULE, as_rng, check_values
from ..base.styles import style_weights
from ..theory.chord_symbols import FREE
from ..theory.chord_symbols import moved as moved_chords
from ..theory.keys import COMMON_KEY
from ..theory.progression import has_progressions, key_of_progression
from ..theory.spelling import key_number
from ._conditioning import Traits, sample_traits, standardize
from ._emission import is_tied, sample_categorical
from ._sampling import Draws, Sampler, Voices, follow, source_of
from ._tied import keys_of_strands

ReadChords = Callable[[Any, Any, str], np.ndarray]
"""Function that returns the chord number of each frame of a progression.

Its arguments are the chords as passed to `sample`, the style, and a name for error messages.
"""

ReadPrime = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Function that returns the probability of each key, given a prime and a weight for each style."""

_ANY_CHORD = np.array([FREE])  # progression of a piece for which no chords are requested


@dataclass(frozen=True)
class Request:
    """Request for one piece.

    Attributes
    ----------
    prime : ndarray of shape (n_prime_frames, n_features)
        Frames to continue; there may be none.
    then : ndarray of shape (n_then_frames, n_features)
        Frames that follow the new ones; there may be none.
    style : ndarray of shape (n_styles + 1,)
        Weights of no particular style and of every style, in this order.
    key : int or None
        Number of the requested key; None if no key is requested.
    chords : ndarray of int of shape (n_frames_of_progression,), or None
        Requested chord number of each frame of a progression, which repeats.
    """

    prime: np.ndarray
    then: np.ndarray
    style: np.ndarray
    key: int | None
    chords: np.ndarray | None = None


@dataclass(frozen=True)
class Requests:
    """Requests for pieces that are composed at once.

    Attributes
    ----------
    each : list of Request
        Request for each piece.
    rng : RandomState, or a list of them
        Random state for all pieces, or one for each.
    """

    each: Sequence[Request]
    rng: Draws

    @classmethod
    def read(
        cls,
        primes: Sequence[np.ndarray],
        passages: Sequence[np.ndarray],
        *,
        style: Any,
        key: Any,
        random_state: Any,
        n_pieces: int | None,
        styles: np.ndarray,
        chords: Any = None,
        read_chords: ReadChords | None = None,
    ) -> "Requests":
        """Make requests from arguments of `sample`, each of which is a single value or a list.

        Parameters
        ----------
        primes, passages : sequence of ndarray
            Music before and after the new frames, already checked: one array for all pieces, or
            one for each.
        style, key, random_state, n_pieces, chords : object
            Arguments of `sample`.
        styles : ndarray of shape (n_styles,)
            The style labels of the training pieces.
        read_chords : callable, default=None
            Function that reads the `chords` of a piece; required if there are any.
        """
        given = {
            name: list(music) if len(music) > 1 else music[0]
            for name, music in (("prime", primes), ("then", passages))
        }
        given |= {"style": style, "key": key, "random_state": random_state}
        lengths = {name: len(value) for name, value in given.items() if is_list(value)}
        if has_progressions(chords):
            lengths["chords"] = len(chords)
        if n_pieces is not None:
            lengths = {"n_pieces": n_pieces, **lengths}
        if len(set(lengths.values())) > 1 or 0 in lengths.values():
            counts = ", ".join(f"{name} {count}" for name, count in lengths.items())
            raise ValueError(
                f"the numbers of pieces differ ({counts}): give one value for all pieces, or a "
                "list with one for each"
            )
        n = next(iter(lengths.values()), 1)
        columns = {
            name: list(value) if is_list(value) else [value] * n for name, value in given.items()
        }
        for seed in columns["random_state"]:
            check_values({"random_state": seed}, {"random_state": SEED_RULE})
        known = {}  # each blend is read once, however many pieces share it
        for label in columns["style"]:
            if id(label) not in known:
                known[id(label)] = style_weights(label, styles)
        names = ("prime", "then", "style", "key")
        each = [
            Request(prime, then, known[id(label)], None if note is None else key_number(note))
            for prime, then, label, note in zip(*(columns[name] for name in names), strict=True)
        ]
        if chords is not None and read_chords is not None:
            several = has_progressions(chords)
            for i, label in enumerate(columns["style"]):
                name, asked = (f"chords[{i}]", chords[i]) if several else ("chords", chords)
                numbers = None if asked is None else read_chords(asked, label, name)
                if numbers is not None and (numbers != FREE).any():
                    each[i] = replace(each[i], chords=numbers)
        if is_list(random_state):
            return cls(each, [as_rng(seed) for seed in random_state])
        return cls(each, as_rng(random_state))

    @property
    def apart(self) -> bool:
        """Whether each piece must be computed independently of the others."""
        return len(self.each) == 1 or not isinstance(self.rng, np.random.RandomState)

    def __iter__(self) -> Iterator[tuple[Request, np.random.RandomState]]:
        for i, request in enumerate(self.each):
            yield request, source_of(self.rng, i)


def is_list(value: Any) -> bool:
    """Return whether an argument of `sample` is a list or 1-D array, with a value per piece."""
    return isinstance(value, list) or (isinstance(value, np.ndarray) and value.ndim == 1)


def start_sampler(
    requests: Requests,
    *,
    emission: str,
    weights: Mapping[str, np.ndarray],
    traits: Traits,
    shifts: np.ndarray,
    read_prime: ReadPrime,
    seconds: float,
) -> tuple[Sampler, np.ndarray]:
    """Return a sampler that has read all primes, and the shift of each piece to the common key.

    Parameters
    ----------
    requests : Requests
        One request for each piece.
    emission : str
        Name of the emission, a key of `SAMPLERS`.
    weights : dict of str to ndarray
        The network's weights.
    traits : list of two arrays
        Traits of the training pieces, which are assigned at random to pieces without a prime.
    shifts : ndarray of int, of shape (n_keys,)
        Semitones that transpose a piece from each possible key to the common key.
    read_prime : callable
        Function that returns the probability of each key after a prime. It is called once for
        each pair of prime and style.
    seconds : float
        Length of a frame in seconds.
    """
    if "traits" in weights:
        values, styles_of_traits = traits
        known = standardize(values, weights["trait_scale"]), styles_of_traits
    rows: list[np.ndarray] = []  # conditioning of each row
    places: list[tuple[int, int]] = []  # id of each row's prime, and the shift of the prime
    voices: list[tuple[int, float]] = []
    moved = []
    asked: list[np.ndarray] = []
    primes: dict[int, np.ndarray] = {}
    odds: dict[tuple[int, bytes], np.ndarray] = {}
    for i, (request, rng) in enumerate(requests):
        prime, key, chords = request.prime, request.key, request.chords
        which = id(prime), request.style.tobytes()
        if len(prime) and which not in odds:
            odds[which] = read_prime(prime, request.style)
        tied = is_tied(emission)
        if key is None and chords is not None and not len(prime) and (tied or len(shifts) > 1):
            key = key_of_progression(chords)
        key_row = keys_of_strands(key) if tied else np.array(COMMON_KEY)
        if tied:  # the network is conditioned on the key, and nothing is transposed
            key = 0
        elif key is None and (len(shifts) == 1 or not len(prime)):
            key = rng.randint(len(shifts))
        elif key is None:
            key = _choose_key(odds[which], rng)
        moved.append(shifts[key])
        asked.append(_ANY_CHORD if chords is None else moved_chords(chords, shifts[key]))
        primes[id(prime)] = prime
        for number in np.flatnonzero(request.style).tolist():
            row = weights["style"][number] + weights["key"][key_row]
            if "traits" in weights and not len(prime):
                row = row + sample_traits(*known, number, rng) @ weights["traits"]
            rows.append(row)
            places.append((id(prime), int(shifts[key])))
            voices.append((i, request.style[number]))
    owners = [i for i, _ in voices]
    sampler = _read_primes(emission, weights, np.stack(rows), places, primes, apart=requests.apart)
    if len(rows) > len(requests.each):
        sampler.voices = Voices(np.array(owners), np.array([share for _, share in voices]))
    if any(chords is not _ANY_CHORD for chords in asked):
        follow(sampler, emission, weights, asked, seconds=seconds)
    return sampler, np.array(moved)


def _read_primes(
    emission: str,
    weights: Mapping[str, np.ndarray],
    conditioning: np.ndarray,
    places: Sequence[tuple[int, int]],
    primes: Mapping[int, np.ndarray],
    *,
    apart: bool,
) -> Sampler:
    """Return a sampler whose rows have read their primes; equal rows are computed only once."""
    numbers: dict[tuple[int, int, bytes], int] = {}
    first, taken = [], []
    for i, (place, row) in enumerate(zip(places, conditioning, strict=True)):
        which = (*place, row.tobytes())
        if which not in numbers:
            numbers[which] = len(numbers)
            first.append(i)
        taken.append(numbers[which])
    sampler = Sampler(
        emission,
        weights,
        conditioning=conditioning[first],
        n_pieces=len(first),
        apart=apart,
    )
    frames = [np.roll(primes[places[i][0]], places[i][1], axis=1) for i in first]
    if any(map(len, frames)):
        with one_blas_thread():
            sampler.read(frames)
    return sampler if len(first) == len(taken) else sampler.take(taken)


def _choose_key(odds: np.ndarray, rng: np.random.RandomState) -> int:
    """Draw the number of a key with the probabilities `odds` (n_keys,).

    Keys are ranked before the draw, the likeliest first. With the same seed, the continuation of a
    transposed prime is therefore the transposed continuation of the original prime.
    """
    ranked = np.argsort(-odds, kind="stable")
    return int(ranked[sample_categorical(odds[ranked][None], rng.random_sample(1))[0]])
