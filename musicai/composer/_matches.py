"""Repetition in piano rolls: the earlier passage that best matches the last frames.

Music often repeats itself literally after minutes, beyond the memory of a recurrent network. The
frame that followed the best-matching earlier passage is therefore an input of the network.

A *lag* is a number of frames. Its score grows by 1 with each frame that equals the frame `lag`
frames earlier, and is halved by each frame that differs, so that a varied note does not end a
repetition. The match of a frame is the lag that has the highest score just before the frame, so it
depends only on earlier frames. If no score is high enough, there is no match. The lag to the first
frame is then used if it is at most `LOOK_BACK`, because pieces often return to their beginning.
"""

from collections.abc import Iterable
from copy import copy
from functools import lru_cache
from typing import NamedTuple, Self

import numpy as np

from ..base.pieces import frame_blocks

LOOK_BACK = 4096
"""Largest lag in frames, which bounds time and memory per frame."""
_FORGET = np.float32(0.5)  # multiplies a score when a frame differs
_SHORTEST = 64  # initial number of lags of a `MatchFinder`
# Lower bounds of the classes of scores. There is no match if the score is below the first bound.
_BORDERS = np.array([0.5, 1, 2, 3, 5, 9, 17, 33, 65])
N_CONFIDENCES = 2 * len(_BORDERS) + 1
"""Number of classes of confidence in a match.

Class 0 means that there is no match. Each other class stands for a range of scores, and for whether
the last frame equals the frame one lag before it.
"""


class Matches(NamedTuple):
    """Matches of all frames of a piece, as defined at the top of this module.

    `lags` (n_frames,), int16, holds the lag to the matched frame. It is 0 at the first frame, and
    for frames without a match that are more than `LOOK_BACK` frames after the first frame.
    `confidences` (n_frames,), uint8, holds classes of confidence, below `N_CONFIDENCES`.
    """

    lags: np.ndarray
    confidences: np.ndarray


def find_matches(piece: np.ndarray) -> Matches:
    """Return the match of every frame of a piece (n_frames, n_features).

    For a whole piece, this is faster than `MatchFinder`.
    """
    n_frames = len(piece)
    times = np.arange(n_frames)
    numbers: Iterable[np.ndarray] = map(frame_numbers, frame_blocks(piece))
    _, contents = np.unique(np.concatenate([*numbers, np.zeros(0, np.int64)]), return_inverse=True)
    n_lags = min(LOOK_BACK, n_frames)
    # In reverse order, each frame is followed by the frames at lags 1, 2 and so on.
    backwards = np.concatenate([contents[::-1].astype(np.int32), np.full(n_lags, -1, np.int32)])
    scores, fits, factors = np.zeros((3, n_lags), np.float32)
    lags, best_scores, agreed = np.zeros_like(times), np.zeros(n_frames, np.float32), times < 0
    for t in range(1, n_frames):
        last = n_frames - t
        earlier = backwards[last + 1 : last + 1 + n_lags]
        np.equal(earlier, backwards[last], out=fits, casting="unsafe")
        np.add(fits * (1 - _FORGET), _FORGET, out=factors)
        scores *= factors
        scores += fits
        best = scores.argmax()
        lags[t], best_scores[t], agreed[t] = best + 1, scores[best], fits[best]
    lags, confidences = _match(lags, best_scores, agreed, times)
    return Matches(lags.astype(np.int16), confidences.astype(np.uint8))


def _match(
    lags: np.ndarray, scores: np.ndarray, agreed: np.ndarray, n_read: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lags of matches and their classes of confidence, with the shape of `lags`.

    All arguments have the same shape. For each frame, `lags` is the lag with the highest score,
    `scores` this score, and `n_read` the number of earlier frames. `agreed` is whether the last of
    the earlier frames equals the frame one lag before it.
    """
    level = np.searchsorted(_BORDERS, scores, side="right")
    first = np.where(n_read <= LOOK_BACK, n_read, 0)
    return np.where(level > 0, lags, first), np.where(level > 0, 2 * level - agreed, 0)


def frame_numbers(frames: np.ndarray) -> np.ndarray:
    """Return a hash of each frame, (n,), which depends only on which features are above 0.

    Frames that differ in this almost never have the same hash. The last bit of a hash is 1, so no
    hash is 0.
    """
    return 2 * np.where(frames > 0, _factors(frames.shape[1]), 0).sum(1) + 1


@lru_cache
def _factors(n_features: int) -> np.ndarray:
    return np.random.RandomState(n_features).randint(2**62, size=n_features)


class MatchFinder:
    """Finder of matches in several growing pieces.

    Attributes
    ----------
    lags : int ndarray of shape (n_pieces,)
        Lag with the highest score for the next frame of each piece, the shortest one if several
        have the same score. Without a match, the lag to the first frame, or 0 if that frame is more
        than `LOOK_BACK` frames away.
    confidences : int ndarray of shape (n_pieces,)
        Class of confidence in each match.
    """

    def __init__(self, n_pieces: int) -> None:
        self.lags = np.zeros(n_pieces, np.int64)
        self.confidences = np.zeros(n_pieces, np.int64)
        self._n_read = np.zeros(n_pieces, np.int64)
        # `_frames` holds the hashes of the frames in order, with zeros before the first frame. The
        # last column of `_scores` belongs to lag 1.
        self._frames = np.zeros((n_pieces, 2 * _SHORTEST), np.int64)
        self._scores = np.zeros((n_pieces, _SHORTEST), np.float32)
        self._end = _SHORTEST

    def read(self, numbers: np.ndarray) -> None:
        """Read the hash of the next frame of each piece, (n_pieces,), from `frame_numbers`."""
        if self._end == self._frames.shape[1]:
            self._make_room()
        n_lags = self._scores.shape[1]
        fits = self._frames[:, self._end - n_lags : self._end] == numbers[:, None]
        self._scores = np.where(fits, self._scores + 1, self._scores * _FORGET)
        self._frames[:, self._end] = numbers
        self._end += 1
        self._n_read = self._n_read + 1
        best = n_lags - 1 - self._scores[:, ::-1].argmax(1)
        rows = np.arange(len(best))
        scores, agreed = self._scores[rows, best], fits[rows, best]
        self.lags, self.confidences = _match(n_lags - best, scores, agreed, self._n_read)

    def take(self, rows: np.ndarray) -> Self:
        """Return a finder for the pieces numbered `rows`, in their current state."""
        taken = copy(self)
        taken.lags, taken.confidences = self.lags[rows], self.confidences[rows]
        taken._frames, taken._scores = self._frames[rows], self._scores[rows]
        taken._n_read = self._n_read[rows]
        return taken

    def put(self, rows: np.ndarray, other: Self) -> None:
        """Replace the state of the pieces numbered `rows` with their state in `other`.

        `other` must not have read more frames than this finder.
        """
        self.lags[rows], self.confidences[rows] = other.lags[rows], other.confidences[rows]
        self._scores[rows], self._frames[rows] = 0, 0
        self._n_read[rows] = other._n_read[rows]
        n_lags = other._scores.shape[1]
        self._scores[rows, -n_lags:] = other._scores[rows]
        n_frames = min(self._end, other._end)
        ended = slice(self._end - n_frames, self._end)
        self._frames[rows, ended] = other._frames[rows, other._end - n_frames : other._end]

    @property
    def numbers(self) -> np.ndarray:
        """Hashes of the matched frames, (n_pieces,); 0 where the lag is 0."""
        places = self._end - np.maximum(self.lags, 1)
        return np.where(self.lags > 0, self._frames[np.arange(len(places)), places], 0)

    def _make_room(self) -> None:
        """Double the number of lags, up to `LOOK_BACK`; drop the frames that no lag reaches."""
        n_pieces, n_lags = self._scores.shape
        kept = min(2 * n_lags, LOOK_BACK)
        frames = np.zeros((n_pieces, kept + n_lags), np.int64)
        frames[:, :kept] = np.pad(self._frames, ((0, 0), (kept, 0)))[:, -kept:]
        self._scores = np.pad(self._scores, ((0, 0), (kept - n_lags, 0)))
        self._frames, self._end = frames, kept
