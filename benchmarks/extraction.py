"""How fast, how frugal and how faithful chroma extraction is, beside librosa.

Run it on recordings of any format; without any it takes three chorales of the demo::

    python benchmarks/extraction.py music/*.mp3 music/*.ogg

The whole way from file to chroma is measured, on one core, librosa's (``librosa.load`` and then
``librosa.feature.chroma_stft`` or ``chroma_cqt``) and ours side by side. Every measurement has
a process of its own; imports, and what is compiled or tabulated at the first call, are done
before the clock starts. One table is printed:

- speed: seconds of audio per second of processor time; ratio: ours over librosa's;
- MB: peak memory of the process, imports included (what these need is stated below the table);
- frames: whether both have the same number;
- tuning: librosa's and ours, in semitones;
- agreement: for "stft" (44100 Hz, 2048-sample frames every 512) the largest difference between
  the two; for "cqt" (22050 Hz, a frame every 2048), which is not meant to be the same, the mean
  correlation of the frames.
"""

import argparse
import multiprocessing
import os
import resource
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

SETTINGS = {
    "stft": {"sr": 44100, "n_fft": 2048, "hop_length": 512},
    "cqt": {"sr": 22050, "hop_length": 2048},
}
COLUMNS = "{:<28}{:>5}{:>7}{:>9}{:>9}{:>7}{:>9}{:>9}{:>8}{:>15}{:>11}"


class Measurement(NamedTuple):
    """What one process found for one recording."""

    chroma: np.ndarray
    tuning: float | None
    seconds: float
    megabytes: float
    megabytes_of_imports: float


def measure_librosa(kind: str, path: Path) -> Measurement:
    import librosa

    setting = SETTINGS[kind]
    extract = librosa.feature.chroma_stft if kind == "stft" else librosa.feature.chroma_cqt

    def chroma_of_file() -> np.ndarray:
        samples, _ = librosa.load(path, sr=setting["sr"])
        return extract(y=samples, **setting)

    noise = np.random.default_rng(0).standard_normal(3 * setting["sr"]).astype(np.float32)
    librosa.resample(noise, orig_sr=48000, target_sr=setting["sr"])
    extract(y=noise, **setting)
    measured = _measure(chroma_of_file)
    if kind == "stft":
        samples, _ = librosa.load(path, sr=setting["sr"])
        power = np.abs(librosa.stft(samples, n_fft=2048, hop_length=512)) ** 2
        measured = measured._replace(tuning=librosa.estimate_tuning(S=power, sr=setting["sr"]))
    return measured._replace(chroma=measured.chroma.T)


def measure_musicai(kind: str, path: Path) -> Measurement:
    from musicai import ChromaExtractor
    from musicai.audio import read_blocks
    from musicai.chroma._frames import cut_frames
    from musicai.chroma._stft import power_spectrum
    from musicai.chroma._tuning import TuningEstimator

    setting = SETTINGS[kind]
    extractor = ChromaExtractor(kind=kind, **setting)
    noise = np.random.default_rng(0).standard_normal(3 * setting["sr"]).astype(np.float32)
    extractor.transform([(noise, 48000)])
    measured = _measure(lambda: extractor.transform([path])[0])
    if kind == "stft":
        estimator = TuningEstimator(sr=setting["sr"], n_fft=2048)
        blocks = read_blocks(path, sampling_rate=setting["sr"], on_truncated="ignore")
        for frames in cut_frames(blocks, frame_length=2048, hop_length=512):
            estimator.add(power_spectrum(frames))
        measured = measured._replace(tuning=estimator.estimate())
    return measured


def _measure(work) -> Measurement:
    before = _peak_megabytes()
    start = time.process_time()
    chroma = work()
    seconds = time.process_time() - start
    return Measurement(chroma, None, seconds, _peak_megabytes(), before)


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_fresh_process(measure, kind: str, path: Path, repeats: int) -> Measurement:
    """Measure `repeats` times and keep the one with the median time."""
    measurements = []
    for _ in range(repeats):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            measurements.append(pool.submit(measure, kind, path).result())
    median = statistics.median_low(measurement.seconds for measurement in measurements)
    return next(found for found in measurements if found.seconds == median)


def agreement(kind: str, theirs: np.ndarray, ours: np.ndarray) -> str:
    if len(theirs) != len(ours):
        return "none"
    if kind == "stft":
        return f"{np.abs(theirs - ours).max():.1e}"
    theirs, ours = (chroma - chroma.mean(axis=1, keepdims=True) for chroma in (theirs, ours))
    norms = np.linalg.norm(theirs, axis=1) * np.linalg.norm(ours, axis=1)
    sounding = norms > 0
    return f"r = {np.mean(np.sum(theirs * ours, axis=1)[sounding] / norms[sounding]):.3f}"


def print_row(kind: str, name: str, seconds: float, theirs, ours, frames="", tuning="", like=""):
    speeds = seconds / theirs.seconds, seconds / ours.seconds
    print(
        COLUMNS.format(
            name[-27:],
            kind,
            f"{seconds / 60:.1f}",
            *(f"{speed:.0f}x" for speed in speeds),
            f"{speeds[1] / speeds[0]:.1f}",
            f"{theirs.megabytes:.0f}",
            f"{ours.megabytes:.0f}",
            frames,
            tuning,
            like,
        ),
        flush=True,
    )


def compare(kind: str, path: Path, repeats: int) -> tuple[float, Measurement, Measurement]:
    """Measure both on one recording, print the row, and return length and measurements."""
    theirs = in_fresh_process(measure_librosa, kind, path, repeats)
    ours = in_fresh_process(measure_musicai, kind, path, repeats)
    seconds = len(ours.chroma) * SETTINGS[kind]["hop_length"] / SETTINGS[kind]["sr"]
    print_row(
        kind,
        path.name,
        seconds,
        theirs,
        ours,
        "same" if len(theirs.chroma) == len(ours.chroma) else "DIFFER",
        "" if ours.tuning is None else f"{theirs.tuning:+.2f} / {ours.tuning:+.2f}",
        agreement(kind, theirs.chroma, ours.chroma),
    )
    return seconds, theirs, ours


def total(measurements: list[Measurement]) -> Measurement:
    return measurements[0]._replace(
        seconds=sum(measurement.seconds for measurement in measurements),
        megabytes=max(measurement.megabytes for measurement in measurements),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help="a recording")
    parser.add_argument(
        "--repeats",
        type=int,
        default=1,
        metavar="N",
        help="measure every file N times and take the median time (default: 1)",
    )
    arguments = parser.parse_args()
    if arguments.repeats < 1:
        parser.error("--repeats must be 1 or more")
    files = arguments.files
    if not files:
        from musicai.datasets import load_chorales  # not in the processes that measure memory

        files = load_chorales(3).recordings
    os.environ["OMP_NUM_THREADS"] = "1"  # for the processes that measure
    print(
        COLUMNS.format(
            "recording", "kind", "min", "librosa", "musicai", "ratio", "MB", "MB", "frames",
            "tuning", "agreement",
        )
    )  # fmt: skip
    for kind in SETTINGS:
        rows = [compare(kind, path, arguments.repeats) for path in files]
        lengths, theirs, ours = zip(*rows, strict=True)
        print_row(kind, "all", sum(lengths), total(theirs), total(ours))
    print(
        f"imports alone: librosa {theirs[0].megabytes_of_imports:.0f} MB, "
        f"musicai.chroma {ours[0].megabytes_of_imports:.0f} MB"
    )


if __name__ == "__main__":
    main()
