"""Which moment of which recording to play when.

A path goes through the frames of the recordings, one for each frame of the piece: either on to the
next frame of the same recording, for nothing, or by a join to any frame of any, at a cost. The
path with the greatest sum of similarities less costs is found by dynamic programming (A. Viterbi,
1967), as in corpus-based concatenative synthesis (D. Schwarz, "Concatenative sound synthesis: the
early years", Journal of New Music Research 35, 2006), but over all frames rather than over some
candidates. That is cheap because what a join costs is a sum of what it costs on either side:
whoever joins comes from the best place that there is. So a step takes time and memory in proportion
to the number of frames in the recordings, and no table of steps is kept: a place knows when its
stretch began, and what was then the best place to come from.

That a recording is not played for longer than allowed is kept along each path: a place remembers
how long the best way to it has been in its recording, and moments in others do not count as having
left it. Where no recording is left by this count, the next best one is taken. Longer ways that
would be better with a shorter past are not looked for.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ._corpus import Corpus

FRAMES_AT_ONCE = 64
"""Frames of the piece that are compared with the recordings together, if these are not too many."""

VALUES_AT_ONCE = 2**24
"""Similarities held at a time: 64 megabytes."""

NEVER = np.float32(-np.inf)
DEAR = np.float32(1e4)
"""The cost of a join that is not wanted, where nothing else is possible."""


class Run(NamedTuple):
    """Some frames of the piece that are played by as many rows of the corpus in a row."""

    frame: int
    n_frames: int
    row: int


class _Origin(NamedTuple):
    """A place to join from, as it was at some frame of the piece."""

    frame: int
    row: int
    length: int  # frames of its stretch
    in_a_row: int  # frames of its recording
    came_from: int  # which of two origins its stretch was joined from


def find_path(
    shapes: np.ndarray,
    corpus: Corpus,
    *,
    join_cost: float,
    longest: int,
    turns: np.ndarray,
    groups: np.ndarray,
) -> list[Run]:
    """Find what to play.

    Parameters
    ----------
    shapes : ndarray of shape (n_frames, 12)
        The piece, frames centered and of length 1.
    corpus : Corpus
        The recordings.
    join_cost : float
        What a join costs, in units of the correlation of a frame.
    longest : int
        How many frames in a row may be of one recording. With one recording only: how many may
        follow each other as they do there.
    turns : ndarray of shape (n_frames,)
        For each frame the group of recordings whose turn it is.
    groups : ndarray of bool, of shape (n_groups, n_recordings)
        Which recordings are in each; each group has an audible row in the corpus.

    Returns
    -------
    runs : list of Run
        In order; together they are as long as the piece.
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
    """The best way to each row so far; each frame of the piece is one more step."""

    def __init__(self, corpus: Corpus, join_cost: float, longest: int) -> None:
        n_rows = len(corpus.shapes)
        self._recording = corpus.recording
        self._n_recordings = int(corpus.recording.max()) + 1
        self._firsts = corpus.firsts[:-1]
        self._lengths = np.diff(corpus.firsts)  # of tracks
        self._tracks = corpus.recording[self._firsts]  # the recording of each
        self._alone = bool(np.all(corpus.recording == corpus.recording[0]))
        self._join_cost = np.float32(join_cost)
        self._at_joins = corpus.at_joins
        self._longest = longest
        self._score = np.zeros(n_rows, dtype=np.float32)
        self._length = np.ones(n_rows, dtype=np.int32)  # frames of the stretch
        self._in_a_row = np.ones(n_rows, dtype=np.int32)  # frames of the recording
        self._came_from = np.zeros(n_rows, dtype=np.int8)  # which origin the stretch joined from
        self._origins: list[tuple[_Origin, _Origin]] = []  # the best, the best elsewhere

    def add(self, worth: np.ndarray) -> None:
        """Take what every row is worth for the next frame of the piece."""
        if self._origins:
            self._step()
        self._score = self._score + worth
        self._remember_origins()

    def _step(self) -> None:
        # Sums that grew with the piece would lose their last digits.
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
        """Return for every row the score of a join to it, and what it would then remember."""
        best, _ = self._origins[-1]
        # Where recordings are few all may have been played of late; then any other one will do.
        left = [score[origin.row] - self._at_joins[origin.row] for origin in self._origins[-1]]
        join = np.full(self._n_recordings, left[0], dtype=np.float32)
        join[self._recording[best.row]] = left[1]
        join -= self._join_cost + DEAR
        in_a_row = np.ones(self._n_recordings, dtype=np.int32)
        came_from = np.zeros(self._n_recordings, dtype=np.int8)
        came_from[self._recording[best.row]] = 1
        for number, origin in reversed(list(enumerate(self._origins[-1]))):  # the better one last
            frames = self._frames_in_a_row(origin)
            allowed = frames <= self._longest
            join[allowed] = left[number] - self._join_cost
            in_a_row[allowed] = frames[allowed]
            came_from[allowed] = number
        by_row = self._by_row(join) - self._at_joins
        if self._alone:
            # It is to go on elsewhere, where there is enough of it.
            near = min(self._longest, len(score) // 4)
            by_row[max(0, best.row - near) : best.row + near + 1] -= DEAR
        return by_row, self._by_row(in_a_row), self._by_row(came_from)

    def _by_row(self, by_recording: np.ndarray) -> np.ndarray:
        return np.repeat(by_recording[self._tracks], self._lengths)

    def _frames_in_a_row(self, origin: _Origin) -> np.ndarray:
        """Return for each recording how long it would have been played, if joined from `origin`."""
        frames = np.ones(self._n_recordings, dtype=np.int32)
        if self._alone:
            return frames
        # To come back soon is not to have left.
        for left in self._way_back(origin):
            away = origin.frame - left.frame
            if away >= max(1, self._longest // 2):
                break
            recording = self._recording[left.row]
            if frames[recording] == 1:  # where it was left last
                frames[recording] += left.in_a_row + away
        return frames

    def _way_back(self, origin: _Origin) -> Iterator[_Origin]:
        """Yield an origin, where its stretch was joined from, and so on."""
        yield origin
        while origin.frame >= origin.length:
            origin = self._origins[origin.frame - origin.length][origin.came_from]
            yield origin

    def _remember_origins(self) -> None:
        left = self._score - self._at_joins
        best = int(left.argmax())
        others = self._recording != self._recording[best]
        elsewhere = best if self._alone else int(np.where(others, left, NEVER).argmax())
        if left[elsewhere] == NEVER:  # no other recording has its turn
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
        """Go back along the best path."""
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
    """Return the values of the rows before; the first keeps its own, which is never used."""
    return np.concatenate([values[:1], values[:-1]])
