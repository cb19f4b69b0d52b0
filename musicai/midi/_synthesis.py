"""Synthesis of MIDI music with soundfonts."""

import os
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..audio import resample_blocks
from ..base.extras import PACKAGES, need
from ..base.parameters import SAMPLING_RATE_RULE, check_values
from ..files.paths import AnyPath, is_path, printable
from ._errors import MidiError
from ._music import as_midi
from ._passages import (
    PASSAGE,
    Passage,
    Player,
    Strike,
    ensembles,
    messages,
    passages,
    players_of,
)
from .rendering import BLOCK, RATE, Soundfont, load_soundfont, render, to_mono

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI

TAIL = 3 * RATE
"""Number of samples to render after the last note of a passage, for decay and reverberation."""

FADE = RATE // 2
"""Length in samples of a passage's fade-out; without it, long decays would end with a click."""

LOUDEST = 32767
"""Largest 16-bit sample. A sample that reaches it may have been clipped."""

MOST_HOURS = 24
"""Longest duration of music in hours; longer music is considered damaged."""

MOST_PLAYERS = 500
"""Maximum number of instruments; music with more is considered damaged.

An orchestra has about 100.
"""


def synthesize(
    midi: "AnyPath | PrettyMIDI",
    *,
    soundfont: str | os.PathLike[str] | None = None,
    sr: float = 22050,
) -> Iterator[np.ndarray]:
    """Synthesize music with a soundfont, block by block.

    Parameters
    ----------
    midi : str, bytes, PathLike or pretty_midi.PrettyMIDI
        The music, or the path of a MIDI file.
    soundfont : str or path, default=None
        Path of a soundfont (.sf2). None means TimGM6mb, which comes with pretty_midi and has the
        128 instruments and the drums of General MIDI.
    sr : float, default=22050
        Sampling rate in hertz.

    Returns
    -------
    blocks : iterator of ndarray of shape (n_samples,), dtype float32
        Mono samples, from time 0 of the music to three seconds after the last note. A piano note of
        velocity 80 peaks at about 0.04, a triad at about 0.07. Samples are not normalized or
        clipped, so loud music for many instruments may exceed 1.

    Raises
    ------
    TypeError
        If `midi` or `soundfont` is of an unsupported type.
    MidiError
        If the music cannot be read, has no notes, lasts more than a day, has more than 500
        instruments, or has invalid times, pitches or velocities; or if the soundfont cannot be
        played.
    ValueError
        If `sr` is invalid.
    ImportError
        If pretty_midi or midirenderer is missing.

    See Also
    --------
    musicai.audio.write_audio : Writes samples to a file.

    Notes
    -----
    The music is rendered in passages of 20 seconds, each with the notes that begin in it, and
    overlapping sounds are added. So memory for samples does not grow with the length of the music,
    and the first block is available before the rest is rendered. A note that is held for more than
    a minute is struck again every minute. The same music always gives the same samples.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai import PianoRollExtractor, Timing
    >>> from musicai.midi import synthesize
    >>> roll = np.zeros((8, 88))
    >>> roll[:, [39, 43, 46]] = 1  # C major for two beats
    >>> timing = Timing.from_tempo(120, frames_per_beat=4)
    >>> midi = PianoRollExtractor().inverse_transform(roll, timing=timing)
    >>> sound = np.concatenate(list(synthesize(midi)))
    >>> sound.shape, sound.dtype
    ((88200,), dtype('float32'))
    """
    check_values({"sr": sr}, {"sr": SAMPLING_RATE_RULE})
    for module in PACKAGES["midi"]:
        need(module, extra="midi", what="synthesize")
    name = _name(midi)
    music, remark = as_midi(midi, name)
    _check(music, name)
    if remark:
        warnings.warn(f"{name}: {remark}", stacklevel=2)
    # The checks are above rather than in `play`, which is a generator: it would raise errors only
    # when the caller takes the first block.
    return resample_blocks(play(music, load_soundfont(soundfont)), RATE, sr)


def _check(music: Any, name: str) -> None:
    notes = [note for instrument in music.instruments for note in instrument.notes]
    if not notes:
        raise MidiError(f"{name}: there are no notes to play; pass music with notes")
    if len(music.instruments) > MOST_PLAYERS:
        raise MidiError(
            f"{name}: there are {len(music.instruments)} instruments, where at most "
            f"{MOST_PLAYERS} are expected; the file may be damaged: leave it out"
        )
    first, last = min(note.start for note in notes), max(note.end for note in notes)
    if not (first >= 0 and last <= MOST_HOURS * 3600):
        raise MidiError(
            f"{name}: notes are from {first:.3g} to {last:.3g} seconds, where music of at most "
            f"{MOST_HOURS} hours is expected; its times may be damaged: leave it out"
        )
    for note in notes:
        if not (0 <= note.pitch <= 127 and 0 <= note.velocity <= 127):
            raise MidiError(f"{name}: pitch and velocity must be from 0 to 127, got {note}")


def _name(midi: Any) -> str:
    return printable(midi) if is_path(midi) else "midi"


def play(midi: Any, soundfont: Soundfont, *, n_samples: int = PASSAGE) -> Iterator[np.ndarray]:
    """Render music passage by passage, mix the overlapping passages, and yield the mix in blocks.

    A passage has the notes that begin within `n_samples` samples; its sound lasts longer. Blocks
    are mono at `RATE`. Each has `n_samples` samples; the last one may be shorter.
    """
    players = players_of(midi)
    start, rest = 0, np.zeros(0, np.float32)  # `rest` is the sound from `start` on, not yet yielded
    for passage in passages(midi, n_samples):
        while start < passage.start:  # the music may pause for several passages
            yield np.pad(rest[:n_samples], (0, max(0, n_samples - len(rest))))
            start, rest = start + n_samples, rest[n_samples:]
        sound = _play_passage(passage, players, soundfont)
        rest = np.pad(rest, (0, max(0, len(sound) - len(rest))))
        rest[: len(sound)] += sound
    while len(rest):
        yield rest[:n_samples]
        rest = rest[n_samples:]


def _play_passage(passage: Passage, players: Sequence[Player], soundfont: Soundfont) -> np.ndarray:
    length = passage.length + TAIL
    sound = np.zeros(length, np.float32)
    for strikes, channels in ensembles(passage.strikes, players):
        sound += _play_group(strikes, channels, passage.start, length, players, soundfont)
    # Fade out, because some instruments ring longer than `TAIL`.
    sound[-FADE:] *= np.linspace(1, 0, FADE, dtype=np.float32)
    return sound


def _play_group(
    strikes: list[Strike],
    channels: dict[int, int],
    start: int,
    length: int,
    players: Sequence[Player],
    soundfont: Soundfont,
) -> np.ndarray:
    """Render notes together; if 16 bits do not suffice, render two halves and add their sounds."""
    sent = messages(strikes, channels, start, start + length, players)
    stereo = render(sent, BLOCK + length, soundfont)[BLOCK:]
    if len(strikes) > 1 and (stereo.max() >= LOUDEST or stereo.min() < -LOUDEST):
        halves = (strikes[::2], strikes[1::2])
        one, other = (
            _play_group(half, channels, start, length, players, soundfont) for half in halves
        )
        return one + other
    return to_mono(stereo)
