import numpy as np
import pytest

from musicai import Timing
from musicai.theory.vocabulary import TONES

FRAMES_PER_SECOND = 10.0


def at(tempo):
    """Return a timing at the given tempo, with frames that last a tenth of a second."""
    return Timing.from_tempo(tempo, frames_per_beat=60 * FRAMES_PER_SECOND / tempo)


TIMING = at(120)


@pytest.fixture
def song():
    """Return a function that makes noisy chroma from tuples (root, quality, seconds).

    A root of None stands for silence.
    """

    def sing(chords, seed=0):
        rng = np.random.default_rng(seed)
        frames = []
        for root, quality, seconds in chords:
            part = 0.25 * rng.random((round(seconds * FRAMES_PER_SECOND), 12)) + 0.2
            if root is None:
                part[:] = 0
            else:
                tones = [(root + tone) % 12 for tone in TONES[quality]]
                part[:, tones] = 1 - 0.3 * rng.random((len(part), len(tones)))
            frames.append(part)
        return np.concatenate(frames)

    return sing


@pytest.fixture
def cadence(song):
    """C, F, G and C for 2 s each, and 1 s of silence."""
    roots = [0, 5, 7, 0]
    return song([(root, "maj", 2) for root in roots] + [(None, None, 1)])


@pytest.fixture(scope="session")
def wild():
    """Random chroma."""
    return np.random.default_rng(3).random((120, 12)) ** 3
