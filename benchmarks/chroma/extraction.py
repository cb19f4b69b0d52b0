"""Speed, memory and accuracy of chroma extraction, compared with librosa.

Pass recordings of any format; the default is three chorales of the demo::

    python -m benchmarks.chroma.extraction music/*.mp3 music/*.ogg

It measures the whole path from file to chroma on one core, for librosa (``librosa.load`` and
``librosa.feature.chroma_stft`` or ``chroma_cqt``) and musicai. Every measurement runs in a new
process; imports and first-call compilation precede the timing. The first table has these columns:

- speed: seconds of audio per second of processor time. "decode" is the speed of musicai's reading,
  mixing and resampling alone, an upper bound for any analysis; "ratio" is musicai's speed over
  librosa's;
- MB: peak memory of the process, including imports (given separately below the table);
- frames: whether the numbers of frames are equal;
- tuning: librosa's and ours, in semitones;
- agreement: for "stft" (44100 Hz, frames of 2048 samples every 512), the largest difference in
  frames that are not silent; for "cqt" (22050 Hz, a frame every 2048 samples), which is not meant
  to be equal, the mean correlation of frames.

A second table gives the speed and memory of other libraries, if installed (``pip install essentia
nnAudio``), with the parameters of "cqt": essentia's HPCP as in its tutorial, and nnAudio's
constant-Q transform folded to pitch classes, on the CPU.

``--hour FILE`` writes an hour of the given recordings to FILE, a 16-bit stereo WAV file at 44100
Hz, and measures only that.
"""

import argparse
import importlib.util
import itertools
import multiprocessing
import os
import resource
import statistics
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from benchmarks.common.usage import peak_megabytes, processor_seconds

SETTINGS = {
    "stft": {"sr": 44100, "n_fft": 2048, "hop_length": 512},
    "cqt": {"sr": 22050, "hop_length": 2048},
}
COLUMNS = "{:<28}{:>5}{:>7}{:>8}{:>9}{:>9}{:>7}{:>9}{:>9}{:>8}{:>15}{:>11}"
PEER_COLUMNS = "{:<28}{:>10}{:>9}{:>9}"


class Measurement(NamedTuple):
    """Results of one process for one recording."""

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

    setting = SETTINGS[kind]
    extractor = ChromaExtractor(kind=kind, **setting)
    noise = np.random.default_rng(0).standard_normal(3 * setting["sr"]).astype(np.float32)
    extractor.transform([(noise, 48000)])
    tunings = []

    def chroma_of_file() -> np.ndarray:
        (analysis,) = extractor.analyze([path])
        tunings.append(analysis.tuning)
        return analysis.chroma

    return _measure(chroma_of_file)._replace(tuning=tunings[0] if kind == "stft" else None)


def measure_decoding(kind: str, path: Path) -> Measurement:
    from musicai.audio import read_blocks

    def decode() -> np.ndarray:
        for _ in read_blocks(path, sr=SETTINGS[kind]["sr"]):
            pass
        return np.empty((0, 12))

    return _measure(decode)


def measure_essentia(kind: str, path: Path) -> Measurement:
    import essentia.standard as es

    sr, hop_length = SETTINGS[kind]["sr"], SETTINGS[kind]["hop_length"]
    window = es.Windowing(type="blackmanharris62")
    spectrum = es.Spectrum()
    peaks = es.SpectralPeaks(sampleRate=sr, orderBy="magnitude", magnitudeThreshold=1e-5)
    hpcp = es.HPCP(sampleRate=sr, size=12)

    def chroma_of_file() -> np.ndarray:
        samples = es.MonoLoader(filename=str(path), sampleRate=sr)()
        frames = es.FrameGenerator(samples, frameSize=16384, hopSize=hop_length)
        return np.array([hpcp(*peaks(spectrum(window(frame)))) for frame in frames])

    return _measure(chroma_of_file)


def measure_nnaudio(kind: str, path: Path) -> Measurement:
    import librosa
    import torch
    from nnAudio.features import CQT2010v2

    sr, hop_length = SETTINGS[kind]["sr"], SETTINGS[kind]["hop_length"]
    torch.set_num_threads(1)
    transform = CQT2010v2(sr=sr, hop_length=hop_length, n_bins=84, verbose=False)

    def chroma_of_file() -> np.ndarray:
        samples, _ = librosa.load(path, sr=sr)
        with torch.no_grad():
            magnitude = transform(torch.from_numpy(samples)[None])[0].numpy()
        return magnitude.reshape(7, 12, -1).sum(axis=0).T

    librosa.resample(np.zeros(48000, np.float32), orig_sr=48000, target_sr=sr)
    return _measure(chroma_of_file)


PEERS = {"essentia": measure_essentia, "nnAudio": measure_nnaudio}


def _measure(work) -> Measurement:
    whose = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN  # ffmpeg is a child process
    before = peak_megabytes()
    start = processor_seconds(*whose)
    chroma = work()
    seconds = processor_seconds(*whose) - start
    return Measurement(chroma, None, seconds, peak_megabytes(), before)


def in_fresh_process(measure, kind: str, path: Path, repeats: int) -> Measurement:
    """Measure `repeats` times and return the measurement with the median time."""
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
        sounding = ours.any(axis=1)
        return f"{np.abs(theirs - ours)[sounding].max(initial=0):.1e}"
    from musicai.metrics import frame_correlation  # here, so that measuring does not load it

    return f"r = {frame_correlation(theirs, ours):.3f}"


def print_row(kind: str, name: str, seconds: float, measured, frames="", tuning="", like=""):
    _, theirs, ours = measured
    print(
        COLUMNS.format(
            name[-27:],
            kind,
            f"{seconds / 60:.1f}",
            *(f"{seconds / one.seconds:.0f}x" for one in measured),
            f"{theirs.seconds / ours.seconds:.1f}",
            f"{theirs.megabytes:.0f}",
            f"{ours.megabytes:.0f}",
            frames,
            tuning,
            like,
        ),
        flush=True,
    )


def compare(kind: str, path: Path, repeats: int) -> tuple[float, list[Measurement]]:
    """Measure decoding, librosa and musicai on one recording, and print the row."""
    _, theirs, ours = measured = [
        in_fresh_process(measure, kind, path, repeats)
        for measure in (measure_decoding, measure_librosa, measure_musicai)
    ]
    seconds = len(ours.chroma) * SETTINGS[kind]["hop_length"] / SETTINGS[kind]["sr"]
    print_row(
        kind,
        path.name,
        seconds,
        measured,
        "same" if len(theirs.chroma) == len(ours.chroma) else "DIFFER",
        "" if ours.tuning is None else f"{theirs.tuning:+.2f} / {ours.tuning:+.2f}",
        agreement(kind, theirs.chroma, ours.chroma),
    )
    return seconds, measured


def total(measurements: tuple[Measurement, ...]) -> Measurement:
    return measurements[0]._replace(
        seconds=sum(measurement.seconds for measurement in measurements),
        megabytes=max(measurement.megabytes for measurement in measurements),
    )


def compare_with_librosa(files: list[Path], repeats: int) -> None:
    print(
        COLUMNS.format(
            "recording", "kind", "min", "decode", "librosa", "musicai", "ratio", "librosa",
            "musicai", "frames", "tuning", "agreement",
        )
    )  # fmt: skip
    print(COLUMNS.format("", "", "", *["speed"] * 3, "", "MB", "MB", "", "", ""))
    for kind in SETTINGS:
        rows = [compare(kind, path, repeats) for path in files]
        totals = [total(column) for column in zip(*(row[1] for row in rows), strict=True)]
        print_row(kind, "all", sum(row[0] for row in rows), totals)
    _, theirs, ours = totals
    print(
        f"imports alone: librosa {theirs.megabytes_of_imports:.0f} MB, "
        f"musicai.chroma {ours.megabytes_of_imports:.0f} MB"
    )


def show_peers(files: list[Path], repeats: int) -> None:
    installed = {name: peer for name, peer in PEERS.items() if importlib.util.find_spec(name)}
    if not installed:
        return
    print("\n" + PEER_COLUMNS.format("recording", "library", "speed", "MB"))
    for path in files:
        for name, measure in {"musicai": measure_musicai, **installed}.items():
            found = in_fresh_process(measure, "cqt", path, repeats)
            seconds = len(found.chroma) * SETTINGS["cqt"]["hop_length"] / SETTINGS["cqt"]["sr"]
            speed, megabytes = f"{seconds / found.seconds:.0f}x", f"{found.megabytes:.0f}"
            print(PEER_COLUMNS.format(path.name[-27:], name, speed, megabytes), flush=True)


def write_hour(sources: list[Path], path: Path) -> None:
    """Write an hour of stereo audio from recordings, repeated if they are shorter."""
    rate, missing = 44100, 3600 * 44100
    with soundfile.SoundFile(path, "w", rate, 2, "PCM_16") as file:
        for source in itertools.cycle(sources):
            with soundfile.SoundFile(source) as played:
                if played.samplerate != rate:
                    raise SystemExit(f"{source}: --hour takes recordings at {rate} Hz only")
                for block in played.blocks(2**18, dtype="float32", always_2d=True):
                    file.write(block[:missing, [0, -1]])
                    missing -= len(block[:missing])
            if missing == 0:
                return


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
    parser.add_argument(
        "--hour", metavar="FILE", type=Path, help="write an hour of the recordings and measure it"
    )
    arguments = parser.parse_args()
    if arguments.repeats < 1:
        parser.error("--repeats must be 1 or more")
    files = arguments.files
    if not files:
        from musicai.datasets import load_chorales  # here, so that measuring does not load it

        files = load_chorales(3).recordings
    if arguments.hour:
        write_hour(files, arguments.hour)
        files = [arguments.hour]
    os.environ["OMP_NUM_THREADS"] = "1"  # inherited by the measuring processes
    compare_with_librosa(files, arguments.repeats)
    if not arguments.hour:
        show_peers(files, arguments.repeats)


if __name__ == "__main__":
    main()
