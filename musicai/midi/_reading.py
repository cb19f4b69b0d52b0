"""Reading MIDI files, whatever is in them."""

import io
import re
import warnings
from typing import TYPE_CHECKING, Any

from ..base.extras import need
from ..files.paths import AnyPath, is_path, printable, why_unreadable
from ._errors import MidiError

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI

MOST_BYTES = 2**21
"""A file of this size, with half a million notes, takes ten seconds or two and 500 MB."""

MOST_TICKS = 10**7
"""pretty_midi reads no more; 90 minutes at a fine resolution, 960 ticks a beat, and 120 beats."""

FINE = 960
"""Ticks a beat, the finest that sequencers usually write."""

ENDLESS_NUMBER = re.compile(rb"[\x80-\xff]{16384}")
"""mido would read it as one number, in quadratic time; blank memory is full of such bytes."""

REPAIR = "save it anew with a program that can open it, or leave it out"


def read_midi(file: AnyPath) -> "PrettyMIDI":
    """Read a MIDI file.

    Parameters
    ----------
    file : str, bytes or PathLike
        A MIDI file (.mid, .midi, .kar), also one in a RIFF wrapper (.rmi); the suffix does not
        matter.

    Returns
    -------
    midi : pretty_midi.PrettyMIDI
        The music. Tempo changes are found in whatever track they are.

    Raises
    ------
    TypeError
        If `file` is no path.
    MidiError
        If the file cannot be read. The message names it.
    ImportError
        If pretty_midi is missing.

    See Also
    --------
    write_midi : The way back.

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
        raise TypeError(f"file is of type {type(file).__name__} where a path is expected")
    name = printable(file)
    mido = need("mido", extra="midi", what="read_midi")
    pretty_midi = need("pretty_midi", extra="midi", what="read_midi")
    data = _midi_bytes(_read(file, name), name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of misplaced tempo changes, which are put right
            parsed = mido.MidiFile(file=io.BytesIO(data))
            _coarsen(parsed)
            _check(parsed, name)
            _gather_tempo_changes(parsed, mido)
            return pretty_midi.PrettyMIDI(mido_object=parsed)
    except MidiError:
        raise
    except Exception as error:  # mido and pretty_midi raise whatever goes wrong in their code
        raise MidiError(
            f"{name}: this cannot be read as MIDI ({_cause(error)}); {REPAIR}"
        ) from None


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
            f"{name}: the file has more than {MOST_BYTES // 2**20} MB, which is beyond music in "
            "notes; divide it, or leave it out"
        )
    return data


def _midi_bytes(data: bytes, name: str) -> bytes:
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = data[max(0, data.find(b"MThd")) :]
    if data[:4] != b"MThd":
        raise MidiError(
            f"{name}: this is no MIDI file (it does not begin with MThd); pass .mid files, and "
            "recordings to ChromaExtractor"
        )
    if ENDLESS_NUMBER.search(data):
        raise MidiError(f"{name}: the file holds long runs of bytes that are no MIDI; {REPAIR}")
    return data


def _n_ticks(parsed: Any) -> int:
    return max((sum(message.time for message in track) for track in parsed.tracks), default=0)


def _coarsen(parsed: Any) -> None:
    """Round times to fewer ticks a beat where there are very many, as in music21's files."""
    if parsed.ticks_per_beat < FINE or _n_ticks(parsed) < MOST_TICKS:
        return
    divisors = range(parsed.ticks_per_beat // FINE * 2, 1, -1)
    divisor = next((d for d in divisors if parsed.ticks_per_beat % d == 0), 1)
    for track in parsed.tracks:
        now = 0
        for message in track:
            before, now = now, now + message.time
            message.time = round(now / divisor) - round(before / divisor)
    parsed.ticks_per_beat //= divisor


def _check(parsed: Any, name: str) -> None:
    if parsed.type == 2:
        raise MidiError(
            f"{name}: the file holds several pieces (MIDI format 2); save each as a file of its own"
        )
    if parsed.ticks_per_beat < 1:
        raise MidiError(
            f"{name}: times are in film frames (SMPTE) or have no unit, where ticks per beat are "
            f"expected; {REPAIR}"
        )
    if _n_ticks(parsed) >= MOST_TICKS:  # it may have thousands of digits, so it is not told
        raise MidiError(
            f"{name}: the music lasts longer than the {MOST_TICKS} ticks that are read at most, "
            f"hours of music: divide it, or if it is not so long its times are damaged, {REPAIR}"
        )


def _gather_tempo_changes(parsed: Any, mido: Any) -> None:
    """Copy tempo changes to the first track, the only one in which pretty_midi looks for them."""
    changes = [_tempo_changes(track, mido) for track in parsed.tracks[1:]]
    if any(changes):
        parsed.tracks[0] = mido.merge_tracks([parsed.tracks[0], *changes])


def _tempo_changes(track: Any, mido: Any) -> Any:
    changes, waited = mido.MidiTrack(), 0
    for message in track:
        waited += message.time
        if message.type == "set_tempo":
            changes.append(message.copy(time=waited))
            waited = 0
    return changes


def _cause(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "it ends too early"
    return str(error).rstrip(".") or type(error).__name__
