"""Agreement of ``kind="stft"`` with librosa on files of many formats.

::

    python -m benchmarks.chroma.agreement music/*.mp3 music/*.ogg

The script cuts 64 clips of 30 seconds from the recordings (by default, three chorales of the demo)
and writes them as WAV, FLAC, Ogg and MP3 files, at sampling rates from 8 to 96 kHz, in stereo and
mono. Each is analyzed by ``librosa.load`` and ``librosa.feature.chroma_stft`` and by
``ChromaExtractor(kind="stft")``, both at 44100 Hz with frames of 2048 samples every 512. The table
gives, for each format, the number of files, how many of them differ in the number of frames or the
tuning, the largest difference of a value (out of 1) in frames that are not silent, and the share of
silent frames. Silent frames are zero in musicai, whereas librosa scales their noise to 1.
"""

import itertools
import warnings
from pathlib import Path

import librosa
import numpy as np
import soundfile
import soxr

from benchmarks.common.clips import SUFFIXES, clip_parser, clips_in_folder
from musicai import ChromaExtractor

SETTING = {"sr": 44100, "n_fft": 2048, "hop_length": 512}
RATES = (44100, 8000, 48000, 22050, 16000, 96000, 32000, 11025)
LIMIT = 1e-5


def variants(clips: list[Path], folder: Path) -> list[Path]:
    """Write clips with varying formats, sampling rates and numbers of channels."""
    paths = []
    combinations = itertools.cycle(itertools.product(RATES, SUFFIXES, (2, 1)))
    for i, (clip, (rate, suffix, n_channels)) in enumerate(zip(clips, combinations, strict=False)):
        if suffix == "mp3" and rate > 48000:
            rate = 24000  # MP3 supports no higher rates
        samples, native_rate = soundfile.read(clip, dtype="float32", always_2d=True)
        samples = soxr.resample(samples[:, :n_channels], native_rate, rate)
        path = folder / f"{i:03d}-{rate}-{samples.shape[1]}.{suffix}"
        with soundfile.SoundFile(path, "w", rate, samples.shape[1]) as file:
            for part in np.array_split(samples, 20):
                file.write(part)
        paths.append(path)
    return paths


def compare(path: Path) -> tuple[bool, bool, float, float]:
    """Compare chroma with librosa's.

    Return whether the numbers of frames are equal, whether the tunings are, the largest difference
    of a value in frames that are not silent, and the share of silent frames.
    """
    samples, _ = librosa.load(path, sr=SETTING["sr"])
    theirs = librosa.feature.chroma_stft(y=samples, **SETTING).T
    power = np.abs(librosa.stft(samples, n_fft=2048, hop_length=512)) ** 2
    tuning = librosa.estimate_tuning(S=power, sr=SETTING["sr"])
    (ours,) = ChromaExtractor(kind="stft", **SETTING).analyze([path])
    if ours.chroma.shape != theirs.shape:
        return False, ours.tuning == tuning, np.inf, 0.0
    sounding = ours.chroma.any(axis=1)
    difference = np.abs(ours.chroma - theirs)[sounding].max(initial=0)
    return True, ours.tuning == tuning, float(difference), float(1 - sounding.mean())


def main() -> None:
    arguments = clip_parser(__doc__, clips=64, seconds=30).parse_args()
    warnings.simplefilter("ignore")  # warnings about the ends of Ogg and MP3 files
    with clips_in_folder(arguments) as (clips, folder):
        results = {path: compare(path) for path in variants(clips, folder)}
    print(
        f"{'':<8}{'files':>8}{'frames differ':>16}{'tuning differs':>16}"
        f"{'difference':>14}{'silence':>10}"
    )
    for suffix in SUFFIXES:
        found = [result for path, result in results.items() if path.suffix == f".{suffix}"]
        frames, tuning, differences, silence = zip(*found, strict=True)
        print(
            f"{suffix:<8}{len(found):>8}{frames.count(False):>16}{tuning.count(False):>16}"
            f"{max(differences):>14.1e}{np.mean(silence):>10.1%}"
        )
    agree = all(frames and tuning and d < LIMIT for frames, tuning, d, _ in results.values())
    raise SystemExit(0 if agree else 1)


if __name__ == "__main__":
    main()
