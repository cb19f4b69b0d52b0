"""Short clips for benchmarks, cut from a few long recordings."""

import argparse
import itertools
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

from musicai.datasets import load_chorales

SUFFIXES = ("flac", "ogg", "wav", "mp3")


def clip_parser(description: str, *, clips: int, seconds: float) -> argparse.ArgumentParser:
    """Return a parser of three arguments: recordings, and the number and length of clips."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help="a recording")
    parser.add_argument(
        "--clips", type=int, default=clips, metavar="N", help="default: %(default)s"
    )
    parser.add_argument(
        "--seconds", type=float, default=seconds, metavar="S", help="default: %(default)s"
    )
    return parser


@contextmanager
def clips_in_folder(arguments: argparse.Namespace) -> Iterator[tuple[list[Path], Path]]:
    """Cut clips in a temporary folder; provide their paths and the folder."""
    with tempfile.TemporaryDirectory() as folder:
        sources = arguments.files or load_chorales(3).recordings
        paths = cut_clips(sources, Path(folder), n_clips=arguments.clips, seconds=arguments.seconds)
        yield paths, Path(folder)


def cut_clips(sources: Iterable[Path], folder: Path, *, n_clips: int, seconds: float) -> list[Path]:
    """Write clips as FLAC, Ogg, WAV and MP3 files in turn, and return their paths.

    Parameters
    ----------
    sources : iterable of Path
        Recordings to cut in order; if they are too short, they are cut again with a small shift.
    folder : Path
        Folder to write to.
    n_clips : int
        Number of clips.
    seconds : float
        Length of each clip in seconds.
    """
    clips = _clips([str(source) for source in sources], seconds)
    paths = []
    for i, (samples, rate) in zip(range(n_clips), clips, strict=False):
        suffix = SUFFIXES[i % 4] if rate <= 48000 else "wav"  # MP3 supports no higher rates
        path = folder / f"{i:03d}.{suffix}"
        with soundfile.SoundFile(path, "w", rate, samples.shape[1]) as file:
            for part in np.array_split(samples, 20):  # some Ogg encoders crash on long writes
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
