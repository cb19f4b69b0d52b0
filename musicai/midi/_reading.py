"""Reading of MIDI files, including damaged and unusual ones."""

import warnings
from typing import TYPE_CHECKING, Any

from ..base.extras import need
from ..files.paths import AnyPath, is_path, printable, why_unreadable
from ._channels import instruments_of
from ._errors import MidiError
from .events import (
    KEY_SIGNATURE,
    LYRIC,
    META,
    TEMPO,
    TEXT,
    TIME_SIGNATURE,
    Event,
    Song,
    Track,
    read_song,
    text_of,
)

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI

MOST_BYTES = 2**21
"""Largest file size in bytes: about 350,000 notes, which take some 10 s and 300 MB to read."""

MOST_TICKS = 10**7
"""pretty_midi's limit on the length of music, in ticks.

At 960 ticks per beat and 120 beats per minute, the limit is 87 minutes.
"""

FINE = 960
"""Resolution, in ticks per beat, from which long music is coarsened; few sequencers use more."""

SHORTEST_BEAT = 7
"""Shortest beat of a time signature: MIDI stores 7 for a 128th note, because 2**7 is 128."""

REPAIR = "save it again with a program that can open it, or leave it out"


def read_midi(file: AnyPath) -> "PrettyMIDI":
    """Read a MIDI file.

    Parameters
    ----------
    file : str, bytes or PathLike
        Path of a MIDI file (.mid, .midi, .kar), which may be in a RIFF wrapper (.rmi). The suffix
        does not matter.

    Returns
    -------
    midi : pretty_midi.PrettyMIDI
        The music, with one instrument per combination of track, channel and program.

    Raises
    ------
    TypeError
        If `file` is not a path.
    MidiError
        If the file cannot be read. The message names it.
    ImportError
        If pretty_midi is missing.

    Warns
    -----
    UserWarning
        If a note has neither a note-off nor a controller that ends it, notes come after the end of
        their track, the number of tracks in the header is wrong, or a second MIDI file follows in
        the same file. The message names the file.

    See Also
    --------
    write_midi : Writes a MIDI file.

    Notes
    -----
    - As in a synthesizer, programs, pedals and other controllers apply to their channel in all
      tracks. Tempo changes are read from all tracks, but key and time signatures only from the
      first.
    - A pedal that is down at the end of the file is lifted when the last note of its channel ends.
    - A note without a note-off in any track lasts until its key is struck again, a controller ends
      all notes (120, or 123 to 127), or its track ends.
    - Invalid meta events, such as a key of eight sharps, are left out.
    - Text is decoded as UTF-8 if that is possible, else as Latin-1.

    Examples
    --------
    >>> import tempfile
    >>> import pretty_midi
    >>> from musicai.midi import read_midi, write_midi
    >>> music = pretty_midi.PrettyMIDI(initial_tempo=90)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_midi(f"{folder}/music.mid", music)
    ...     read_midi(f"{folder}/music.mid").get_tempo_changes()[1].round(3)
    array([90.])
    """
    if not is_path(file):
        raise TypeError(f"file is of type {type(file).__name__}, where a path is expected")
    music, remark = read_music(file)
    if remark:
        warnings.warn(f"{printable(file)}: {remark}", stacklevel=2)
    return music


def read_music(file: AnyPath) -> tuple["PrettyMIDI", str]:
    """Read a MIDI file; return its music and a warning ("" if there is none)."""
    name = printable(file)
    for package in ("mido", "pretty_midi"):
        need(package, extra="midi", what="read_midi")
    data = _midi_bytes(_read(file, name), name)
    try:
        song = read_song(data)
        _check(song, name)
        song = _coarsened(song)
        midi = _conducted(song)
        midi.instruments, n_unended = instruments_of(song.tracks, midi)
    except MidiError:
        raise
    except ValueError as error:
        raise MidiError(f"{name}: this cannot be read as MIDI ({error}); {REPAIR}") from None
    remarks = []
    if len(song.tracks) != song.n_promised:
        remarks.append(
            f"its header promises {song.n_promised} tracks, but it has {len(song.tracks)}"
        )
    if n_unended:
        remarks.append(
            f"notes without a note-off ({n_unended}) last until the key is struck again or the "
            "track ends"
        )
    if song.n_unread:
        remarks.append(f"notes after the end of their track ({song.n_unread}) were not read")
    if song.is_followed:
        remarks.append("it contains a second MIDI file, which was not read")
    return midi, "; ".join(remarks)


def _read(path: AnyPath, name: str) -> bytes:
    trouble = why_unreadable(path, "MIDI file")
    if trouble is not None:
        raise MidiError(f"{name}: {trouble}")
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise MidiError(f"{name}: the file cannot be opened ({error})") from None
    if len(data) > MOST_BYTES:
        raise MidiError(
            f"{name}: the file is larger than the limit of {MOST_BYTES // 2**20} MB; split it, or "
            "leave it out"
        )
    return data


def _midi_bytes(data: bytes, name: str) -> bytes:
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = data[max(0, data.find(b"MThd")) :]
    if data[:4] != b"MThd":
        raise MidiError(
            f"{name}: this is not a MIDI file (it does not begin with MThd); pass .mid files here "
            "and recordings to ChromaExtractor"
        )
    return data


def _check(song: Song, name: str) -> None:
    if song.format == 2 and len(song.tracks) > 1:
        raise MidiError(
            f"{name}: the file holds several pieces (MIDI format 2); save each to a separate file"
        )
    if not 1 <= song.division < 2**15:
        raise MidiError(
            f"{name}: times are in film frames (SMPTE) or without a unit, where ticks per beat "
            f"are expected; {REPAIR}"
        )
    if _n_ticks(song) // _divisor(song) >= MOST_TICKS:
        raise MidiError(
            f"{name}: the music lasts for hours, longer than {MOST_TICKS} ticks; split it. If it "
            f"should be shorter, its times are damaged: {REPAIR}"
        )


def _n_ticks(song: Song) -> int:
    return max(track.end for track in song.tracks)


def _divisor(song: Song) -> int:
    """Return the number of ticks to merge into one, so that pretty_midi can read long music.

    Return 1 if the music is not too long, if its resolution is lower than `FINE`, or if the number
    of ticks per beat has no suitable divisor. music21, for example, writes very fine ticks.
    """
    if song.division < FINE or _n_ticks(song) < MOST_TICKS:
        return 1
    divisors = range(song.division // FINE * 2, 1, -1)
    return next((d for d in divisors if song.division % d == 0), 1)


def _coarsened(song: Song) -> Song:
    divisor = _divisor(song)
    if divisor == 1:
        return song
    tracks = [
        Track(
            [event._replace(tick=round(event.tick / divisor)) for event in track.events],
            round(track.end / divisor),
        )
        for track in song.tracks
    ]
    return song._replace(division=song.division // divisor, tracks=tracks)


def _conducted(song: Song) -> "PrettyMIDI":
    """Return music with the file's tempi, signatures and texts, but without instruments.

    The tempi are written to a MIDI file in memory: pretty_midi takes tempo changes only from files.
    """
    mido = need("mido", extra="midi", what="read_midi")
    pretty_midi = need("pretty_midi", extra="midi", what="read_midi")
    metas = [event for track in song.tracks for event in track.events if event.status == META]
    metas.sort(key=lambda event: event.tick)
    track, now = mido.MidiTrack(), 0
    for tick, _, data in metas:
        tempo = int.from_bytes(data[1:4], "big")
        if data[0] == TEMPO and len(data) >= 4 and tempo:
            track.append(mido.MetaMessage("set_tempo", tempo=tempo, time=tick - now))
            now = tick
    track.append(mido.MetaMessage("end_of_track", time=_n_ticks(song) - now))
    file = mido.MidiFile(ticks_per_beat=song.division, tracks=[track])
    midi = pretty_midi.PrettyMIDI(mido_object=file, charset="utf-8")
    for event in metas:
        if event.data[0] == TEXT:
            midi.text_events.append(pretty_midi.Text(text_of(event), midi.tick_to_time(event.tick)))
        elif event.data[0] == LYRIC:
            midi.lyrics.append(pretty_midi.Lyric(text_of(event), midi.tick_to_time(event.tick)))
    for event in song.tracks[0].events:
        if event.status == META:
            _add_signature(event, midi, pretty_midi)
    return midi


def _add_signature(event: Event, midi: "PrettyMIDI", pretty_midi: Any) -> None:
    """Add the event to the music if it is a valid key or time signature."""
    kind, values, time = event.data[0], event.data[1:], midi.tick_to_time(event.tick)
    if kind == KEY_SIGNATURE and len(values) >= 2:
        sharps, is_minor = (values[0] ^ 0x80) - 0x80, values[1]
        if abs(sharps) <= 7 and is_minor <= 1:
            tonic = (7 * sharps + 9 * is_minor) % 12 + 12 * is_minor
            midi.key_signature_changes.append(pretty_midi.KeySignature(tonic, time))
    if kind == TIME_SIGNATURE and len(values) >= 2 and values[0] and values[1] <= SHORTEST_BEAT:
        signature = pretty_midi.TimeSignature(values[0], 2 ** values[1], time)
        midi.time_signature_changes.append(signature)
