"""Which moment of which recording to play when.

A path goes through the frames of the recordings, one for each frame of the piece: either on to the
next frame of the same recording, for nothing, or by a join to any frame of any, at a cost. The
path with the greatest sum of similarities less costs is found by dynamic programming (A. Viterbi,
1967), as in corpus-based concatenative synthesis (D. Schwarz, "Concatenative sound synthesis: the
early years", Journal of New Music Research 35, 2006), but over all frames rather than over some
candidates. That is cheap because the cost of a join is the same everywhere: whoever joins comes
from the best place that there is. So a step takes time and memory in proportion to the number of
frames in the recordings, and no table of steps is kept: a place knows when its stretch began, and
what was then the best place to come from.

That a recording is not played for longer than allowed is kept along each path: a place remembers
how long the best way to it has been in its recording. Longer ways that would be better with a
shorter past are not looked for.
"""

from typing import NamedTuple

import numpy as np

from ._corpus import Corpus

FRAMES_AT_ONCE = 64
"""Frames of the piece that are compared with the recordings together, if these are not too many."""

VALUES_AT_ONCE = 2**24
"""Similarities held at a time: 64 megabytes."""

NEVER = np.float32(-1e9)


class Run(NamedTuple):
    """Some frames of the piece that are played by as many rows of the corpus in a row."""

    frame: int
    n_frames: int
    row: int


class _Origin(NamedTuple):
    """A place to join from: its row, how long its stretch has been, and what that came from."""

    row: int
    length: int
    came_from: int


def find_path(
    shapes: np.ndarray, corpus: Corpus, *, join_cost: float, longest: int
) -> list[Run]:
    """Find what to play.

    Parameters
    ----------
    shapes : ndarray of shape (n_frames, 12)
        The piece, frames centred and of length 1.
    corpus : Corpus
        The recordings.
    join_cost : float
        What a join costs, in units of the correlation of a frame.
    longest : int
        How many frames in a row may be of one recording. With one recording only: how many may
        follow each other as they do there.

    Returns
    -------
    runs : list of Run
        In order; together they are as long as the piece.
    """
    if len(shapes) == 0:
        return []
    search = _Search(corpus, join_cost, longest)
    step = max(1, min(FRAMES_AT_ONCE, VALUES_AT_ONCE // len(corpus.shapes)))
    for first in range(0, len(shapes), step):
        for similarity in shapes[first : first + step] @ corpus.shapes.T:
            search.add(similarity)
    return search.finish()


class _Search:
    """The best way to each row so far; each frame of the piece is one more step."""

    def __init__(self, corpus: Corpus, join_cost: float, longest: int) -> None:
        n_rows = len(corpus.shapes)
        self._recording = corpus.recording
        self._firsts = corpus.firsts[:-1]
        self._alone = bool(np.all(corpus.recording == corpus.recording[0]))
        # Where a lone recording may not be joined near the place it is left at, but somewhere.
        self._near = min(longest, n_rows // 4)
        self._join_cost = np.float32(join_cost)
        self._longest = longest
        self._score = np.zeros(n_rows, dtype=np.float32)
        self._length = np.zeros(n_rows, dtype=np.int32)  # frames of this stretch
        self._in_a_row = np.zeros(n_rows, dtype=np.int32)  # frames of this recording
        self._came_from = np.zeros(n_rows, dtype=np.int8)  # which origin the stretch joined from
        self._origins: list[tuple[_Origin, _Origin]] = []  # the best, the best elsewhere

    def add(self, similarity: np.ndarray) -> None:
        """Take the similarity of every row with the next frame of the piece."""
        if not self._origins:
            self._score = similarity.copy()
            self._length[:] = self._in_a_row[:] = 1
        else:
            self._step()
            self._score += similarity
        self._remember_origins()

    def _step(self) -> None:
        best, elsewhere = (origin.row for origin in self._origins[-1])
        # Sums that grew with the piece would lose their last digits.
        score, in_a_row = self._score - self._score[best], self._in_a_row
        go_on = np.concatenate([[NEVER], score[:-1]])
        go_on[self._firsts] = NEVER
        go_on[1:][in_a_row[:-1] >= self._longest] = NEVER

        join = np.full(len(score), -self._join_cost, dtype=np.float32)
        came_from = np.zeros(len(score), dtype=np.int8)
        joined_row = np.ones(len(score), dtype=np.int32)
        if self._alone:
            join[max(0, best - self._near) : best + self._near + 1] = NEVER
        else:
            same = self._recording == self._recording[best]
            if in_a_row[best] < self._longest:
                joined_row[same] = in_a_row[best] + 1
            else:
                join[same] = score[elsewhere] - self._join_cost
                came_from[same] = 1

        joins = join > go_on
        self._score = np.where(joins, join, go_on)
        self._length = np.where(joins, 1, _moved(self._length) + 1)
        self._in_a_row = np.where(joins, joined_row, _moved(in_a_row) + 1)
        self._came_from = np.where(joins, came_from, _moved(self._came_from))

    def _remember_origins(self) -> None:
        best = int(self._score.argmax())
        elsewhere = best
        if not self._alone:
            others = self._recording != self._recording[best]
            elsewhere = int(np.where(others, self._score, NEVER).argmax())
        self._origins.append((self._origin(best), self._origin(elsewhere)))

    def _origin(self, row: int) -> _Origin:
        return _Origin(row, int(self._length[row]), int(self._came_from[row]))

    def finish(self) -> list[Run]:
        """Go back along the best path."""
        runs = []
        end = len(self._origins)  # the frame of the piece after the run
        row, length, came_from = self._origins[-1][0]
        while True:
            start = end - length
            runs.append(Run(frame=start, n_frames=length, row=row - length + 1))
            if start == 0:
                return runs[::-1]
            end = start
            row, length, came_from = self._origins[end - 1][came_from]


def _moved(values: np.ndarray) -> np.ndarray:
    """Values of the rows before; the first keeps its own, which is never used."""
    return np.concatenate([values[:1], values[:-1]])
