"""Music in notes as sound."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .._extras import need
from .._parameters import SAMPLING_RATE_RULE, check_values
from .._paths import is_path, printable
from ..audio import resample_blocks
from ._errors import MidiError
from ._reading import as_midi
from ._rendering import BLOCK, RATE, Soundfont, load_soundfont, render
from ._stretches import STRETCH, Stretch, Strike, ensembles, messages, stretches

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI

TAIL = 3 * RATE
"""Samples for the last notes to die away in, and for the echo of the room."""

FADE = RATE // 2
LOUDEST = 32767
MOST_HOURS = 24
MOST_PLAYERS = 500


def synthesize(
    midi: "str | bytes | os.PathLike | PrettyMIDI",
    *,
    soundfont: str | os.PathLike[str] | None = None,
    sampling_rate: float = 22050,
) -> Iterator[np.ndarray]:
    """Play music with a soundfont, block by block.

    Parameters
    ----------
    midi : str, bytes, PathLike or pretty_midi.PrettyMIDI
        The music, or the path of a MIDI file.
    soundfont : str or path, default=None
        A soundfont, .sf2. When None it is TimGM6mb, which pretty_midi ships: the 128 instruments
        of General MIDI and drums.
    sampling_rate : float, default=22050
        Of the sound, in hertz.

    Returns
    -------
    blocks : iterator of ndarray of shape (n_samples,), dtype float32
        One channel. It begins where the music begins, and ends three seconds after the last note,
        which die away. A single note peaks at some .04, a chord at .2; music for many instruments
        at full strength may go beyond 1, as nothing is levelled or clipped.

    Raises
    ------
    MidiError
        If the music cannot be read, has no notes or lasts more than a day, or the soundfont is
        none that can be played.
    ValueError
        If `sampling_rate` has no possible value.
    ImportError
        If pretty_midi or midirenderer is missing.

    See Also
    --------
    musicai.audio.write_audio : Write samples to a file.

    Notes
    -----
    The music is played in stretches of 20 seconds, each with the notes that begin in it, which are
    added up where they overlap; so memory does not grow with the length of the music, and the first
    block comes at once. A note that is held for more than a minute is struck again. The same music
    gives the same samples.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import PianoRollExtractor
    >>> from musicai.midi import synthesize
    >>> roll = np.zeros((8, 88))
    >>> roll[:, [39, 43, 46]] = 1  # C major for two beats
    >>> midi = PianoRollExtractor().inverse_transform(roll)
    >>> sound = np.concatenate(list(synthesize(midi)))
    >>> sound.shape, sound.dtype
    ((88200,), dtype('float32'))
    """
    check_values({"sampling_rate": sampling_rate}, {"sampling_rate": SAMPLING_RATE_RULE})
    for module in ("pretty_midi", "midirenderer"):
        need(module, extra="midi", what="synthesize")
    name = _name(midi)
    music = as_midi(midi, name)
    _check(music, name)
    # All that can be wrong is found here, and not only when the first block is asked for.
    blocks = _add_up(stretches(music), music, load_soundfont(soundfont))
    return resample_blocks(blocks, RATE, sampling_rate)


def _check(music: Any, name: str) -> None:
    notes = [note for instrument in music.instruments for note in instrument.notes]
    if not notes:
        raise MidiError(f"{name}: there are no notes in it to play")
    if len(music.instruments) > MOST_PLAYERS:
        raise MidiError(
            f"{name}: {len(music.instruments)} instruments play, where at most {MOST_PLAYERS} are "
            "expected; it may be damaged: leave it out"
        )
    first, last = min(note.start for note in notes), max(note.end for note in notes)
    if not (first >= 0 and last <= MOST_HOURS * 3600):
        raise MidiError(
            f"{name}: notes are from {first:.3g} to {last:.3g} seconds where music of at most "
            f"{MOST_HOURS} hours is expected; its times may be damaged"
        )
    for note in notes:
        if not (0 <= note.pitch <= 127 and 0 <= note.velocity <= 127):
            raise MidiError(f"{name}: pitch and velocity must be from 0 to 127, got {note}")


def _name(midi: Any) -> str:
    return printable(midi) if is_path(midi) else "midi"


def _add_up(parts: Iterator[Stretch], midi: Any, soundfont: Soundfont) -> Iterator[np.ndarray]:
    """Yield the sum of all stretches in blocks of a stretch."""
    start, rest = 0, np.zeros(0, np.float32)  # what has begun and has not been yielded
    for stretch in parts:
        while start < stretch.start:  # in a rest of some stretches
            yield np.pad(rest[:STRETCH], (0, max(0, STRETCH - len(rest))))
            start, rest = start + STRETCH, rest[STRETCH:]
        sound = _play(stretch, midi, soundfont)
        rest = np.pad(rest, (0, max(0, len(sound) - len(rest))))
        rest[: len(sound)] += sound
    while len(rest):
        yield rest[:STRETCH]
        rest = rest[STRETCH:]


def _play(stretch: Stretch, midi: Any, soundfont: Soundfont) -> np.ndarray:
    length = stretch.length + TAIL
    sound = np.zeros(length, np.float32)
    for strikes, channels in ensembles(stretch.strikes, midi):
        sound += _play_group(strikes, channels, stretch.start, length, midi, soundfont)
    # Some instruments ring for longer than the tail.
    sound[-FADE:] *= np.linspace(1, 0, FADE, dtype=np.float32)
    return sound


def _play_group(
    strikes: list[Strike],
    channels: dict[int, int],
    start: int,
    length: int,
    midi: Any,
    soundfont: Soundfont,
) -> np.ndarray:
    """Play notes together, or where they are too loud for 16 bits in two halves."""
    sent = messages(strikes, channels, start, start + length, midi)
    stereo = render(sent, BLOCK + length, soundfont)[BLOCK:]
    if len(strikes) > 1 and (stereo.max() >= LOUDEST or stereo.min() < -LOUDEST):
        halves = (strikes[::2], strikes[1::2])
        one, other = (
            _play_group(half, channels, start, length, midi, soundfont) for half in halves
        )
        return one + other
    return stereo.sum(axis=1, dtype=np.float32) / np.float32(2 * (LOUDEST + 1))
