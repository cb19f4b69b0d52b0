"""Search by frames: which frame of the recordings to play for each frame of a piece.

A path has one row of the corpus for each frame of the piece. From one frame to the next, it either
continues with the next row, at no cost, or jumps to any row of any recording, at the cost of a
join. Dynamic programming (A. Viterbi, 1967) finds the path with the greatest sum of correlations
less costs, as in corpus-based concatenative synthesis (D. Schwarz, "Concatenative sound synthesis:
the early years", Journal of New Music Research 35, 2006), but over all rows instead of a few
candidates.

The search is fast because the cost of a join is the sum of a cost for leaving one row and a cost
for entering another, so that all joins can start from the same best row. The time for each frame of
the piece is proportional to the number of rows. No table of all steps is needed: each row stores
the length of its segment, and each frame of the piece stores only two rows to join from, the best
row and the best row of another recording.

A path may play one recording for a limited number of consecutive frames. Each row counts the frames
that the best path to it has spent in the row's recording, including short excursions to other
recordings. A join to a recording that has reached the limit costs an additional `DEAR`, so it is
made only if there is no other way. Because only the best path to each row is kept, a worse path
with a lower count is lost. The limit therefore makes the search approximate.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ._corpus import Corpus

FRAMES_AT_ONCE = 64
"""Maximum number of frames of the piece to compare with all rows in one matrix product."""

VALUES_AT_ONCE = 2**24
"""Maximum number of correlations to compute at a time; they take 64 MB."""

NEVER = np.float32(-np.inf)
"""Score of a row that must not be played."""

DEAR = np.float32(1e4)
"""Additional cost of a forbidden join, so high that it is made only if no other is possible."""


class Run(NamedTuple):
    """Consecutive frames or beats of the piece, and the consecutive rows that play them.

    There are `n_frames` of each. `frame` is the index of the first frame or beat, and `row` is the
    index of the first row.
    """

    frame: int
    n_frames: int
    row: int


class _Origin(NamedTuple):
    """A row to join from at one frame of the piece, and the state of the best path to it."""

    frame: int  # index of the frame of the piece
    row: int
    length: int  # frames in its segment so far
    in_a_row: int  # consecutive frames in its recording so far
    came_from: int  # index, 0 or 1, of the origin from which its segment was joined


def find_path(
    shapes: np.ndarray,
    corpus: Corpus,
    *,
    join_cost: float,
    longest: int,
    turns: np.ndarray,
    groups: np.ndarray,
) -> list[Run]:
    """Find the rows of the corpus to play for a piece, by dynamic programming.

    Parameters
    ----------
    shapes : ndarray of shape (n_frames, 12)
        Frames of the piece, centered and scaled to unit norm.
    corpus : Corpus
        The frames of the recordings.
    join_cost : float
        Basic cost of a join, in units of the correlation of a frame.
    longest : int
        Maximum number of consecutive frames in one recording or, if there is only one
        recording, without a jump. It is exceeded only if the search finds no other path.
    turns : ndarray of shape (n_frames,)
        Index of the group of recordings whose turn it is at each frame.
    groups : ndarray of bool, of shape (n_groups, n_recordings)
        Which recordings are in each group. Each group must have an audible row in the corpus.

    Returns
    -------
    runs : list of Run
        Runs of rows in the order in which they are played. Together, they are as long as the piece.
    """
    if len(shapes) == 0:
        return []
    search = _Search(corpus, join_cost, longest)
    silenced = [
        np.where(group[corpus.recording] & corpus.audible, np.float32(0), NEVER) for group in groups
    ]
    step = max(1, min(FRAMES_AT_ONCE, VALUES_AT_ONCE // len(corpus.shapes)))
    for first in range(0, len(shapes), step):
        similarities = shapes[first : first + step] @ corpus.shapes.T
        for similarity, group in zip(similarities, turns[first : first + step], strict=True):
            similarity += silenced[group]
            search.add(similarity)
    return search.finish()


class _Search:
    """State of the search: the best path to each row so far, which `add` extends by one frame."""

    def __init__(self, corpus: Corpus, join_cost: float, longest: int) -> None:
        n_rows = len(corpus.shapes)
        self._recording = corpus.recording
        self._n_recordings = int(corpus.recording.max()) + 1
        self._firsts = corpus.firsts[:-1]
        self._lengths = np.diff(corpus.firsts)  # number of rows of each track
        self._tracks = corpus.recording[self._firsts]  # index of each track's recording
        self._alone = bool(np.all(corpus.recording == corpus.recording[0]))
        self._join_cost = np.float32(join_cost)
        self._at_joins = corpus.at_joins
        self._longest = longest
        self._score = np.zeros(n_rows, dtype=np.float32)
        self._length = np.ones(n_rows, dtype=np.int32)  # frames in each row's segment so far
        self._in_a_row = np.ones(n_rows, dtype=np.int32)  # consecutive frames in its recording
        self._came_from = np.zeros(n_rows, dtype=np.int8)  # origin of its segment, 0 or 1
        # For each frame, the best origin and the best origin in another recording; without another
        # recording, the best one twice.
        self._origins: list[tuple[_Origin, _Origin]] = []

    def add(self, worth: np.ndarray) -> None:
        """Extend the paths by one frame of the piece.

        `worth`, of shape (n_rows,), is the correlation of each row with the frame, or `NEVER` for
        rows that must not be played.
        """
        if self._origins:
            self._step()
        self._score = self._score + worth
        self._remember_origins()

    def _step(self) -> None:
        # Keep scores relative to the best one: sums that grew with the piece would lose precision.
        score = self._score - self._score[self._origins[-1][0].row]
        go_on = _moved(score)
        go_on[self._firsts] = NEVER
        go_on[_moved(self._in_a_row) >= self._longest] = NEVER
        join, in_a_row, came_from = self._joins(score)
        joins = join > go_on
        self._score = np.where(joins, join, go_on)
        self._length = np.where(joins, 1, _moved(self._length) + 1)
        self._in_a_row = np.where(joins, in_a_row, _moved(self._in_a_row) + 1)
        self._came_from = np.where(joins, came_from, _moved(self._came_from))

    def _joins(self, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the score, `in_a_row` and `came_from` that each row would have if joined now."""
        best, _ = self._origins[-1]
        # A join to a recording that has played for `_longest` frames is possible, but costs an
        # additional `DEAR`: with few recordings, all of them may have played that long.
        left = [score[origin.row] - self._at_joins[origin.row] for origin in self._origins[-1]]
        join = np.full(self._n_recordings, left[0], dtype=np.float32)
        join[self._recording[best.row]] = left[1]
        join -= self._join_cost + DEAR
        in_a_row = np.ones(self._n_recordings, dtype=np.int32)
        came_from = np.zeros(self._n_recordings, dtype=np.int8)
        came_from[self._recording[best.row]] = 1
        # Handle the better origin last, so that it overrides the second-best one.
        for number, origin in reversed(list(enumerate(self._origins[-1]))):
            frames = self._frames_in_a_row(origin)
            allowed = frames <= self._longest
            join[allowed] = left[number] - self._join_cost
            in_a_row[allowed] = frames[allowed]
            came_from[allowed] = number
        by_row = self._by_row(join) - self._at_joins
        if self._alone:
            # If there is only one recording, a join to a nearby row costs an additional `DEAR`.
            near = min(self._longest, len(score) // 4)
            by_row[max(0, best.row - near) : best.row + near + 1] -= DEAR
        return by_row, self._by_row(in_a_row), self._by_row(came_from)

    def _by_row(self, by_recording: np.ndarray) -> np.ndarray:
        return np.repeat(by_recording[self._tracks], self._lengths)

    def _frames_in_a_row(self, origin: _Origin) -> np.ndarray:
        """Return how many consecutive frames each recording would have if joined from `origin`."""
        frames = np.ones(self._n_recordings, dtype=np.int32)
        if self._alone:
            return frames
        # A recording that is played again after less than half the limit continues its count.
        for left in self._way_back(origin):
            away = origin.frame - left.frame
            if away >= max(1, self._longest // 2):
                break
            recording = self._recording[left.row]
            if frames[recording] == 1:  # count only the latest departure from each recording
                frames[recording] += left.in_a_row + away
        return frames

    def _way_back(self, origin: _Origin) -> Iterator[_Origin]:
        """Yield an origin, the origin from which its segment was joined, and so on."""
        yield origin
        while origin.frame >= origin.length:
            origin = self._origins[origin.frame - origin.length][origin.came_from]
            yield origin

    def _remember_origins(self) -> None:
        left = self._score - self._at_joins
        best = int(left.argmax())
        others = self._recording != self._recording[best]
        elsewhere = best if self._alone else int(np.where(others, left, NEVER).argmax())
        if left[elsewhere] == NEVER:  # no row of another recording may be played
            elsewhere = best
        self._origins.append((self._origin(best), self._origin(elsewhere)))

    def _origin(self, row: int) -> _Origin:
        return _Origin(
            frame=len(self._origins),
            row=row,
            length=int(self._length[row]),
            in_a_row=int(self._in_a_row[row]),
            came_from=int(self._came_from[row]),
        )

    def finish(self) -> list[Run]:
        """Trace the best path back from its end, and return its runs in playing order."""
        last = len(self._origins) - 1
        origin = self._origin(int(self._score.argmax()))._replace(frame=last)
        runs = []
        while True:
            start = origin.frame - origin.length + 1
            runs.append(Run(start, origin.length, origin.row - origin.length + 1))
            if start == 0:
                return runs[::-1]
            origin = self._origins[start - 1][origin.came_from]


def _moved(values: np.ndarray) -> np.ndarray:
    """Move each value to the next row. The first row keeps its value, which is never used."""
    return np.concatenate([values[:1], values[:-1]])
