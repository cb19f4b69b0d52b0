"""Reaper projects: the text of an .rpp file.

A project is a tree of blocks. A block begins with ``<NAME ...``, ends with ``>``, and has a line
for each setting: a word and its values. Trailing values can be omitted. Times are in seconds. The
format is described in ReaTeam's "State Chunk Definitions" (github.com/ReaTeam/Doc) and in Cockos'
wiki.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

LINEAR, EQUAL_POWER = 0, 1
"""Reaper's codes for the shapes of fades; `EQUAL_POWER` is a parabola close to equal power."""

STEPWISE = 1
"""Reaper's code for tempo points whose tempo holds until the next point."""


class Tempo(NamedTuple):
    """A change of tempo, in quarter notes per minute, and of meter, unless `meter` is None."""

    seconds: float
    beats_per_minute: float
    meter: tuple[int, int] | None


class Region(NamedTuple):
    """A named part of the timeline, with its start and end in seconds."""

    start: float
    end: float
    name: str


class Source(NamedTuple):
    """An audio file and its decoder: WAVE, FLAC, MP3, VORBIS, OPUS, or VIDEO for ffmpeg."""

    kind: str
    path: str


class Fade(NamedTuple):
    """A fade, with its length in seconds and its shape."""

    seconds: float
    shape: int


class Item(NamedTuple):
    """A part of a source on the timeline.

    Attributes
    ----------
    name : str
        Label of the item.
    start, length, offset : float
        Start on the timeline, length, and start in the source, in seconds.
    rate, semitones : float
        Speed relative to the source, and transposition in semitones.
    keeps_pitch : bool
        Whether a change of speed leaves the pitch unchanged.
    gain : float
        Factor by which the amplitude is multiplied.
    fade_in, fade_out : Fade
        Fades at the start and at the end.
    to_mono : bool
        Whether channels are mixed down to mono.
    source : Source
        The file to play.
    marks : sequence of (float, float)
        Stretch markers: pairs of a position in the item, in seconds multiplied by `rate`, and a
        position in the source, in seconds. Empty if the speed is constant.
    """

    name: str
    start: float
    length: float
    offset: float
    rate: float
    semitones: float
    keeps_pitch: bool
    gain: float
    fade_in: Fade
    fade_out: Fade
    to_mono: bool
    source: Source
    marks: Sequence[tuple[float, float]]


def quoted(text: str) -> str:
    """Quote text as a single value; raise a ValueError if it has all three kinds of quotes."""
    for mark in "\"'`":
        if mark not in text:
            return f"{mark}{text}{mark}"
    raise ValueError("text with double, single and back quotes cannot be written")


def block(head: str, *parts: str | Iterable[str]) -> list[str]:
    """Return the lines of a block; `parts` are its lines and the blocks within it."""
    lines = (line for part in parts for line in ([part] if isinstance(part, str) else part))
    return [f"<{head}", *(f"  {line}" for line in lines), ">"]


def project(
    tempi: Sequence[Tempo],
    regions: Sequence[Region],
    tracks: Iterable[list[str]],
    *,
    sr: int,
    first_bar: int,
) -> str:
    """Return the text of a project.

    Parameters
    ----------
    tempi : sequence of Tempo
        Changes of tempo; the first is at 0 s.
    regions : sequence of Region
        Regions in order.
    tracks : iterable of list of str
        The block of each track.
    sr : int
        Samples per second.
    first_bar : int
        Number of the first bar: 0 if it is a pickup, otherwise 1.
    """
    beats, unit = tempi[0].meter or (4, 4)
    lines = block(
        'REAPER_PROJECT 0.1 "6.0" 0',
        f"PROJOFFS 0 {first_bar - 1} 0",
        f"SAMPLERATE {sr} 1 0",
        f"TEMPO {_number(tempi[0].beats_per_minute)} {beats} {unit}",
        block("TEMPOENVEX", "ACT 1 -1", "VIS 1 0 1", "DEFSHAPE 1 -1 -1", map(_tempo, tempi)),
        (line for number, region in enumerate(regions, 1) for line in _region(region, number)),
        *tracks,
    )
    return "\n".join(lines) + "\n"


def audio_track(
    name: str,
    items: Iterable[Item],
    *,
    levels: Iterable[tuple[float, float]] = (),
    is_muted: bool = False,
) -> list[str]:
    """Return the block of a track with items.

    `levels` are the points of the track's volume envelope: pairs of a time in seconds and a gain.
    """
    points = [f"PT {_number(seconds)} {_number(value)} 0" for seconds, value in levels]
    envelope = block("VOLENV2", "ACT 1 -1", "VIS 1 1 1", "DEFSHAPE 0 -1 -1", points)
    return block(
        "TRACK",
        f"NAME {quoted(name)}",
        f"MUTESOLO {is_muted:d} 0 0",
        envelope if points else [],
        *map(_item, items),
    )


def midi_track(
    name: str, events: Iterable[tuple[int, Sequence[int]]], *, length: float, resolution: int
) -> list[str]:
    """Return the block of a track with one MIDI item that starts at 0 s.

    Parameters
    ----------
    name : str
        Name of the track.
    events : iterable of (int, sequence of int)
        Events, each as the ticks since the previous one and the bytes of a channel message.
    length : float
        Length of the item in seconds.
    resolution : int
        Ticks per beat.
    """
    lines = (
        " ".join(["E", str(ticks), *(f"{each:02x}" for each in (*message, 0)[:3])])
        for ticks, message in events
    )
    item = block(
        "ITEM",
        "POSITION 0",
        f"LENGTH {_number(length)}",
        "LOOP 0",
        f"NAME {quoted(name)}",
        block("SOURCE MIDI", f"HASDATA 1 {resolution} QN", lines, "IGNTEMPO 0 120 4 4"),
    )
    return block("TRACK", f"NAME {quoted(name)}", item)


def _item(item: Item) -> list[str]:
    marks = " + ".join(f"{_number(played)} {_number(read)}" for played, read in item.marks)
    return block(
        "ITEM",
        f"POSITION {_number(item.start)}",
        f"LENGTH {_number(item.length)}",
        "LOOP 0",
        _fade("FADEIN", item.fade_in),
        _fade("FADEOUT", item.fade_out),
        f"NAME {quoted(item.name)}",
        f"VOLPAN 1 0 {_number(item.gain)} -1",
        f"SOFFS {_number(item.offset)}",
        f"PLAYRATE {_number(item.rate)} {item.keeps_pitch:d} {_number(item.semitones)} -1 0 0.0025",
        f"CHANMODE {2 if item.to_mono else 0}",
        block(f"SOURCE {item.source.kind}", f"FILE {quoted(item.source.path)}"),
        [f"SM {marks}"] if marks else [],
    )


def _fade(name: str, fade: Fade) -> str:
    return f"{name} {fade.shape} {_number(fade.seconds)} 0 {fade.shape} 0 0 0"


def _tempo(tempo: Tempo) -> str:
    line = f"PT {_number(tempo.seconds)} {_number(tempo.beats_per_minute)} {STEPWISE}"
    if tempo.meter is None:
        return line
    beats, unit = tempo.meter
    return f"{line} {(unit << 16) + beats} 0 1"


def _region(region: Region, number: int) -> list[str]:
    return [
        f"MARKER {number} {_number(region.start)} {quoted(region.name)} 1",
        f'MARKER {number} {_number(region.end)} "" 1',
    ]


def _number(value: float) -> str:
    return f"{value:.12f}".rstrip("0").rstrip(".")
