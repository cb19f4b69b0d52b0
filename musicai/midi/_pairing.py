"""Pairing of the note-ons and note-offs of a key."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Stroke(NamedTuple):
    """A note-on, or a note-off if the velocity is 0."""

    tick: int
    velocity: int
    program: int  # the channel's program at that tick


class Note(NamedTuple):
    """A note of a `Key`, with times in ticks."""

    start: int
    end: int
    velocity: int
    program: int


class Key:
    """The notes that one track plays on one key of a channel.

    Parameters
    ----------
    strokes : sequence of Stroke
        Note-ons and note-offs of the key in the order of the file.

    Attributes
    ----------
    idle_offs : list of int
        Ticks of note-offs that end no note of this track.
    """

    def __init__(self, strokes: Sequence[Stroke]) -> None:
        self.strokes = strokes
        self.idle_offs: list[int] = []
        self._ends: dict[int, int] = {}  # tick of the note-off, by index of the note-on
        self._pair()

    def notes(
        self, other_offs: Sequence[int], cuts: Sequence[int], end: int
    ) -> Iterator[tuple[Note, bool]]:
        """Yield each note, and whether it has neither a note-off nor one of `cuts` after its start.

        Parameters
        ----------
        other_offs : sequence of int
            Sorted ticks of note-offs, in any track, that end no note of their own track. They end
            notes that have no note-off in this track.
        cuts : sequence of int
            Sorted ticks of the control changes that end all notes of the channel.
        end : int
            Tick at which the track ends. Notes that nothing else ends last until then.
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
        """Find the note-off of each note-on. A note-off usually ends all sounding notes."""
        down: list[int] = []  # indices of note-ons without a note-off so far
        doubtful: list[int] = []  # indices of note-ons that may come after their own note-offs
        for i, (tick, velocity, _) in enumerate(self.strokes):
            if velocity:
                if doubtful and doubtful[-1] != i:
                    self._settle(doubtful, down)
                down.append(i)
                continue
            is_in_front = self._is_struck_at(i + 1, tick)
            # If a key is struck again at the tick of its note-off, some programs write the new
            # note-on before the note-off. So if earlier notes sound, the note-off ends only those,
            # and no note that began at this tick.
            ending = [place for place in down if self.strokes[place].tick < tick] or down
            if not ending:
                self.idle_offs.append(tick)
            self._ends.update(dict.fromkeys(ending, tick))
            down = down[len(ending) :]
            # Other programs write the note-off of a zero-length note before its note-on. In a
            # series of such notes, only the missing note-off after the last one reveals this order.
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
        """End each doubtful note where it begins: the note-off before its note-on belongs to it."""
        self._ends.update({place: self.strokes[place].tick for place in doubtful})
        down[:] = [place for place in down if place not in doubtful[-1:]]
        doubtful.clear()


def _next(ticks: Sequence[int], tick: int) -> int | None:
    """Return the first of the sorted ticks after `tick`, or None if there is none."""
    i = bisect_right(ticks, tick)
    return ticks[i] if i < len(ticks) else None
