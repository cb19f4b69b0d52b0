"""Simulation of the chroma of recorded notes.

A note decays and stops at its end. Its third and fifth partials add energy to the pitch classes a
fifth and a major third above the note. Each frame is a weighted average of the sound around the
center of the frame, plus noise. A random exponent, one per piece, lowers or raises the contrast
between strong and weak pitch classes.
"""

import numpy as np
from scipy.ndimage import convolve1d
from scipy.signal import lfilter

from ..theory.shapes import peaking_at_one
from ._parts import Note

# With these constants, chords can be recognized, and metrics of harmony and motion have values
# between those for piano chorales and band recordings; see benchmarks/datasets/progressions.py.
_STEPS = 4  # time steps per frame
_WINDOW_FRAMES = 2  # 0.19 s at the default frame rate
_WINDOW = np.hanning(_STEPS * _WINDOW_FRAMES + 3)[1:-1]  # odd length, so that there is a center
_WINDOW /= _WINDOW.sum()
_LOUDNESS = ((0.7, 1.2), (0.55, 0.9), (0.6, 1.2))  # ranges for bass, chords and melody
_DECAY_FRAMES = (2, 12)  # range of the time constant of decay


def sound(
    voices: list[list[Note]],
    *,
    tonic: int,
    n_frames: int,
    frames_per_beat: float,
    rng: np.random.RandomState,
) -> np.ndarray:
    """Simulate chroma: float32, shape (n_frames, 12), with a maximum of 1 in every frame.

    Parameters
    ----------
    voices : list of list of Note
        Notes of the bass, the chords and the melody of a piece in C.
    tonic : int
        Upward transposition in semitones.
    n_frames : int
        Number of frames.
    frames_per_beat : float
        Length of a beat in frames.
    rng : RandomState
        Random number generator.
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
    """Return the excitation of each pitch class at each step, shape (n_steps, 12).

    The excitation is positive where a note starts. It is negative where a note ends, which cancels
    the rest of the note's decay.
    """
    strokes = np.zeros((n_steps + 1, 12))
    notes = np.array(voice, np.float64).reshape(-1, 4)
    starts, ends = np.minimum(np.rint(notes[:, :2].T * steps_per_beat).astype(int), n_steps)
    pitch_classes = notes[:, 2].astype(int) % 12
    np.add.at(strokes, (starts, pitch_classes), notes[:, 3])
    np.add.at(strokes, (ends, pitch_classes), -notes[:, 3] * stay ** (ends - starts))
    return strokes[:-1]
