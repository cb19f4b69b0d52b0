"""A blind listening test as one HTML page that needs no network.

    python -m benchmarks.listen.page CLIPS test.html [--of 2] [--trials 20] [--question TEXT]

CLIPS is a folder with a subfolder for each kind of music: ``CLIPS/recording/00.wav``,
``CLIPS/band/00.wav`` and so on, as `benchmarks.listen.excerpts` writes them. All clips get the same
RMS level and are encoded as MP3, so neither level nor format reveals a kind. The page plays clips
of `--of` kinds at a time, in random order, and asks a question about them. The test is blind, but
the source of the page contains the names of the kinds.

At the end, the page shows how often each kind was chosen, with a binomial interval, and saves the
answers as CSV. `benchmarks.listen.read` pools the answers of several listeners.
"""

import argparse
import base64
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile

from musicai.audio import write_audio

QUESTION = "Which one is better music?"
SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}
HIGHEST_LEVEL = 0.1
PEAK = 0.95

Sound = tuple[np.ndarray, int]
"""Samples ``(n_samples, n_channels)`` and their rate."""


def read_clips(folder: Path) -> dict[str, dict[str, Sound]]:
    """Read the clips of each kind, by names of subfolders and files.

    Raises
    ------
    ValueError
        If there are fewer than two kinds, or a clip is silent.
    """
    clips: dict[str, dict[str, Sound]] = {}
    for kind in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sorted(path for path in kind.iterdir() if path.suffix.lower() in SUFFIXES)
        if files:
            clips[kind.name] = {
                path.stem: soundfile.read(path, dtype="float32", always_2d=True) for path in files
            }
    if len(clips) < 2:
        raise ValueError(
            f"{folder} must have at least two subfolders with audio files, one for each kind of "
            f"music; it has {len(clips)}."
        )
    for kind, sounds in clips.items():
        for name, (samples, _) in sounds.items():
            if not samples.any():
                raise ValueError(f"{folder / kind / name} is silent; leave it out.")
    return clips


def at_one_level(clips: Mapping[str, Mapping[str, Sound]]) -> dict[str, dict[str, Sound]]:
    """Scale all clips to the same RMS level, the highest at which none of them clips."""
    levels = {
        (kind, name): (np.sqrt(np.mean(samples**2)), np.abs(samples).max())
        for kind, sounds in clips.items()
        for name, (samples, _) in sounds.items()
    }
    level = min(HIGHEST_LEVEL, *(PEAK * rms / peak for rms, peak in levels.values()))
    return {
        kind: {
            name: (samples * np.float32(level / levels[kind, name][0]), rate)
            for name, (samples, rate) in sounds.items()
        }
        for kind, sounds in clips.items()
    }


def make_page(
    clips: Mapping[str, Mapping[str, Sound]],
    *,
    of: int = 2,
    n_trials: int = 20,
    question: str = QUESTION,
) -> str:
    """Return the HTML of a test.

    Parameters
    ----------
    clips : mapping
        Clips of each kind by name, as returned by `read_clips`.
    of : int, default=2
        Number of kinds to compare at a time.
    n_trials : int, default=20
        Number of comparisons per listener.
    question : str
        Question for each comparison.

    Raises
    ------
    ValueError
        If `of` is not between 2 and the number of kinds.
    """
    if not 2 <= of <= len(clips):
        raise ValueError(f"of must be between 2 and the number of kinds, {len(clips)}; got {of}.")
    encoded = {
        kind: {name: _data_uri(sound) for name, sound in sounds.items()}
        for kind, sounds in at_one_level(clips).items()
    }
    test = {"question": question, "of": of, "trials": n_trials, "clips": encoded}
    content = json.dumps(test, sort_keys=True).encode()
    test["id"] = hashlib.sha256(content).hexdigest()[:8]
    page = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    return page.replace("/*DATA*/", json.dumps(test).replace("</", "<\\/"))


def _data_uri(sound: Sound) -> str:
    file = io.BytesIO()
    write_audio(file, *sound, format="mp3")
    return f"data:audio/mpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def main() -> None:
    """Read clips and write a page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", metavar="CLIPS", type=Path)
    parser.add_argument("page", metavar="PAGE", type=Path)
    parser.add_argument("--of", type=int, default=2, metavar="N", help="kinds at a time")
    parser.add_argument("--trials", type=int, default=20, metavar="N")
    parser.add_argument("--question", default=QUESTION)
    arguments = parser.parse_args()
    clips = read_clips(arguments.clips)
    page = make_page(clips, of=arguments.of, n_trials=arguments.trials, question=arguments.question)
    arguments.page.write_text(page, encoding="utf-8")
    counts = ", ".join(f"{len(sounds)} of {kind}" for kind, sounds in clips.items())
    print(f"{arguments.page}: {len(page) / 1e6:.1f} MB, {counts}")


if __name__ == "__main__":
    main()
