"""Rendering of notes with a soundfont, for benchmarks."""

import io
from pathlib import Path

import midirenderer
import numpy as np
import pretty_midi
import soundfile
import soxr


def play(instruments: list[pretty_midi.Instrument], sr: int) -> np.ndarray:
    """Render instruments to mono samples with a peak of 0.7."""
    music = pretty_midi.PrettyMIDI()  # a new object, because its ticks are finer
    music.instruments = instruments
    file = io.BytesIO()
    music.write(file)
    soundfont = Path(pretty_midi.__file__).with_name("TimGM6mb.sf2").read_bytes()
    wave = midirenderer.render_wave_from(soundfont, file.getvalue())
    samples, rate = soundfile.read(io.BytesIO(wave), dtype="float32")
    mono = soxr.resample(samples.mean(axis=1), rate, sr)
    return 0.7 * mono / np.abs(mono).max()
