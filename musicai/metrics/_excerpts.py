"""Excerpts of equal length: cutting, random drawing and counting."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.parameters import COUNT_OR_NONE_RULE, check_values
from ..theory.shapes import is_flat
from ..theory.timing import RATE_RULE
from ._form import same_keys
from ._realism import shortest_piece

FEWEST_EXCERPTS = 2
"""Minimum number of excerpts in a set; the standard deviation of a single value is undefined."""

_LONGEST = 60  # seconds; maximum length of an excerpt if `n_frames` is None
_SOUNDING = 0.9  # minimum share of non-flat frames; below it, metrics may be undefined


def excerpt_length(n_frames: Any, sets: Sequence[Sequence[np.ndarray]], frame_rate: Any) -> int:
    """Return the length of an excerpt in frames: `n_frames` or, if it is None, a default.

    The default is the greatest length up to 60 s that at least half of the pieces in every set
    reach, or the shortest length for which all metrics are defined, whichever is greater. If
    `n_frames` is less than that shortest length, a ValueError is raised.
    """
    check_values(
        {"n_frames": n_frames, "frame_rate": frame_rate},
        {
            "n_frames": COUNT_OR_NONE_RULE,
            "frame_rate": RATE_RULE,
        },
    )
    shortest = shortest_piece(frame_rate)
    if n_frames is None:
        halves = [np.percentile([len(p) for p in pieces], 50, method="lower") for pieces in sets]
        return max(shortest, min(round(_LONGEST * frame_rate), *map(int, halves)))
    if n_frames < shortest:
        raise ValueError(
            f"n_frames={n_frames} is too short for key_stability, which compares windows of 10 s: "
            f"at {frame_rate:.4g} frames per second, pass {shortest} or more"
        )
    return int(n_frames)


def cut(pieces: Sequence[np.ndarray], n_frames: int, frame_rate: float) -> list[list[np.ndarray]]:
    """Cut each piece into successive excerpts of `n_frames` frames.

    Return a list of excerpts for each piece. A shorter remainder is dropped. Excerpts are left out
    if a metric may be undefined for them: if more than a tenth of the frames are silent or
    otherwise flat, or if no two adjacent windows of 10 s both have a key.
    """
    passage = shortest_piece(frame_rate) // 2
    return [
        [
            excerpt
            for first in range(0, len(piece) - n_frames + 1, n_frames)
            if _sounds(excerpt := piece[first : first + n_frames])
            and len(same_keys(excerpt, passage, passage))
        ]
        for piece in pieces
    ]


def draw(
    excerpts: Sequence[Sequence[np.ndarray]], n_excerpts: int, rng: np.random.RandomState
) -> list[np.ndarray]:
    """Draw `n_excerpts` excerpts at random, spread as evenly as possible over the pieces."""
    shuffled = [[piece[i] for i in rng.permutation(len(piece))] for piece in excerpts]
    drawn: list[np.ndarray] = []
    turn = 0
    while len(drawn) < n_excerpts:
        having = [piece for piece in shuffled if len(piece) > turn]
        drawn += [having[i][turn] for i in rng.permutation(len(having))]
        turn += 1
    return drawn[:n_excerpts]


def count(excerpts: Sequence[Sequence[np.ndarray]]) -> int:
    """Return the total number of excerpts."""
    return sum(map(len, excerpts))


def require_excerpts(
    name: str,
    pieces: Sequence[np.ndarray],
    excerpts: Sequence[Sequence[np.ndarray]],
    n_frames: int,
    frame_rate: float,
) -> None:
    """Raise a ValueError if the set called `name` has fewer than `FEWEST_EXCERPTS` excerpts."""
    if count(excerpts) < FEWEST_EXCERPTS:
        smaller = ", or a smaller n_frames" if n_frames > shortest_piece(frame_rate) else ""
        raise ValueError(
            f"{name} holds {counted(count(excerpts), 'excerpt')} of {n_frames} frames in which "
            "nine of ten frames sound and a key is found, where "
            f"{FEWEST_EXCERPTS} or more are needed. It has {counted(len(pieces), 'piece')} of up "
            f"to {max(map(len, pieces), default=0)} frames: pass more or longer pieces{smaller}"
        )


def counted(number: int, noun: str) -> str:
    """Return a number and its noun as text, with the noun in the plural unless the number is 1."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _sounds(excerpt: np.ndarray) -> bool:
    return bool(np.mean(~is_flat(excerpt)) >= _SOUNDING)
