"""Pairing of note-ons and note-offs of one key."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Stroke(NamedTuple):
    """A key that goes down, or up where the velocity is 0."""

    tick: int
    velocity: int
    program: int  # of its channel at that time


class Note(NamedTuple):
    """A note of one key."""

    start: int
    end: int
    velocity: int
    program: int


class Key:
    """Notes that one track plays on one key of a channel.

    Parameters
    ----------
    strokes : sequence of Stroke
        In order of time.

    Attributes
    ----------
    idle_offs : list of int
        Ticks of note-offs that end no note of this track.
    """

    def __init__(self, strokes: Sequence[Stroke]) -> None:
        self.strokes = strokes
        self.idle_offs: list[int] = []
        self._ends: dict[int, int] = {}  # ticks, by the note-on's place among the strokes
        self._pair()

    def notes(
        self, other_offs: Sequence[int], cuts: Sequence[int], end: int
    ) -> Iterator[tuple[Note, bool]]:
        """Yield notes, and for each whether nothing ends it.

        Parameters
        ----------
        other_offs : sequence of int
            Ticks of note-offs of other tracks that end no note there, rising; they end notes that
            have none of their own.
        cuts : sequence of int
            Ticks at which all notes of the channel end that began before, rising.
        end : int
            When the track ends, and its notes that nothing else ends.
        """
        places = [i for i, stroke in enumerate(self.strokes) if stroke.velocity]
        starts = [self.strokes[i].tick for i in places]
        for i in places:
            start, velocity, program = self.strokes[i]
            ended = self._ends[i] if i in self._ends else _next(other_offs, start)
            cut = _next(cuts, start)
            again = _next(starts, start)
            known = [tick for tick in (ended, cut, again) if tick is not None]
            note = Note(start, min(known, default=max(end, start)), velocity, program)
            yield note, ended is None and cut is None

    def _pair(self) -> None:
        down: list[int] = []  # places of note-ons that have no note-off yet
        doubtful: list[int] = []
        for i, (tick, velocity, _) in enumerate(self.strokes):
            if velocity:
                if doubtful and doubtful[-1] != i:
                    self._settle(doubtful, down)
                down.append(i)
                continue
            is_in_front = self._is_struck_at(i + 1, tick)
            # Some programs write the new note first where a key is struck again at once.
            ending = [place for place in down if self.strokes[place].tick < tick] or down
            if not ending:
                self.idle_offs.append(tick)
            self._ends.update(dict.fromkeys(ending, tick))
            down = down[len(ending) :]
            # Others write the note-off of a note of no length in front of it. Such notes may
            # follow each other; the last one has no note-off, which gives them away.
            if is_in_front and (doubtful or not ending):
                doubtful.append(i + 1)
            else:
                doubtful.clear()
        self._settle(doubtful, down)

    def _is_struck_at(self, place: int, tick: int) -> bool:
        return place < len(self.strokes) and bool(
            self.strokes[place].velocity and self.strokes[place].tick == tick
        )

    def _settle(self, doubtful: list[int], down: list[int]) -> None:
        """Let notes with their note-offs in front have no length."""
        self._ends.update({place: self.strokes[place].tick for place in doubtful})
        down[:] = [place for place in down if place not in doubtful[-1:]]
        doubtful.clear()


def _next(ticks: Sequence[int], tick: int) -> int | None:
    """Return the first of rising ticks that is later than `tick`."""
    i = bisect_right(ticks, tick)
    return ticks[i] if i < len(ticks) else None
