"""Search by beats: which beat of the recordings to play for each beat of a piece.

A path has one row of the corpus for each beat of the piece. From one beat to the next, it either
continues with the next row, or makes a join to another row. The cost of a join depends on how much
the beat that is played differs from the beat that would have followed in the recording: in timbre,
in level, and in its place in the bar. Because this cost differs for every pair of rows, the search
is a beam search. The candidates for a beat of the piece are the rows of greatest worth, and the
rows that follow the best candidates for the previous beat. The worth of a row is its correlation
with the beat of the piece, plus an advantage for a clear pulse, less costs that do not depend on
the path, such as the cost of a different tempo.

Each path keeps track of how long it has recently played each recording. The longer this time, the
more it costs to play the recording, whether the path stays in it or returns to it. The mosaic
therefore draws on many recordings.
"""

from typing import NamedTuple

import numpy as np

from ._beat_corpus import QUIET, UNKNOWN, BeatCorpus
from ._search import Run
from ._targets import Target

CANDIDATES = 250
"""Maximum number of rows that are chosen by worth as candidates for a beat of the piece. Also the
number of best paths whose next row becomes an additional candidate."""

TEMPO, UNSTEADY, TRANSPOSED = 3.0, 0.9, 0.04
"""Costs of a row, in units of its correlation with a beat of the piece: `TEMPO` per octave between
the tempo of its track and that of the piece, `UNSTEADY` per octave between its length and the
median length in its track, and `TRANSPOSED` per semitone of transposition.

Most constants of this search were chosen on clips of game music; see docs/experiments.md.
"""

TIMBRE, LEVEL, PLACE = 0.4, 0.03, 0.6
"""Additional costs of a join if the beat that is played differs from the beat that would have
followed in the recording: `TIMBRE` per unit of distance in timbre, `LEVEL` per decibel, and `PLACE`
for a different place in the bar. `PLACE` is also the cost of a row whose place in the bar differs
from that of the beat of the piece."""

FORBIDDEN = 2.0
"""Cost that exceeds the usual worth of a row. It applies to a jump to a nearby place in the same
recording, to each further beat in a recording that has already played for the maximum time without
interruption, and to a beat in a fade."""

NEVER = 1e3
"""Cost of a row of a recording outside the group whose turn it is."""

REPETITION = 0.45
"""Cost of playing one beat of a recording whose recent playing time equals `longest`, the maximum
time without interruption. The cost is proportional to the recent playing time."""

MEMORY = 20.0
"""Time constant, in seconds, of the exponential decay of a recording's recent playing time."""


class _States(NamedTuple):
    """The best paths so far, one to each candidate row for the latest beat of the piece."""

    rows: np.ndarray  # the last row of each path
    score: np.ndarray  # of each path, relative to the score of the best one
    length: np.ndarray  # uninterrupted seconds so far in the recording of the last row
    played: np.ndarray  # recent seconds in each recording, (n_states, n_recordings)


class _Step(NamedTuple):
    """How the states at one beat of the piece were reached."""

    rows: np.ndarray
    origins: np.ndarray  # index of each state's predecessor among the states of the previous beat
    joined: np.ndarray  # whether each state was reached by a join


def find_beats(
    target: Target,
    corpus: BeatCorpus,
    *,
    join_cost: float,
    clarity: float,
    longest: float,
    turns: np.ndarray,
    groups: np.ndarray,
) -> list[Run]:
    """Find the rows of the corpus to play for a piece, by beam search.

    Parameters
    ----------
    target : Target
        The beats of the piece.
    corpus : BeatCorpus
        The beats of the recordings.
    join_cost : float
        Basic cost of a join, in units of the correlation of a beat.
    clarity : float
        Advantage of a row with a clarity of 1 over one with a clarity of 0, in the same units as
        `join_cost`.
    longest : float
        Uninterrupted seconds after which each further beat in the same recording costs `FORBIDDEN`.
        A lower value also raises the cost of recordings that were played recently, so that the
        mosaic changes between recordings more often.
    turns : ndarray of shape (n_beats,)
        Index of the group of recordings whose turn it is at each beat.
    groups : ndarray of bool, of shape (n_groups, n_recordings)
        Which recordings are in each group. Each group must have a row in the corpus.

    Returns
    -------
    runs : list of Run
        Runs of rows in the order in which they are played. Together, they have as many rows as the
        piece has beats.
    """
    if not len(target.shapes):
        return []
    search = _BeatSearch(target, corpus, join_cost=join_cost, longest=longest)
    own = clarity * corpus.clarity - UNSTEADY * np.abs(np.log2(corpus.periods / corpus.usual))
    period = np.median(np.diff(target.borders))
    own -= TEMPO * np.abs(np.log2(corpus.usual / period))
    own -= TRANSPOSED * corpus.shifts
    own[corpus.levels < QUIET] -= FORBIDDEN
    worth = [np.where(group[corpus.recording], own, own - NEVER) for group in groups]
    for shape, group in zip(target.shapes, turns, strict=True):
        search.add(corpus.shapes @ shape + worth[group])
    return search.finish()


class _BeatSearch:
    """State of the search: the best paths so far, which `add` extends by one beat of the piece."""

    def __init__(
        self,
        target: Target,
        corpus: BeatCorpus,
        *,
        join_cost: float,
        longest: float,
    ) -> None:
        self._corpus = corpus
        self._places = target.places
        self._seconds = np.diff(target.borders).astype(np.float32)
        self._join_cost = np.float32(join_cost)
        self._repetition = np.float32(REPETITION / longest)
        self._longest = longest
        n_rows = len(corpus.recording)
        self._n_recordings = int(corpus.recording.max()) + 1
        self._is_last = np.zeros(n_rows, dtype=bool)
        self._is_last[corpus.firsts[1:] - 1] = True
        self._norms = np.sum(corpus.timbre**2, axis=1)
        self._per_recording = max(1, -(-2 * CANDIDATES // self._n_recordings))
        self._states: _States | None = None
        self._steps: list[_Step] = []

    def add(self, worth: np.ndarray) -> None:
        """Extend the paths by one beat of the piece.

        `worth`, of shape (n_rows,), is the correlation of each row with the beat, plus an advantage
        for its clarity, less all costs of the row except `PLACE`.
        """
        beat = len(self._steps)
        place = self._places[beat]
        if place != UNKNOWN:
            known = self._corpus.places != UNKNOWN
            worth = worth - PLACE * (known & (self._corpus.places != place))
        rows = self._best_rows(worth)
        if self._states is None:
            origins = np.zeros(len(rows), dtype=int)
            joined = np.ones(len(rows), dtype=bool)
            score, length = worth[rows], np.zeros(len(rows), dtype=np.float32)
            played = np.zeros((len(rows), self._n_recordings), dtype=np.float32)
        else:
            follows = self._following(self._states)
            rows = np.unique(np.concatenate([rows, follows[follows >= 0]]))
            origins, joined, gained = self._reach(self._states, rows, follows)
            score = gained + worth[rows]
            same = self._corpus.recording[self._states.rows[origins]]
            same = same == self._corpus.recording[rows]
            length = np.where(same, self._states.length[origins], 0)
            played = self._states.played[origins]
        seconds = self._seconds[beat]
        played *= np.exp(-seconds / np.float32(MEMORY))
        played[np.arange(len(rows)), self._corpus.recording[rows]] += seconds
        # Keep scores relative to the best one: sums that grew with the piece would lose precision.
        self._states = _States(rows, score - score.max(), length + seconds, played)
        self._steps.append(_Step(rows.astype(np.int32), origins.astype(np.int16), joined))

    def _best_rows(self, worth: np.ndarray) -> np.ndarray:
        """Return at most `CANDIDATES` of the rows of greatest worth.

        At most `_per_recording` of them are from the same recording. Only the ``8 * CANDIDATES``
        best rows are considered.
        """
        n_compared = min(len(worth), 8 * CANDIDATES)
        best = np.argpartition(-worth, n_compared - 1)[:n_compared]
        best = best[np.lexsort((best, -worth[best]))]
        rank = _rank_in_group(self._corpus.recording[best])
        return best[rank < self._per_recording][:CANDIDATES]

    def _following(self, states: _States) -> np.ndarray:
        """Return the row that follows each state's row, or -1 if the state needs a join.

        A state needs a join if its row is the last one of a track, or if its score is not among the
        best `CANDIDATES`.
        """
        ends = self._is_last[states.rows]
        if len(states.score) > CANDIDATES:
            ends |= states.score < np.partition(states.score, -CANDIDATES)[-CANDIDATES]
        return np.where(ends, -1, states.rows + 1)

    def _reach(
        self, states: _States, rows: np.ndarray, follows: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Find the best state from which to reach each row; return three arrays, (n_rows,).

        The arrays hold the index of this state, whether the row is reached by a join, and the score
        of the path before the worth of the row is added.
        """
        recording = self._corpus.recording
        same = recording[states.rows][:, np.newaxis] == recording[rows]
        repeated = self._repetition * states.played[:, recording[rows]]
        too_long = same & (states.length >= self._longest)[:, np.newaxis]
        scores = states.score[:, np.newaxis] - repeated - FORBIDDEN * too_long
        joins = scores - self._join_costs(states, rows)
        near = np.abs(states.rows[:, np.newaxis] - rows) <= self._longest / self._seconds.mean()
        joins -= FORBIDDEN * (same & near)
        origins = joins.argmax(axis=0)
        gained = joins[origins, np.arange(len(rows))]
        # A path that continues with the next row avoids the cost of a join.
        going = np.flatnonzero(follows >= 0)
        arrived = np.searchsorted(rows, follows[going])
        on = scores[going, arrived]
        better = on >= gained[arrived]
        joined = np.ones(len(rows), dtype=bool)
        joined[arrived[better]] = False
        origins[arrived[better]] = going[better]
        gained[arrived[better]] = on[better]
        return origins, joined, gained

    def _join_costs(self, states: _States, rows: np.ndarray) -> np.ndarray:
        """Return the cost of a join from each state to each row, not including `FORBIDDEN`."""
        corpus = self._corpus
        expected = np.minimum(states.rows + 1, len(corpus.recording) - 1)
        squared = self._norms[expected][:, np.newaxis] + self._norms[rows]
        squared -= 2 * (corpus.timbre[expected] @ corpus.timbre[rows].T)
        costs = self._join_cost + TIMBRE * np.sqrt(np.maximum(squared, 0))
        levels = corpus.levels[expected][:, np.newaxis] - corpus.levels[rows]
        costs += LEVEL * np.abs(levels)
        places = corpus.places[expected][:, np.newaxis], corpus.places[rows]
        known = (places[0] != UNKNOWN) & (places[1] != UNKNOWN)
        costs += PLACE * (known & (places[0] != places[1]))
        return costs

    def finish(self) -> list[Run]:
        """Trace the best path back from its end, and return its runs in playing order."""
        assert self._states is not None
        state = int(self._states.score.argmax())
        runs: list[Run] = []
        n_beats = 0
        for beat in reversed(range(len(self._steps))):
            step = self._steps[beat]
            n_beats += 1
            if step.joined[state]:
                runs.append(Run(beat, n_beats, int(step.rows[state])))
                n_beats = 0
            state = int(step.origins[state])
        return runs[::-1]


def _rank_in_group(groups: np.ndarray) -> np.ndarray:
    """Return, for each value, the number of equal values before it in the array."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    begins = np.flatnonzero(np.diff(ordered, prepend=-1))
    sizes = np.diff(np.append(begins, len(ordered)))
    ranks = np.empty(len(groups), dtype=int)
    ranks[order] = np.arange(len(ordered)) - np.repeat(begins, sizes)
    return ranks
