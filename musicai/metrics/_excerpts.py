"""Sets that can be compared: equally many excerpts of one length."""

from collections.abc import Sequence

import numpy as np

_SOUNDING = 0.9  # of the frames of an excerpt must have a shape: every metric is defined then
_FEWEST = 2  # excerpts have a spread


def common_length(sets: Sequence[Sequence[np.ndarray]], shortest: int, longest: int) -> int:
    """Return the length that half of the pieces of every set have, from `shortest` to `longest`."""
    halves = [int(np.percentile([len(p) for p in pieces], 50, method="lower")) for pieces in sets]
    return max(shortest, min(longest, *halves))


def cut(pieces: Sequence[np.ndarray], n_frames: int) -> list[list[np.ndarray]]:
    """Cut each piece into excerpts that sound, one after the other; a rest is left over."""
    return [
        [
            excerpt
            for first in range(0, len(piece) - n_frames + 1, n_frames)
            if _sounds(excerpt := piece[first : first + n_frames])
        ]
        for piece in pieces
    ]


def draw(
    excerpts: Sequence[Sequence[np.ndarray]], n_excerpts: int, rng: np.random.RandomState
) -> list[np.ndarray]:
    """Draw excerpts by chance, from all pieces as evenly as can be."""
    shuffled = [[piece[i] for i in rng.permutation(len(piece))] for piece in excerpts]
    drawn: list[np.ndarray] = []
    turn = 0
    while len(drawn) < n_excerpts:
        having = [piece for piece in shuffled if len(piece) > turn]
        drawn += [having[i][turn] for i in rng.permutation(len(having))]
        turn += 1
    return drawn[:n_excerpts]


def count(excerpts: Sequence[Sequence[np.ndarray]]) -> int:
    """Return how many excerpts there are."""
    return sum(map(len, excerpts))


def require_excerpts(
    name: str,
    pieces: Sequence[np.ndarray],
    excerpts: Sequence[Sequence[np.ndarray]],
    n_frames: int,
) -> None:
    """Raise a ValueError if there are too few excerpts for their metrics to have a spread."""
    if count(excerpts) < _FEWEST:
        raise ValueError(
            f"{name} holds {count(excerpts)} excerpts of {n_frames} frames in which nine of ten "
            f"frames sound, where {_FEWEST} or more are needed: its {len(pieces)} pieces have up "
            f"to {max(map(len, pieces), default=0)} frames. Pass more or longer pieces, or a "
            "smaller n_frames"
        )


def _sounds(excerpt: np.ndarray) -> bool:
    return bool((np.ptp(excerpt, axis=1) > 0).mean() >= _SOUNDING)
