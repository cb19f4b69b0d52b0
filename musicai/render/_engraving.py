"""Engraving of notes and chord symbols as MusicXML, with music21."""

import warnings
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from ..base.extras import need
from ._notation import without_noise, written_lengths


class Tone(NamedTuple):
    """Notes that sound together, or a rest."""

    start: Fraction  # beats from the beginning of the piece
    end: Fraction
    names: tuple[str, ...]  # such as "B-4" (B flat 4), from the lowest up; empty for a rest


class Symbol(NamedTuple):
    """A chord symbol above the staff."""

    start: int  # beats from the beginning of the piece
    root: str  # such as "B-" (B flat)
    kind: str  # chord kind in MusicXML; "none" if there is no chord


class _Event(NamedTuple):
    """A tone or rest, or the part of it within one bar."""

    bar: int
    start: Fraction  # beats from the beginning of the bar
    end: Fraction
    names: tuple[str, ...]
    goes_on: bool  # whether the tone is tied to the next bar


def engrave(
    melody: Sequence[Tone],
    chords: Sequence[Tone],
    symbols: Sequence[Symbol],
    *,
    beats_per_bar: int,
    pickup: int,
    sharps: int,
    tempo: int,
    title: str | None,
) -> str:
    """Return a score of two staves as MusicXML.

    Parameters
    ----------
    melody : sequence of Tone
        Tones of the upper staff, without gaps. They are tied across bar lines.
    chords : sequence of Tone
        Tones of the lower staff, without gaps. A tone that crosses a bar line is struck again.
    symbols : sequence of Symbol
        Chord symbols, in order.
    beats_per_bar : int
        Quarter notes per bar.
    pickup : int
        Number of beats before the first whole bar.
    sharps : int
        Number of sharps in the key signature; negative for flats.
    tempo : int
        Quarter notes per minute.
    title : str or None
        Title of the score, or None for no title.

    Returns
    -------
    musicxml : str
        The score. It has at least one bar. Incomplete first and last bars are filled with rests.
    """
    late = -pickup % beats_per_bar
    melody, chords = _later(melody, late), _later(chords, late)
    symbols = [symbol._replace(start=symbol.start + late) for symbol in symbols]
    music21 = need("music21", extra="score", what="to_musicxml")
    exporter = need("music21.musicxml.m21ToXml", extra="score", what="to_musicxml")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # users can do nothing about music21's warnings
        bars = [_in_bars(each, beats_per_bar, tied=each is melody) for each in (melody, chords)]
        upper = _part("Melody", "treble", bars[0], beats_per_bar, sharps)
        lower = _part("Chords", "bass", bars[1], beats_per_bar, sharps)
        for channel, part in enumerate((upper, lower)):
            part.insert(0, _piano(channel))
        first = upper.getElementsByClass("Measure").first()
        mark = music21.tempo.MetronomeMark(number=tempo)
        mark.placement = "above"
        first.insert(0, mark)
        _insert_symbols(upper, symbols, beats_per_bar)
        score = music21.stream.Score([upper, lower])
        score.insert(0, music21.layout.StaffGroup([upper, lower], symbol="brace"))
        score.metadata = music21.metadata.Metadata(title=title)
        written = exporter.GeneralObjectExporter(score).parse().decode()
    return without_noise(written, titled=title is not None)


def _later(tones: Sequence[Tone], beats: int) -> list[Tone]:
    rest = [Tone(Fraction(0), Fraction(beats), ())] if beats else []
    return rest + [Tone(tone.start + beats, tone.end + beats, tone.names) for tone in tones]


def _in_bars(tones: Sequence[Tone], beats_per_bar: int, *, tied: bool) -> list[_Event]:
    """Divide tones at bar lines, and fill the last bar with a rest."""
    end = tones[-1].end if tones else Fraction(0)
    whole = Fraction(max(1, -(-end // beats_per_bar)) * beats_per_bar)
    events = []
    for tone in [*tones, Tone(end, whole, ())]:
        start = tone.start
        while start < tone.end:
            bar = int(start // beats_per_bar)
            line = Fraction(bar * beats_per_bar)
            until = min(tone.end, line + beats_per_bar)
            goes_on = tied and bool(tone.names) and until < tone.end
            events.append(_Event(bar, start - line, until - line, tone.names, goes_on))
            start = until
    return events


def _part(name: str, clef: str, events: list[_Event], beats_per_bar: int, sharps: int) -> Any:
    """Return a staff as a music21 part, with clef, key, meter, ties and beams."""
    music21 = need("music21", extra="score", what="to_musicxml")
    part = music21.stream.Part(id=name)
    part.partName = name
    measures = [music21.stream.Measure(number=i + 1) for i in range(events[-1].bar + 1)]
    measures[0].append(music21.clef.clefFromString(clef))
    measures[0].append(music21.key.KeySignature(sharps))
    measures[0].append(music21.meter.TimeSignature(f"{beats_per_bar}/4"))
    comes_from_before = False
    for event in events:
        rest = not event.names
        lengths = written_lengths(event.start, event.end, beats_per_bar, rest=rest)
        at = event.start
        for i, length in enumerate(lengths):
            tied = bool(event.names)
            before = tied and (comes_from_before or i > 0)
            after = event.goes_on or (tied and i < len(lengths) - 1)
            sign = _sign(event.names, length, before, after)
            if length.denominator == 3:  # each triplet beat gets its own bracket
                first, last = at.denominator == 1, (at + length).denominator == 1
                sign.duration.tuplets[0].type = "start" if first else "stop" if last else None
            measures[event.bar].append(sign)
            at += length
        comes_from_before = event.goes_on
    part.append(measures)
    part.makeAccidentals(inPlace=True)
    part.makeBeams(inPlace=True)
    return part


def _piano(channel: int) -> Any:
    """Return a piano for a part; some programs would play a part without an instrument as drums."""
    music21 = need("music21", extra="score", what="to_musicxml")
    piano = music21.instrument.Piano()
    piano.instrumentId = f"I{channel + 1}"
    piano.instrumentAbbreviation = None  # staves already have the names of their parts
    piano.midiChannel = channel
    return piano


def _sign(names: tuple[str, ...], length: Fraction, before: bool, after: bool) -> Any:
    """Return a music21 note, chord or rest; `before` and `after` tie it to its neighbors."""
    music21 = need("music21", extra="score", what="to_musicxml")
    if not names:
        return music21.note.Rest(quarterLength=length)
    if len(names) == 1:
        sign = music21.note.Note(names[0], quarterLength=length)
    else:
        sign = music21.chord.Chord(list(names), quarterLength=length)
    if before or after:
        sign.tie = music21.tie.Tie(
            "continue" if before and after else "stop" if before else "start"
        )
    return sign


def _insert_symbols(part: Any, symbols: Sequence[Symbol], beats_per_bar: int) -> None:
    harmony = need("music21.harmony", extra="score", what="to_musicxml")
    measures = list(part.getElementsByClass("Measure"))
    for symbol in symbols:
        bar, offset = divmod(symbol.start, beats_per_bar)
        if symbol.kind == "none":
            measures[bar].insert(offset, harmony.NoChord())
        else:
            measures[bar].insert(offset, harmony.ChordSymbol(root=symbol.root, kind=symbol.kind))
