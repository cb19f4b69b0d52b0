"""Past of each frame, as the network for piano rolls reads it.

The network is trained on excerpts of 128 frames. What lies farther back, or is hard for it to
count, is an input: the match, for how long each note has sounded or been silent, and the position
in the piece.
"""

from copy import copy
from typing import Self

import numpy as np

from ._matches import N_CONFIDENCES, Matches, MatchFinder, frame_numbers

# Lower borders, in frames, of the classes of how long a note has sounded or been silent.
_AGES = np.array([1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33])
OLDEST = int(_AGES[-1])
N_AGES = 2 * len(_AGES) + 1
N_STATES = N_AGES * 2 * N_CONFIDENCES
# The position in the piece is given modulo these, in frames, to convey meter and form.
_PERIODS = np.array([2, 3, 4, 6, 8, 12, 16, 24, 32])
N_SCALARS = 2 * len(_PERIODS) + N_CONFIDENCES + len(_AGES) + 1


def known_before(piece: np.ndarray, matches: Matches, start: int, stop: int) -> np.ndarray:
    """Return the inputs that describe the past of each frame of an excerpt.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, n_features)
        A binary piece.
    matches : Matches
        Its matches.
    start, stop : int
        The excerpt.

    Returns
    -------
    known : ndarray of shape (stop - start, 4 * n_features + N_SCALARS)
        The last frame, the one before, the match, the state of every note, and scalars.
    """
    first = max(start - OLDEST - 1, 0)
    frames = np.asarray(piece[first : stop - 1], np.float32)
    frames = np.pad(frames, ((2 if first == 0 else 0, 0), (0, 0)))
    times = np.arange(start, stop)
    lags = matches.lags[start:stop].astype(np.int64)
    repeated = np.asarray(piece[times - lags], np.float32) * (lags > 0)[:, None]
    ages = _count(frames)[-len(times) :]
    ages = np.minimum(ages, times[:, None])
    last, before = frames[1:][-len(times) :], frames[:-1][-len(times) :]
    return compose_known(last, before, repeated, ages, matches.confidences[start:stop], times)


def _count(frames: np.ndarray) -> np.ndarray:
    """Return for how many frames each note has sounded or been silent, except in the first."""
    places = np.arange(len(frames))[:, None]
    changes = np.zeros(frames.shape, np.int64)
    changes[1:] = np.where(frames[1:] != frames[:-1], places[1:], 0)
    return (places - np.maximum.accumulate(changes, axis=0) + 1)[1:]


def compose_known(
    last: np.ndarray,
    before: np.ndarray,
    repeated: np.ndarray,
    ages: np.ndarray,
    confidences: np.ndarray,
    times: np.ndarray,
) -> np.ndarray:
    """Compose the inputs that describe the past, (n, 4 * n_features + N_SCALARS).

    Parameters
    ----------
    last, before, repeated : ndarray of shape (n, n_features)
        The last frame, the one before, and the match.
    ages : int ndarray of shape (n, n_features)
        For how many frames each note has sounded or been silent; 0 at the start of a piece.
    confidences : int ndarray of shape (n,)
        Of the match.
    times : int ndarray of shape (n,)
        Numbers of the frames in their pieces.
    """
    n, width = last.shape
    known = np.empty((n, 4 * width + N_SCALARS), np.float32)
    known[:, :width] = last
    known[:, width : 2 * width] = before
    known[:, 2 * width : 3 * width] = repeated
    levels = _LEVELS[np.minimum(ages, OLDEST)]
    states = levels + (last > 0) * (len(_AGES) * (levels > 0))
    states += N_AGES * (2 * np.asarray(confidences, np.int64)[:, None] + (repeated > 0))
    known[:, 3 * width : 4 * width] = states
    scalars = known[:, 4 * width :]
    scalars[:, : 2 * len(_PERIODS)] = _PHASES[times % len(_PHASES)]
    scalars[:, 2 * len(_PERIODS) :] = 0
    rows = np.arange(n)
    scalars[rows, 2 * len(_PERIODS) + confidences] = 1
    scalars[rows, 2 * len(_PERIODS) + N_CONFIDENCES + levels.min(1)] = 1
    return known


_LEVELS = np.searchsorted(_AGES, np.arange(OLDEST + 1), side="right")
_ANGLES = 2 * np.pi * np.arange(np.lcm.reduce(_PERIODS))[:, None] / _PERIODS
_PHASES = np.concatenate([np.sin(_ANGLES), np.cos(_ANGLES)], axis=1).astype(np.float32)


class RollMemory:
    """Inputs that describe the past of the next frame of several pieces, while they grow.

    Attributes
    ----------
    known : ndarray of shape (n_pieces, 4 * n_features + N_SCALARS)
        As `known_before` returns it.
    """

    def __init__(self, n_pieces: int, n_features: int) -> None:
        self._last = np.zeros((n_pieces, n_features), np.float32)
        self._ages = np.zeros((n_pieces, n_features), np.int64)
        self._times = np.zeros(n_pieces, np.int64)
        self._matches = MatchFinder(n_pieces)
        # Copies of this memory share them.
        self._frames = {0: self._last[0]}
        self._know(self._last)

    def read(self, frames: np.ndarray) -> None:
        """Read the next frame of each piece, (n_pieces, n_features)."""
        numbers = frame_numbers(frames)
        for number, frame in zip(numbers.tolist(), frames, strict=True):
            if number not in self._frames:
                self._frames[number] = frame.copy()
        self._matches.read(numbers)
        self._times = self._times + 1
        self._ages = np.where(frames == self._last, np.minimum(self._ages + 1, OLDEST), 1)
        before, self._last = self._last, frames.copy()
        self._know(before)

    def take(self, rows: np.ndarray) -> Self:
        """Return a memory of the pieces numbered `rows`."""
        taken = copy(self)
        taken.known, taken._last, taken._ages, taken._times = (
            each[rows] for each in (self.known, self._last, self._ages, self._times)
        )
        taken._matches = self._matches.take(rows)
        return taken

    def put(self, rows: np.ndarray, other: Self) -> None:
        """Copy the state of `other` to the pieces numbered `rows`."""
        for mine, theirs in (
            (self.known, other.known),
            (self._last, other._last),
            (self._ages, other._ages),
            (self._times, other._times),
        ):
            mine[rows] = theirs[rows]
        self._matches.put(rows, other._matches)

    def _know(self, before: np.ndarray) -> None:
        repeated = np.stack([self._frames[number] for number in self._matches.numbers.tolist()])
        self.known = compose_known(
            self._last, before, repeated, self._ages, self._matches.confidences, self._times
        )
