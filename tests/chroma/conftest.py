import warnings
from functools import cache

import numpy as np
import pytest


@pytest.fixture(scope="session", autouse=True)
def librosa():
    """The librosa module; warnings about deprecated Python modules are ignored on import."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import librosa

        librosa.load  # noqa: B018  (imported lazily)
    return librosa


@pytest.fixture(scope="session")
def make_music():
    """Function that synthesizes slightly mistuned chords with overtones, decay and noise."""

    @cache
    def build(sr: float, seed: int, seconds: float) -> np.ndarray:
        rng = np.random.default_rng(seed)
        n_samples = int(seconds * sr)
        music = 0.003 * rng.standard_normal(n_samples)
        for start in np.arange(0, seconds, 0.37):
            first = int(start * sr)
            since = np.arange(min(int(sr), n_samples - first)) / sr
            decay = np.exp(-3 * since)
            for note in rng.integers(40, 80, size=3):
                frequency = 440 * 2 ** ((note + 0.17 - 69) / 12)
                for overtone in range(1, 6):
                    if overtone * frequency < 0.45 * sr:
                        wave = np.sin(2 * np.pi * overtone * frequency * since)
                        music[first : first + len(since)] += 0.1 / overtone * decay * wave
        return (0.8 * music / np.abs(music).max()).astype(np.float32)

    def copy(sr: float, *, seed: int = 0, seconds: float = 6.0) -> np.ndarray:
        return build(sr, seed, seconds).copy()

    return copy
