"""Writing of MIDI files."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.parameters import is_integer
from ..files.writing import target_name, whole_file
from ._channels import CHANNELS, DRUMS
from ._music import is_music
from ._sounding import apart
from .events import (
    BEND,
    CONTROL,
    KEY_SIGNATURE,
    LYRIC,
    META,
    NOTE_ON,
    PORT,
    PROGRAM,
    TEMPO,
    TEXT,
    TIME_SIGNATURE,
    TRACK_NAME,
    Event,
    Track,
    write_song,
)
from .tempi import FEWEST, MOST

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI

BANKS = (0, 32)
"""Controllers that select a bank of programs."""

MOST_TICKS_WRITTEN = 2**28
"""Exclusive upper limit of ticks, which MIDI stores in up to four bytes of seven bits each."""


def write_midi(file: Any, midi: "PrettyMIDI") -> None:
    """Write music to a MIDI file, completely or not at all.

    Parameters
    ----------
    file : str, bytes, PathLike or binary file object
        File to write. An existing file is replaced once the new one is complete.
    midi : pretty_midi.PrettyMIDI
        The music.

    Raises
    ------
    TypeError
        If `midi` is of an unsupported type, or `file` is neither a path nor a binary file.
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If `file` is a folder or not a valid file name, or `midi` has times or values that MIDI
        cannot represent.
    OSError
        If the file cannot be written, for example because the disk is full.

    Notes
    -----
    - Names and texts are written as UTF-8.
    - Every note is at least one tick long and has a velocity of at least 1. If notes of the same
      pitch overlap, each ends where the key is struck again, and the last one lasts as long as any
      of them.
    - Each instrument has its own channel, so that instruments do not share pedals and programs. The
      first port has channels for 15 instruments and a drum kit; further instruments and drum kits
      are on further ports (meta event FF 21). Players that ignore ports play them on the channels
      of the first port.

    Examples
    --------
    >>> import io
    >>> import pretty_midi
    >>> from musicai.midi import write_midi
    >>> file = io.BytesIO()
    >>> write_midi(file, pretty_midi.PrettyMIDI())
    >>> file.getvalue()[:4]
    b'MThd'
    """
    name = target_name(file)
    if not is_music(midi):
        raise TypeError(
            f"{name}: music is of type {type(midi).__name__}, where a pretty_midi.PrettyMIDI is "
            "expected"
        )
    try:
        data = write_song(midi.resolution, tracks_of(midi))
    except ValueError as error:
        raise ValueError(f"{name}: this music cannot be written as MIDI: {error}") from None
    with whole_file(file) as draft:
        draft.write(data)


def tracks_of(midi: "PrettyMIDI") -> Iterator[Track]:
    """Yield the tracks of a file: one with tempi, signatures and texts, then the instruments."""
    yield _track(_conducting_events(midi))
    n_drummers = n_others = 0
    for instrument in midi.instruments:
        if instrument.is_drum:
            port, channel = n_drummers, DRUMS
            n_drummers += 1
        else:
            port, i = divmod(n_others, len(CHANNELS))
            channel = CHANNELS[i]
            n_others += 1
        yield _track(_playing_events(instrument, midi, port, channel))


def _track(events: list[Event]) -> Track:
    events.sort(key=lambda event: event.tick)
    return Track(events, events[-1].tick + 1)


def _conducting_events(midi: "PrettyMIDI") -> list[Event]:
    """Return the meta events for tempi, signatures and texts."""
    signatures = midi.time_signature_changes
    events = []
    for time, tempo in zip(*midi.get_tempo_changes(), strict=True):
        length = int(np.clip(np.rint(6e7 / tempo), FEWEST, MOST))
        events.append(_meta(_tick(time, midi), TEMPO, length.to_bytes(3, "big")))
    if not any(signature.time <= 0 for signature in signatures):
        events.append(_meta(0, TIME_SIGNATURE, bytes([4, 2, 24, 8])))
    for signature in signatures:
        exponent = signature.denominator.bit_length() - 1
        if 2**exponent != signature.denominator:
            raise ValueError(f"denominators must be powers of 2, got {signature.denominator}")
        numbers = _values(signature.numerator, exponent, 24, 8)
        events.append(_meta(_tick(signature.time, midi), TIME_SIGNATURE, numbers))
    for key in midi.key_signature_changes:
        is_minor = key.key_number >= 12
        sharps = (7 * (key.key_number + 3 * is_minor) + 5) % 12 - 5  # 0 for C, 1 for G, -1 for F
        numbers = bytes([sharps & 0xFF, is_minor])
        events.append(_meta(_tick(key.time, midi), KEY_SIGNATURE, numbers))
    for kind, texts in ((LYRIC, midi.lyrics), (TEXT, midi.text_events)):
        events += [_meta(_tick(text.time, midi), kind, _bytes(text.text)) for text in texts]
    return events


def _playing_events(instrument: Any, midi: "PrettyMIDI", port: int, channel: int) -> list[Event]:
    """Return an instrument's events, which the caller must sort by tick.

    A stable sort keeps the order of events at the same tick: track name, port, note-offs, control
    changes, program change, bends, note-ons.
    """
    notes = instrument.notes
    starts = np.array([_tick(note.start, midi) for note in notes], dtype=np.int64)
    ends = np.array([_tick(note.end, midi) for note in notes], dtype=np.int64)
    ends = apart(starts, np.maximum(ends, starts + 1), np.array([note.pitch for note in notes]))
    up = [
        Event(end, NOTE_ON | channel, _values(note.pitch, 0))  # takes fewer bytes than a note-off
        for note, end in zip(notes, ends.tolist(), strict=True)
    ]
    down = [
        Event(start, NOTE_ON | channel, _values(note.pitch, max(1, note.velocity)))
        for note, start in zip(notes, starts.tolist(), strict=True)
    ]
    changes = [
        Event(_tick(change.time, midi), CONTROL | channel, _values(change.number, change.value))
        for change in instrument.control_changes
    ]
    bends = [
        Event(_tick(bend.time, midi), BEND | channel, _values(value & 0x7F, value >> 7))
        for bend in instrument.pitch_bends
        for value in [bend.pitch + 0x2000]
    ]
    # A bank selection takes effect with the next program change. So the program change follows the
    # last bank selection that does not come after the first note.
    first = starts.min(initial=MOST_TICKS_WRITTEN)
    banks = [each.tick for each in changes if each.data[0] in BANKS and each.tick <= first]
    program = Event(max(banks, default=0), PROGRAM | channel, _values(instrument.program))
    head = [_meta(0, TRACK_NAME, _bytes(instrument.name))] if instrument.name else []
    head += [_meta(0, PORT, bytes([port]))] if port else []
    return [*head, *up, *changes, program, *bends, *down]


def _meta(tick: int, kind: int, contents: bytes) -> Event:
    return Event(tick, META, bytes([kind]) + contents)


def _tick(time: float, midi: "PrettyMIDI") -> int:
    tick = int(midi.time_to_tick(time)) if math.isfinite(time) else -1
    if not (0 <= tick < MOST_TICKS_WRITTEN and round(time, 6) >= 0):
        raise ValueError(f"times must be from 0 to {MOST_TICKS_WRITTEN} ticks, got {time} seconds")
    return tick


def _values(*values: int) -> bytes:
    for value in values:
        if not (is_integer(value, 0) and value <= 127):
            raise ValueError(f"pitches, velocities and controllers must be 0 to 127, got {value}")
    return bytes(values)


def _bytes(text: str) -> bytes:
    if not isinstance(text, str):
        raise ValueError(f"names and texts must be str, got {text!r}")
    return text.encode("utf-8", errors="replace")
