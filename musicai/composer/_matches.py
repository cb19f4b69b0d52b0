"""Match features, an input of the network: a guess of the next frame from similar earlier contexts.

Music repeats itself, but a recurrent network of some hundred units, trained on excerpts, cannot
repeat frames that it read hundreds of frames ago. So each frame comes with a guess, the mean of
earlier frames of the piece, weighted by the similarity of their contexts to that of this frame, and
with the greatest of these similarities. The features depend on earlier frames alone, so likelihoods
stay exact; the look-back is bounded, so a step costs the same in pieces of any length.

The similarity of two frames is their Pearson correlation, which is the same if both are transposed.
The similarity of two contexts is the mean similarity of the frames before them, with weights that
decay back in time.
"""

from copy import copy
from typing import Self

import numpy as np

from ..theory.shapes import unit_shapes
from ._logistic import N_LEVELS

# Range of lags of earlier frames. The network remembers nearer frames by itself; with them in the
# guess, composed pieces stood still, each frame a copy of those just before: see docs/design.md.
_NEAREST, _FARTHEST = 16, 1024
_N_LAGS = _FARTHEST + 1 - _NEAREST
_DECAY = 0.8  # per frame, of the weights of a context
_CONTEXT = 96  # frames of a context; the weights of earlier ones are below 1e-9
_SHARPNESS = 40.0  # an earlier frame has the weight exp(_SHARPNESS * similarity)
_BLOCK = 256  # frames that are compared at once


def n_match_features(n_features: int) -> int:
    """Return the number of match features of frames with so many features."""
    return n_features + 1


def match_features(piece: np.ndarray, start: int = 0) -> np.ndarray:
    """Return the match features of the frames of a piece.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, n_features)
        The piece.
    start : int, default=0
        The first frame to return features of.

    Returns
    -------
    features : ndarray of shape (n_frames - start, n_features + 1), dtype float32
        The guess and its similarity; zeros in the first 16 frames, which have no lag.
    """
    features = np.zeros((len(piece) - start, n_match_features(piece.shape[1])), np.float32)
    alike = np.zeros(_N_LAGS, np.float32)
    for first in range(max(start - _CONTEXT, 1), len(piece), _BLOCK):
        last = min(first + _BLOCK, len(piece))
        oldest = max(0, first - _FARTHEST - 1)
        frames = _on_grid(np.asarray(piece[oldest:last], np.float32))
        shapes = unit_shapes(frames)
        similar = shapes[first - 1 - oldest : -1] @ shapes.T
        weights = np.zeros((last - first, len(frames)), np.float32)
        for row, t in enumerate(range(first, last)):
            alike *= _DECAY
            if (n := min(t - 1, _FARTHEST)) >= _NEAREST:
                before = similar[row, t - 1 - n - oldest : t - _NEAREST - oldest]
                alike[: len(before)] += (1 - _DECAY) * before[::-1]
            if t >= start and (n := min(t, _FARTHEST)) >= _NEAREST:
                some = alike[: n + 1 - _NEAREST]
                weights[row, t - n - oldest : t + 1 - _NEAREST - oldest] = _softmax(some)[::-1]
                features[t - start, -1] = some.max()
        skipped = max(start - first, 0)
        features[first + skipped - start : last - start, :-1] = weights[skipped:] @ frames
    return features


class Matcher:
    """Match features of several pieces, frame by frame.

    Parameters
    ----------
    n_pieces, n_features : int
        Number of pieces, and of features in a frame.

    Attributes
    ----------
    features : ndarray of shape (n_pieces, n_features + 1)
        Match features of the next frames, after those that were read.
    """

    def __init__(self, n_pieces: int, n_features: int) -> None:
        self.features = np.zeros((n_pieces, n_match_features(n_features)), np.float32)
        self._alike = np.zeros((n_pieces, _N_LAGS), np.float32)
        self._n_read = np.zeros(n_pieces, int)
        # Frames and their shapes, the newest first, from place `_newest` on.
        self._past = np.zeros((2, n_pieces, 0, n_features), np.float32)
        self._newest = 0
        self._rows: np.ndarray | None = None

    def read(self, frames: np.ndarray) -> None:
        """Read a frame of every piece, (n_pieces, n_features)."""
        self._copy_past()
        if self._newest == 0:
            self._make_room()
        self._newest -= 1
        newest = self._newest
        frames = _on_grid(frames)
        shapes = unit_shapes(frames)
        self._past[0, :, newest], self._past[1, :, newest] = frames, shapes
        self._n_read += 1
        before = self._past[1, :, newest + _NEAREST : newest + _FARTHEST + 1]
        self._alike *= _DECAY
        similar = np.matmul(before, shapes[..., np.newaxis])[..., 0]
        self._alike[:, : similar.shape[1]] += (1 - _DECAY) * similar
        earlier = self._past[0, :, newest + _NEAREST - 1 : newest + _FARTHEST]
        if earlier.shape[1]:
            lags = np.arange(_NEAREST, _NEAREST + earlier.shape[1])
            # Before any lag exists, a piece has zeros in its past and its similarities.
            known = (lags <= self._n_read[:, np.newaxis]) | (self._n_read < _NEAREST)[:, np.newaxis]
            alike = np.where(known, self._alike[:, : len(lags)], -np.inf)
            self.features[:, :-1] = np.matmul(_softmax(alike)[:, np.newaxis], earlier)[:, 0]
            self.features[:, -1] = alike.max(axis=1)

    def take(self, rows: np.ndarray) -> Self:
        """Return a matcher with the states of the pieces numbered `rows`."""
        taken = copy(self)
        # The past is copied on the first write, as many matchers are never written to.
        taken._rows = rows if self._rows is None else self._rows[rows]
        for name in ("features", "_alike", "_n_read"):
            setattr(taken, name, getattr(self, name)[rows])
        return taken

    def put(self, rows: np.ndarray, other: Self) -> None:
        """Copy the states of `other`, which has read no more frames, for pieces numbered `rows`."""
        self._copy_past()
        other._copy_past()
        for name in ("features", "_alike", "_n_read"):
            getattr(self, name)[rows] = getattr(other, name)[rows]
        known = other._past[:, rows, other._newest :]
        self._past[:, rows, self._newest :] = 0
        self._past[:, rows, self._newest : self._newest + known.shape[2]] = known

    def _copy_past(self) -> None:
        if self._rows is not None:
            self._past, self._rows = self._past[:, self._rows], None

    def _make_room(self) -> None:
        """Move the needed part of the past to the end of a larger array."""
        kept = self._past[:, :, : _FARTHEST + 1]
        n_free = max(64, kept.shape[2])
        room = np.zeros((*kept.shape[:2], n_free, kept.shape[3]), np.float32)
        self._past, self._newest = np.concatenate([room, kept], axis=2), n_free


def _on_grid(frames: np.ndarray) -> np.ndarray:
    """Round frames to the levels of the likelihood."""
    highest = np.float32(N_LEVELS - 1)
    return np.rint(frames * highest) / highest


def _softmax(alike: np.ndarray) -> np.ndarray:
    """Return the weights of earlier frames, which sum to one along the last axis."""
    weights = np.exp(_SHARPNESS * (alike - alike.max(axis=-1, keepdims=True)))
    return weights / weights.sum(axis=-1, keepdims=True)
