"""Many short recordings for benchmarks, cut from a few long ones."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile

SUFFIXES = ("flac", "ogg", "wav", "mp3")


def cut_clips(sources: Iterable[Path], folder: Path, *, n_clips: int, seconds: float) -> list[Path]:
    """Write clips in turn as FLAC, Ogg, WAV and MP3 files and return their paths.

    Parameters
    ----------
    sources : iterable of Path
        Recordings, which are cut one after the other, and again with a small shift if there is
        not enough of them.
    folder : Path
        Where to write.
    n_clips : int
        How many clips.
    seconds : float
        How long each is.
    """
    clips = _clips([str(source) for source in sources], seconds)
    paths = []
    for i, (samples, rate) in zip(range(n_clips), clips, strict=False):
        suffix = SUFFIXES[i % 4] if rate <= 48000 else "wav"  # MP3 has no higher rates
        path = folder / f"{i:03d}.{suffix}"
        with soundfile.SoundFile(path, "w", rate, samples.shape[1]) as file:
            for part in np.array_split(samples, 20):  # long writes crash some Ogg encoders
                file.write(part)
        paths.append(path)
    return paths


def _clips(sources: list[str], seconds: float) -> Iterator[tuple[np.ndarray, int]]:
    for shift in itertools.count():
        for source in sources:
            with soundfile.SoundFile(source) as file:
                n_samples = int(seconds * file.samplerate)
                file.read(shift * 1000)
                while len(samples := file.read(n_samples, dtype="float32", always_2d=True)):
                    yield samples, file.samplerate
