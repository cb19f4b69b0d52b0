"""Repetition in piano rolls: the earlier passage that best matches the last frames.

Music repeats itself, often literally and after minutes, beyond the memory of a recurrent network.
So the frame that followed the earlier passage is an input of the network. The score of a *lag*
grows by one with each frame that equals the frame `lag` frames earlier and halves with each frame
that does not, so that a varied note does not end a repetition. The match of a frame is the lag with
the highest score before it. If no lag fits, the match leads to the first frame, because pieces
often return to their beginning. Matches depend only on earlier frames.
"""

from collections.abc import Iterable
from copy import copy
from functools import lru_cache
from typing import NamedTuple, Self

import numpy as np

from ..base.pieces import frame_blocks

LOOK_BACK = 4096
"""Largest lag, which bounds time and memory per frame."""
_FORGET = np.float32(0.5)  # factor of a score at a frame that differs
_SHORTEST = 64  # number of lags for which a `MatchFinder` has room at first
# Lower bounds of the classes of scores. A score below the first is not a match.
_BORDERS = np.array([0.5, 1, 2, 3, 5, 9, 17, 33, 65])
N_CONFIDENCES = 2 * len(_BORDERS) + 1
"""Number of classes of confidence in a match.

Class 0 means that no lag fits. Each other class stands for a range of scores, and for whether the
last frame equaled the frame at that lag before it.
"""


class Matches(NamedTuple):
    """The match of every frame of a piece.

    `lags`, int16 of shape (n_frames,), are 0 at the first frame, and where no lag fits and the
    first frame is more than `LOOK_BACK` frames away. `confidences`, uint8 of shape (n_frames,), are
    classes of confidence, below `N_CONFIDENCES`.
    """

    lags: np.ndarray
    confidences: np.ndarray


def find_matches(piece: np.ndarray) -> Matches:
    """Return the match of every frame of a piece (n_frames, n_features).

    Use this for a whole piece: it takes a third of the time that `MatchFinder` takes.
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
    """Return the lags of the matches and their classes of confidence, each like `lags`.

    `lags` holds the lags with the highest scores, `scores` these scores, and `n_read` how many
    frames came before. `agreed` is true where the last frame equaled the one at that lag before it.
    """
    level = np.searchsorted(_BORDERS, scores, side="right")
    first = np.where(n_read <= LOOK_BACK, n_read, 0)
    return np.where(level > 0, lags, first), np.where(level > 0, 2 * level - agreed, 0)


def frame_numbers(frames: np.ndarray) -> np.ndarray:
    """Return a hash of each frame, (n,), which depends on the features that are above 0.

    Hashes of different frames practically always differ. Their last bit is 1, so none is 0.
    """
    return 2 * np.where(frames > 0, _factors(frames.shape[1]), 0).sum(1) + 1


@lru_cache
def _factors(n_features: int) -> np.ndarray:
    return np.random.RandomState(n_features).randint(2**62, size=n_features)


class MatchFinder:
    """Finds the matches of several pieces while they grow.

    Attributes
    ----------
    lags : int ndarray of shape (n_pieces,)
        The best lag for the next frame of each piece, the shortest one if several are equally good.
        If none fits, it leads to the first frame, or is 0 if the first frame is more than
        `LOOK_BACK` frames away.
    confidences : int ndarray of shape (n_pieces,)
        Class of confidence of each lag.
    """

    def __init__(self, n_pieces: int) -> None:
        self.lags = np.zeros(n_pieces, np.int64)
        self.confidences = np.zeros(n_pieces, np.int64)
        self._n_read = np.zeros(n_pieces, np.int64)
        # `_frames` holds as many zeros as there are lags, then the hashes of the frames in order.
        # The last column of `_scores` belongs to lag 1.
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
        """Return a finder for the pieces numbered `rows`, with their state."""
        taken = copy(self)
        taken.lags, taken.confidences = self.lags[rows], self.confidences[rows]
        taken._frames, taken._scores = self._frames[rows], self._scores[rows]
        taken._n_read = self._n_read[rows]
        return taken

    def put(self, rows: np.ndarray, other: Self) -> None:
        """Replace the state of the pieces numbered `rows` by the one they have in `other`.

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
        """Hashes of the frames that the lags lead to, (n_pieces,); 0 where the lag is 0."""
        places = self._end - np.maximum(self.lags, 1)
        return np.where(self.lags > 0, self._frames[np.arange(len(places)), places], 0)

    def _make_room(self) -> None:
        """Make room for more frames and lags, up to `LOOK_BACK`; drop frames out of reach."""
        n_pieces, n_lags = self._scores.shape
        kept = min(2 * n_lags, LOOK_BACK)
        frames = np.zeros((n_pieces, kept + n_lags), np.int64)
        frames[:, :kept] = np.pad(self._frames, ((0, 0), (kept, 0)))[:, -kept:]
        self._scores = np.pad(self._scores, ((0, 0), (kept - n_lags, 0)))
        self._frames, self._end = frames, kept
