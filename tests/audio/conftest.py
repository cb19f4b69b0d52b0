from pathlib import Path

import numpy as np
import pytest
import soundfile


@pytest.fixture
def noise() -> np.ndarray:
    """Two seconds of quiet stereo noise at 44100 Hz."""
    return 0.1 * np.random.default_rng(0).standard_normal((88200, 2)).astype(np.float32)


@pytest.fixture
def write(tmp_path: Path):
    """Function that writes samples to a file, in small blocks, and returns its path."""

    def write_file(name: str, samples: np.ndarray, sr: int) -> Path:
        channels = 1 if samples.ndim == 1 else samples.shape[1]
        path = tmp_path / name
        with soundfile.SoundFile(path, "w", sr, channels) as file:
            for start in range(0, len(samples), 8192):
                file.write(samples[start : start + 8192])
        return path

    return write_file
