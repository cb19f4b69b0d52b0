import numpy as np
import pretty_midi
import pytest

from musicai import Timing

SIXTEENTHS = Timing.from_tempo(120, frames_per_beat=4)


@pytest.fixture
def make_midi():
    """Build music of given notes: (pitch, start, end) in seconds, at 120 beats a minute."""

    def build(*notes, is_drum=False, program=0, pedal=(), tempo=120.0, resolution=480):
        midi = pretty_midi.PrettyMIDI(initial_tempo=tempo, resolution=resolution)
        player = pretty_midi.Instrument(program, is_drum=is_drum)
        player.notes = [pretty_midi.Note(80, pitch, start, end) for pitch, start, end in notes]
        player.control_changes = [pretty_midi.ControlChange(64, v, time) for time, v in pedal]
        midi.instruments.append(player)
        return midi

    return build


@pytest.fixture
def make_roll():
    """Build a piano roll of notes that begin and end at random, with some silence."""

    def build(n_frames, seed=0, density=0.05):
        rng = np.random.default_rng(seed)
        changes = rng.random((n_frames, 88)) < 0.2
        values = rng.random((n_frames, 88)) < density
        last = np.maximum.accumulate(np.where(changes, np.arange(n_frames)[:, None], 0), axis=0)
        return np.take_along_axis(values, last, axis=0).astype(np.float32)

    return build
