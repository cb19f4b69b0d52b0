"""Sessions read back by other parsers of Reaper's format.

`one_grid` calls this module for each session, if the packages ``rppxml`` and ``reaproj`` are
installed. ``rppxml`` wraps the parser of WDL, a library by Cockos, the makers of Reaper;
``reaproj`` reads tracks, items and regions.
"""

import io
from pathlib import Path
from typing import Any

import mido
import numpy as np

EXACT = 1e-9
"""Tolerance for seconds, speeds and gains, which have 12 decimals in the file."""


def disagreements(file: Path, edits: Any, midi: bytes) -> list[str]:
    """Return the properties of a session that differ from the edit list and the MIDI file.

    Parameters
    ----------
    file : Path
        The session.
    edits : EditList
        The clips of the mosaic.
    midi : bytes
        The MIDI file of the piece.
    """
    import reaproj
    import rppxml

    project = rppxml.load(str(file))
    mosaic, *players = _blocks(project, "TRACK")
    items = _blocks(mosaic, "ITEM")
    wrong = [] if len(items) == len(edits.clips) else ["number of items"]
    for item, clip in zip(items, edits.clips, strict=False):
        wrong += _of_item(item, clip, file.parent)
    song = mido.MidiFile(file=io.BytesIO(midi))
    points = [line for line in _blocks(project, "TEMPOENVEX")[0].children if line[0] == "PT"]
    if not _is_near([line[1:3] for line in points], _tempi(song)):
        wrong.append("tempo map")
    if [_messages(player) for player in players] != [_played(each) for each in song.tracks[1:]]:
        wrong.append("MIDI")
    other = reaproj.Project.load(file)
    borders = [0.0, *(region.end for region in other.regions)]
    starts = [region.start for region in other.regions]
    if not _is_near(starts, borders[:-1]) or borders[-1] > edits.seconds + EXACT:
        wrong.append("regions")
    read = [(each.position, each.length, each.soffs) for each in other.tracks[0].items]
    meant = [(c.times[0], np.ptp(c.times), c.source_times[0]) for c in edits.clips]
    if not _is_near(read, meant):
        wrong.append("items by reaproj")
    return wrong


def _of_item(item: Any, clip: Any, folder: Path) -> list[str]:
    """Compare an item with a clip."""
    length = float(np.ptp(clip.times))
    (source,) = _blocks(item, "SOURCE")
    marks = [value for value in _line(item, "SM") if value != "+"]
    played = clip.times - clip.times[0]
    if marks:
        found = np.reshape(np.array(marks, dtype=float), (-1, 2))
        sources = np.interp(played * clip.rate, found[:, 0], found[:, 1])
    else:
        sources = _line(item, "SOFFS")[0] + played * clip.rate
    semitones = clip.semitones if clip.keeps_pitch else 0
    same = {
        "position": _is_near(_line(item, "POSITION"), [clip.times[0]]),
        "length": _is_near(_line(item, "LENGTH"), [length]),
        "offset": _is_near(_line(item, "SOFFS"), [clip.source_times[0]]),
        "speed": _is_near(_line(item, "PLAYRATE")[:3], [clip.rate, clip.keeps_pitch, semitones]),
        "gain": _is_near(_line(item, "VOLPAN")[2], 10 ** (clip.gain / 20)),
        "fades": _is_near(
            [_line(item, "FADEIN")[1], _line(item, "FADEOUT")[1]], [clip.fade_in, clip.fade_out]
        ),
        # An item has no stretch markers if a single speed keeps all beats within 0.5 ms.
        "places in the source": _is_near(sources, clip.source_times, EXACT if marks else 5e-4),
        "file": (folder / _line(source, "FILE")[0]).resolve() == Path(clip.path).resolve(),
    }
    return [name for name, is_same in same.items() if not is_same]


def _blocks(parent: Any, name: str) -> list[Any]:
    return [each for each in parent.children if getattr(each, "name", None) == name]


def _line(block: Any, word: str) -> list[Any]:
    """Return the values of the first line that begins with `word`; an empty list without one."""
    lines = (each[1:] for each in block.children if isinstance(each, list) and each[0] == word)
    return next(lines, [])


def _is_near(found: Any, meant: Any, tolerance: float = EXACT) -> bool:
    found, meant = np.asarray(found, dtype=float), np.asarray(meant, dtype=float)
    return found.shape == meant.shape and bool(np.all(np.abs(found - meant) <= tolerance))


def _tempi(song: mido.MidiFile) -> list[tuple[float, float]]:
    """Return the tempo map of a MIDI file: seconds, and quarter notes per minute."""
    changes: dict[float, float] = {}
    seconds, tempo = 0.0, 500_000
    for message in song.tracks[0]:
        seconds += mido.tick2second(message.time, song.ticks_per_beat, tempo)
        if message.type == "set_tempo":
            tempo = message.tempo
        if message.type in ("set_tempo", "time_signature"):
            changes[seconds] = 6e7 / tempo
    return list(changes.items())


def _played(track: mido.MidiTrack) -> list[tuple[int, bytes]]:
    """Return the channel messages of a track of a MIDI file, with their ticks."""
    found, tick = [], 0
    for message in track:
        tick += message.time
        if not message.is_meta:
            found.append((tick, bytes([*message.bytes(), 0][:3])))
    return found


def _messages(track: Any) -> list[tuple[int, bytes]]:
    """Return the messages of a session's MIDI track with their ticks, without the last message."""
    (item,) = _blocks(track, "ITEM")
    (source,) = _blocks(item, "SOURCE")
    found, tick = [], 0
    for word, *values in source.children:
        if word == "E":
            tick += int(values[0])
            # rppxml returns some pairs of hexadecimal digits as bytes, and others as numbers.
            pairs = (
                int(str(v), 16).to_bytes() if not isinstance(v, bytes) else v for v in values[1:]
            )
            found.append((tick, b"".join(pairs)))
    return found[:-1]
