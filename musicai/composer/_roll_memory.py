"""Inputs that describe what came before a frame, for networks that read piano rolls.

These networks are trained on excerpts of at most 128 frames. Facts that depend on frames before the
excerpt, or on counting frames, are therefore inputs: the frame that followed the earlier passage
that best matches the latest frames, how long each note has sounded or been silent, how often each
pitch class has sounded recently, and the position of the frame in the piece.
"""

from copy import copy
from typing import Self

import numpy as np

from ..theory.keys import N_KEYS, octave_fold
from ._matches import N_CONFIDENCES, Matches, MatchFinder, frame_numbers

# Lower bounds, in frames, of classes of age: how long a note has sounded or been silent.
_AGES = np.array([1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33])
OLDEST = int(_AGES[-1])
N_AGES = 2 * len(_AGES) + 1
N_STATES = N_AGES * 2 * N_CONFIDENCES
# Periods, in frames, of the sine waves that encode the position in the piece. They convey meter and
# form.
_PERIODS = np.array([2, 3, 4, 6, 8, 12, 16, 24, 32])
# The notes of each pitch class are averaged over the last 8 and over the last 32 frames.
_RECENT = (8, 32)
N_RECENT = len(_RECENT) * N_KEYS
N_SCALARS = 2 * len(_PERIODS) + N_CONFIDENCES + len(_AGES) + 1


def known_before(piece: np.ndarray, matches: Matches, start: int, stop: int) -> np.ndarray:
    """Return the inputs that describe the past of each frame of an excerpt.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, n_features)
        Binary piece.
    matches : Matches
        Matches of all frames of the piece.
    start, stop : int
        First frame of the excerpt, and the frame after its last one.

    Returns
    -------
    known : ndarray of shape (stop - start, 4 * n_features + N_RECENT + N_SCALARS)
        The columns are the last frame, the frame before it, the matched frame, the state of every
        note, the recent notes of each pitch class, and scalars: position in the piece, confidence
        in the match, and how long ago any note last changed. The state of a note is a single number
        that encodes three facts: how long the note has sounded or been silent, the confidence, and
        whether the matched frame has the note.
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
    confidences = matches.confidences[start:stop]
    recent = _count_recent(frames @ octave_fold(frames.shape[1]))[-len(times) :]
    return compose_known(last, before, repeated, ages, confidences, recent, times)


def _count(frames: np.ndarray) -> np.ndarray:
    """Return for how many frames each note has sounded or been silent, (n - 1, n_features).

    Row t holds the counts up to and including frame t + 1. The first frame has no row.
    """
    places = np.arange(len(frames))[:, None]
    changes = np.zeros(frames.shape, np.int64)
    changes[1:] = np.where(frames[1:] != frames[:-1], places[1:], 0)
    return (places - np.maximum.accumulate(changes, axis=0) + 1)[1:]


def _count_recent(folded: np.ndarray) -> np.ndarray:
    """Return the recent number of notes per frame in each pitch class, (n, N_RECENT).

    The numbers are means over the last 8 and over the last 32 frames, including the frame itself.
    Sums are small integers and are divided by powers of 2, so the means are exact.
    """
    totals = np.pad(folded, ((1, 0), (0, 0))).cumsum(0, dtype=np.float32)
    ends = np.arange(1, len(totals))
    counts = [(totals[ends] - totals[np.maximum(ends - n, 0)]) / n for n in _RECENT]
    return np.concatenate(counts, axis=1)


def compose_known(
    last: np.ndarray,
    before: np.ndarray,
    repeated: np.ndarray,
    ages: np.ndarray,
    confidences: np.ndarray,
    recent: np.ndarray,
    times: np.ndarray,
) -> np.ndarray:
    """Assemble the inputs that describe the past, (n, 4 * n_features + N_RECENT + N_SCALARS).

    Parameters
    ----------
    last, before, repeated : ndarray of shape (n, n_features)
        The last frame, the frame before it, and the matched frame.
    ages : int ndarray of shape (n, n_features)
        Number of frames for which each note has sounded or been silent; 0 at the start of a piece.
    confidences : int ndarray of shape (n,)
        Class of confidence in the match.
    recent : ndarray of shape (n, N_RECENT)
        Recent notes of each pitch class, from `_count_recent`.
    times : int ndarray of shape (n,)
        Indices of the frames in their pieces.
    """
    n, width = last.shape
    known = np.empty((n, 4 * width + N_RECENT + N_SCALARS), np.float32)
    known[:, :width] = last
    known[:, width : 2 * width] = before
    known[:, 2 * width : 3 * width] = repeated
    levels = _LEVELS[np.minimum(ages, OLDEST)]
    states = levels + (last > 0) * (len(_AGES) * (levels > 0))
    states += N_AGES * (2 * np.asarray(confidences, np.int64)[:, None] + (repeated > 0))
    known[:, 3 * width : 4 * width] = states
    known[:, 4 * width : 4 * width + N_RECENT] = recent
    scalars = known[:, 4 * width + N_RECENT :]
    scalars[:, : 2 * len(_PERIODS)] = _PHASES[times % len(_PHASES)]
    scalars[:, 2 * len(_PERIODS) :] = 0
    rows = np.arange(n)
    scalars[rows, 2 * len(_PERIODS) + confidences] = 1
    scalars[rows, 2 * len(_PERIODS) + N_CONFIDENCES + levels.min(1)] = 1
    return known


_LEVELS = np.searchsorted(_AGES, np.arange(OLDEST + 1), side="right")
_ANGLES = 2 * np.pi * np.arange(np.lcm.reduce(_PERIODS))[:, None] / _PERIODS
_PHASES = np.concatenate([np.sin(_ANGLES), np.cos(_ANGLES)], axis=1).astype(np.float32)


_PAST = ("known", "_last", "_ages", "_folded", "_times")
"""Names of the arrays of a `RollMemory` that have a row for each piece."""


class RollMemory:
    """Record of the past of several growing piano rolls.

    Attributes
    ----------
    known : ndarray of shape (n_pieces, 4 * n_features + N_RECENT + N_SCALARS)
        One row per piece, with the columns that `known_before` describes.
    """

    def __init__(self, n_pieces: int, n_features: int) -> None:
        self._last = np.zeros((n_pieces, n_features), np.float32)
        self._ages = np.zeros((n_pieces, n_features), np.int64)
        self._times = np.zeros(n_pieces, np.int64)
        self._fold = octave_fold(n_features)
        # Number of notes per pitch class in each of the last frames.
        self._folded = np.zeros((n_pieces, max(_RECENT), N_KEYS), np.float32)
        self._matches = MatchFinder(n_pieces)
        # Frames by their hashes. Copies of this memory share this dictionary.
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
        folded = np.dot(frames, self._fold)
        self._folded = np.concatenate([self._folded[:, 1:], folded[:, None]], axis=1)
        before, self._last = self._last, frames.copy()
        self._know(before)

    def take(self, rows: np.ndarray) -> Self:
        """Return a memory of the pieces numbered `rows`."""
        taken = copy(self)
        for name in _PAST:
            setattr(taken, name, getattr(self, name)[rows])
        taken._matches = self._matches.take(rows)
        return taken

    def put(self, rows: np.ndarray, other: Self) -> None:
        """Replace the past of the pieces numbered `rows` with their past in `other`."""
        for name in _PAST:
            getattr(self, name)[rows] = getattr(other, name)[rows]
        self._matches.put(rows, other._matches)

    def _know(self, before: np.ndarray) -> None:
        repeated = np.stack([self._frames[number] for number in self._matches.numbers.tolist()])
        counts = [self._folded[:, -n:].sum(1) / n for n in _RECENT]
        self.known = compose_known(
            self._last,
            before,
            repeated,
            self._ages,
            self._matches.confidences,
            np.concatenate(counts, axis=1),
            self._times,
        )
