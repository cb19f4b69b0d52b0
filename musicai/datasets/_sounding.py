"""Notes as the chroma that a recording of them would have, by a simple model of sound.

A note decays and stops at its end. Its third and fifth partials are heard as the pitch classes a
fifth and a major third above it. A frame hears what lies under a window around its center, over a
ground of noise. A power that is drawn for each piece flattens or sharpens its chroma.
"""

import numpy as np
from scipy.ndimage import convolve1d
from scipy.signal import lfilter

from ..theory.shapes import peaking_at_one
from ._parts import Note

# Chosen so that metrics of harmony and motion lie between those of chorales on a piano and those of
# recordings of bands, and chords are recognized: benchmarks/datasets/progressions.py.
_STEPS = 4  # per frame, in which notes are placed
_WINDOW_FRAMES = 2  # 0.19 s at the default frame rate
_WINDOW = np.hanning(_STEPS * _WINDOW_FRAMES + 3)[1:-1]  # odd, to have a center
_WINDOW /= _WINDOW.sum()
_LOUDNESS = ((0.7, 1.2), (0.55, 0.9), (0.6, 1.2))  # of bass, chords and melody
_DECAY_FRAMES = (2, 12)  # until a third is left


def sound(
    voices: list[list[Note]],
    *,
    tonic: int,
    n_frames: int,
    frames_per_beat: float,
    rng: np.random.RandomState,
) -> np.ndarray:
    """Return chroma (n_frames, 12), float32, the loudest pitch class of each frame at 1.

    Parameters
    ----------
    voices : list of list of Note
        Each with an instrument of its own. Their pitches are in C.
    tonic : int
        Semitones to move them up by.
    n_frames : int
        How many frames.
    frames_per_beat : float
        How long a beat is.
    rng : RandomState
        Draws how loud the voices are, how they decay, how strong partials and noise are.
    """
    n_steps = _STEPS * n_frames
    energy = np.zeros((n_steps, 12))
    for voice, (softest, loudest) in zip(voices, _LOUDNESS, strict=True):
        loudness, n_decay = rng.uniform(softest, loudest), rng.uniform(*_DECAY_FRAMES)
        stay = np.exp(-1 / (_STEPS * n_decay))
        strokes = _strokes(voice, n_steps, _STEPS * frames_per_beat, stay)
        energy += loudness * lfilter([1.0], [1.0, -stay], strokes, axis=0)
    third, fifth = rng.uniform(0.05, 0.35), rng.uniform(0.02, 0.15)
    energy = energy + third * np.roll(energy, 7, axis=1) + fifth * np.roll(energy, 4, axis=1)
    frames = convolve1d(np.roll(energy, tonic, axis=1), _WINDOW, axis=0)[::_STEPS]
    noise = rng.gamma(1.0, 1.0, (n_frames, 12))
    frames = frames + rng.uniform(0.005, 0.08) * noise
    return peaking_at_one(frames ** rng.uniform(0.8, 1.2)).astype(np.float32)


def _strokes(voice: list[Note], n_steps: int, steps_per_beat: float, stay: float) -> np.ndarray:
    """Return what is added to the sound of each pitch class at each step, and taken from it."""
    strokes = np.zeros((n_steps + 1, 12))
    notes = np.array(voice, np.float64).reshape(-1, 4)
    starts, ends = np.minimum(np.rint(notes[:, :2].T * steps_per_beat).astype(int), n_steps)
    pitch_classes = notes[:, 2].astype(int) % 12
    np.add.at(strokes, (starts, pitch_classes), notes[:, 3])
    np.add.at(strokes, (ends, pitch_classes), -notes[:, 3] * stay ** (ends - starts))
    return strokes[:-1]
