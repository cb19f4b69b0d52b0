import numpy as np
import pytest

from musicai import ChromaExtractor, MosaicSynthesizer

RATE = 22050


def chords(roots, seconds=0.5, seed=0, detune=0.0):
    """Return a recording with a major triad on each root and some noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    played = [
        sum(
            np.sin(2 * np.pi * 220 * 2 ** ((root + third + detune - 9) / 12) * time)
            for third in (0, 4, 7)
        )
        for root in roots
    ]
    sound = np.concatenate(played)
    return (0.1 * sound + 0.002 * rng.standard_normal(len(sound))).astype(np.float32)


@pytest.fixture(scope="session")
def recordings():
    rng = np.random.default_rng(3)
    return [chords(rng.permutation(12).repeat(2), seed=i) for i in range(3)]


@pytest.fixture(scope="session")
def mosaic(recordings):
    return MosaicSynthesizer(sr=RATE).fit(recordings)


@pytest.fixture(scope="session")
def piece():
    rng = np.random.default_rng(9)
    return ChromaExtractor().transform([chords(rng.permutation(12).repeat(2), seed=9)])[0]


def analyzed(audio, rate=RATE):
    return ChromaExtractor().transform([(audio, rate)])[0]
