"""Rendering of MIDI messages with midirenderer and a soundfont."""

import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile

from ..base.extras import need
from ..files.paths import is_path, printable
from ._errors import MidiError

RATE = 48000
"""Sampling rate of midirenderer in hertz."""

BLOCK = 64
"""Number of samples per block; the synthesizer applies messages at the start of the next block."""

FULL_SCALE = 32768
"""Value of a 16-bit sample that corresponds to a floating-point value of 1."""

TICKS_PER_BEAT = RATE // 2
"""Resolution at which a tick lasts one sample at MIDI's default tempo, 120 beats per minute."""


class Soundfont(NamedTuple):
    """Contents of a soundfont file, and its name for error messages."""

    data: bytes
    name: str


def load_soundfont(path: str | os.PathLike[str] | None) -> Soundfont:
    """Read a soundfont; None means the one that comes with pretty_midi."""
    if path is None:
        package = need("pretty_midi", extra="midi", what="synthesize")
        path = Path(package.__file__).with_name("TimGM6mb.sf2")
    if not is_path(path):
        raise TypeError(f"soundfont is of type {type(path).__name__}, where a path is expected")
    name = printable(path)
    try:
        data = Path(os.fsdecode(path)).read_bytes()
    except FileNotFoundError:
        raise MidiError(f"{name}: there is no such soundfont; check the path") from None
    except (OSError, ValueError) as error:
        raise MidiError(f"{name}: the soundfont cannot be opened ({error})") from None
    if data[:4] != b"RIFF" or data[8:12] != b"sfbk":
        raise MidiError(f"{name}: this is not a soundfont; pass a file in the format .sf2")
    return Soundfont(data, name)


def render(messages: Iterable[tuple[int, Any]], n_samples: int, soundfont: Soundfont) -> np.ndarray:
    """Render pairs (time in samples, mido message), given in chronological order.

    Returns
    -------
    samples : ndarray of shape (n_samples, 2), dtype int16
        Stereo samples at `RATE`, clipped at full scale.
    """
    samples = render_file(_midi_file(messages, n_samples), soundfont)[:n_samples]
    return np.pad(samples, ((0, n_samples - len(samples)), (0, 0)))


def render_file(midi: bytes, soundfont: Soundfont) -> np.ndarray:
    """Render a MIDI file up to its last event, where the sound is cut off.

    Returns
    -------
    samples : ndarray of shape (n_samples, 2), dtype int16
        Stereo samples at `RATE`, clipped at full scale.
    """
    midirenderer = need("midirenderer", extra="midi", what="synthesize")
    try:
        wave = midirenderer.render_wave_from(soundfont.data, midi)
    except BaseException as error:
        # A panic in Rust is raised as an exception that is not a subclass of Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise MidiError(
            f"{soundfont.name}: midirenderer cannot play this soundfont ({error}); try another"
        ) from None
    samples, rate = soundfile.read(io.BytesIO(wave), dtype="int16", always_2d=True)
    if (rate, samples.shape[1]) != (RATE, 2):
        raise MidiError(
            f"midirenderer returned {samples.shape[1]} channels at {rate} Hz, where 2 at {RATE} "
            "Hz are expected; install a version of midirenderer that the extra midi allows"
        )
    return samples


def to_mono(stereo: np.ndarray) -> np.ndarray:
    """Return the mean of two 16-bit channels as float32, with full scale at 1."""
    return stereo.sum(axis=1, dtype=np.float32) / np.float32(2 * FULL_SCALE)


def _midi_file(messages: Iterable[tuple[int, Any]], n_samples: int) -> bytes:
    mido = need("mido", extra="midi", what="synthesize")
    track, now = mido.MidiTrack(), 0
    for time, message in messages:
        track.append(message.copy(time=time - now, skip_checks=True))
        now = time
    track.append(mido.MetaMessage("end_of_track", time=max(0, n_samples - now)))
    file = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT, tracks=[track]).save(file=file)
    return file.getvalue()
