"""Fuzz test: damaged recordings must be read or refused, without crashes, hangs or wrong results.

Pass short recordings of any format. Without arguments, the script synthesizes four seconds of
chords in twelve formats (and in MP4, if ffmpeg is installed)::

    python -m benchmarks.audio.fuzz --count 2000 --jobs 2
    python -m benchmarks.audio.fuzz music/*.mp3 --seed 1 --keep failures
    python -m benchmarks.audio.fuzz --promises

Recordings are damaged as defined in `common/damages.py`, or with ``--promises`` only in the lengths
and counts of their headers (`common/promises.py`). A separate process with limited time and memory
runs ``ChromaExtractor`` ("cqt" and "stft") and the duration reader of ``load_recordings`` on each
damaged file, so that crashes can be attributed to a file. The table has a row for each format and
kind of damage:

- read: files with finite chroma in [0, 1];  warned: those of them with a warning;
- refused: files that raised ``RecordingError`` with their name;
- crash: the process died;  hang: no answer in time;  error: another exception, an exception or a
  warning that does not name the file, or a file that can be read with only one kind of chroma;
  differ: ``load_recordings`` gives a length for a refused file, none for a file that is read, or
  one that is off by over 1.5 s without a warning;  values: chroma that is not finite, not in
  [0, 1] or of the wrong shape;
- s: the longest time for a file, in seconds.

The last line gives the peak memory of the largest process, including ffmpeg. The exit status is 1
after any crash, hang, error, difference or wrong value; ``--keep`` names a folder for the files
that caused them. The same seed gives the same files.
"""

import argparse
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.common.damages import DAMAGES, Case, make_case
from benchmarks.common.promises import PROMISES

KINDS = ("cqt", "stft")
FAILURES = ("crash", "hang", "error", "differ", "values")
OUTCOMES = ("read", "warned", "refused", *FAILURES)
SPARE_BYTES = 2**30
"""Address space in bytes that a process may use beyond that of its imports."""

COLUMNS = "{:<8}{:<18}{:>7}" + "{:>9}" * len(OUTCOMES) + "{:>7}"


class Verdict(NamedTuple):
    """Result for a file: one of `OUTCOMES` except "warned", with details."""

    outcome: str
    warned: bool = False
    detail: str = ""
    megabytes: float = 0.0
    seconds: float = 0.0


def serve(connection: Connection) -> None:
    """Analyze the files whose names arrive over a connection; runs in a separate process."""
    from musicai import ChromaExtractor

    noise = np.random.default_rng(0).standard_normal(44100).astype(np.float32)
    extractors = [ChromaExtractor(kind=kind) for kind in KINDS]
    for extractor in extractors:
        extractor.transform([(noise, 44100)])
    limit_memory()
    # Silence the messages of C libraries about damaged files.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    while path := connection.recv():
        start = time.perf_counter()
        verdicts = [analyze(extractor, path) for extractor in extractors]
        megabytes = max(map(peak_megabytes, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
        seconds = time.perf_counter() - start
        worst = max(verdicts, key=lambda verdict: OUTCOMES.index(verdict.outcome))
        outcomes = {verdict.outcome for verdict in verdicts}
        if outcomes == {"read", "refused"}:
            worst = Verdict("error", detail=f"only one kind could read it: {worst.detail}")
        connection.send(worst._replace(megabytes=megabytes, seconds=seconds))


def limit_memory() -> None:
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + SPARE_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def peak_megabytes(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


def analyze(extractor, path: str) -> Verdict:
    from musicai.audio import RecordingError
    from musicai.audio.headers import read_durations

    (seconds,) = read_durations([path])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            (piece,) = extractor.transform([path])
        except RecordingError as error:
            if not str(error).startswith(f"{path}: "):
                return Verdict("error", detail=str(error))
            if np.isfinite(seconds) and "NaN, infinite" not in str(error):
                return Verdict("differ", detail=f"{seconds:.1f} s by its folder, but {error}")
            return Verdict("refused", detail=str(error))
        except Exception as error:
            return Verdict("error", detail=f"{type(error).__name__}: {error}")
    messages = [str(warning.message) for warning in caught]
    if any(not text.startswith(f"{path}: ") for text in messages) or len(messages) > 1:
        return Verdict("error", detail=f"warnings: {messages}")
    form = piece.ndim == 2 and piece.shape[1] == 12 and len(piece) and piece.dtype == np.float32
    if not form or not (np.all(piece >= 0) and np.all(piece <= 1)):
        return Verdict("values", detail=f"shape {piece.shape}, {piece.min()} to {piece.max()}")
    length = len(piece) / extractor.frame_rate
    if not abs(length - seconds) <= (np.inf if messages else 1.5):
        return Verdict(
            "differ", detail=f"{seconds:.1f} s by its folder, {length:.1f} s read {messages}"
        )
    return Verdict("read", warned=bool(messages), detail="".join(messages))


class Judge:
    """Worker process that analyzes files, and is replaced if it dies or hangs."""

    def __init__(
        self, folder: str, time_limit: float, serve: Callable[[Connection], None] = serve
    ) -> None:
        self.folder = folder
        self.time_limit = time_limit
        self.serve = serve
        self.process: multiprocessing.process.BaseProcess | None = None

    def judge(self, case: Case) -> Verdict:
        """Write the file, analyze it and remove it."""
        if self.process is None:
            context = multiprocessing.get_context("spawn")
            self.connection, theirs = context.Pipe()
            self.process = context.Process(target=self.serve, args=(theirs,), daemon=True)
            self.process.start()
            theirs.close()  # so that the pipe ends with the process
        path = Path(self.folder, f"{case.number:06d}{case.suffix}")
        path.write_bytes(case.data)
        try:
            self.connection.send(str(path))
            if not self.connection.poll(self.time_limit):
                return self._end("hang", f"no answer in {self.time_limit:g} s")
            return self.connection.recv()
        except (EOFError, ConnectionError):
            return self._end("crash", "")
        finally:
            path.unlink()

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.connection.send(None)
            self.process.join(self.time_limit)

    def _end(self, outcome: str, detail: str) -> Verdict:
        assert self.process is not None
        if outcome == "crash":
            self.process.join(10)
        self.process.kill()
        self.process.join()
        detail = detail or f"exit status {self.process.exitcode}"
        self.connection.close()
        self.process = None
        return Verdict(outcome, detail=detail)


def judge_all(cases: Iterator[Case], n_jobs: int, time_limit: float, serve=serve):
    """Yield every case with its verdict, in order."""
    local = threading.local()
    judges = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(n_jobs) as pool:

        def judge(case: Case) -> tuple[Case, Verdict]:
            if not hasattr(local, "judge"):
                local.judge = Judge(folder, time_limit, serve)
                judges.append(local.judge)
            return case, local.judge.judge(case)

        try:
            waiting = deque(pool.submit(judge, case) for case in islice(cases, 4 * n_jobs))
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(judge, case) for case in islice(cases, 1))
        finally:
            for one in judges:
                one.close()


def make_sources(folder: Path, seconds: float = 4.0) -> list[Path]:
    """Write noisy chords in every format."""
    import soundfile

    rng = np.random.default_rng(0)
    time = np.arange(int(seconds * 44100)) / 44100
    samples = 0.02 * rng.standard_normal((len(time), 2))
    for start in np.arange(0, seconds, 0.5):
        sounding = (time >= start) & (time < start + 0.5)
        for pitch in rng.choice(36, size=4, replace=False):
            wave = np.sin(2 * np.pi * 130.8 * 2 ** (pitch / 12) * time[sounding])
            samples[sounding] += 0.1 * wave[:, np.newaxis]
    paths = []
    for name, subtype in {
        "16.wav": "PCM_16",
        "float.wav": "FLOAT",
        "16.flac": "PCM_16",
        "24.flac": "PCM_24",
        "vorbis.ogg": "VORBIS",
        "opus.ogg": "OPUS",
        "layer3.mp3": "MPEG_LAYER_III",
        "16.aiff": "PCM_16",
        "16.au": "PCM_16",
        "16.w64": "PCM_16",
        "16.rf64": "PCM_16",
        "16.caf": "PCM_16",
    }.items():
        rate = 48000 if subtype == "OPUS" else 44100
        format_ = name.rpartition(".")[2].upper()
        soundfile.write(folder / name, samples, rate, format=format_, subtype=subtype)
        paths.append(folder / name)
    if program := shutil.which("ffmpeg"):
        arguments = ["-v", "error", "-i", folder / "16.wav", "-movflags", "+faststart"]
        subprocess.run([program, "-nostdin", *arguments, folder / "aac.m4a"], check=True)
        paths.append(folder / "aac.m4a")
    return paths


def print_table(counts: dict[tuple[str, str], Counter], seconds: dict[tuple[str, str], float]):
    print(COLUMNS.format("format", "damage", "files", *OUTCOMES, "s"))
    for row in sorted(counts):
        found = [counts[row][outcome] for outcome in OUTCOMES]
        print(COLUMNS.format(*row, counts[row]["files"], *found, f"{seconds[row]:.1f}"))
    total = sum(counts.values(), Counter())
    found = [total[outcome] for outcome in OUTCOMES]
    longest = f"{max(seconds.values()):.1f}"
    print(COLUMNS.format("all", "", total["files"], *found, longest))


def main(
    description=__doc__, serve=serve, make_sources=make_sources, damages=DAMAGES, promises=None
) -> int:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help="a recording to damage")
    parser.add_argument("--count", type=int, default=2000, metavar="N", help="damaged files")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="folder for failing files")
    parser.add_argument(
        "--limit", type=float, default=60, metavar="S", help="seconds for a file (default: 60)"
    )
    if promises is not None:
        parser.add_argument("--promises", action="store_true", help="damage only headers")
    parser.add_argument("--verbose", action="store_true", help="show every file's message")
    arguments = parser.parse_args()
    if min(arguments.count, arguments.jobs) < 1 or arguments.seed < 0:
        parser.error("--count and --jobs must be 1 or more, --seed 0 or more")
    os.environ["OMP_NUM_THREADS"] = "1"  # inherited by the worker processes
    counts: dict[tuple[str, str], Counter] = defaultdict(Counter)
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    megabytes = 0.0
    with tempfile.TemporaryDirectory() as folder:
        sources = arguments.files or make_sources(Path(folder))
        if promises is not None and arguments.promises:
            damages = promises
        cases = (make_case(i, arguments.seed, sources, damages) for i in range(arguments.count))
        for case, verdict in judge_all(cases, arguments.jobs, arguments.limit, serve):
            row = case.format, case.damage
            counts[row].update(["files", verdict.outcome] + ["warned"] * verdict.warned)
            seconds[row] = max(seconds[row], verdict.seconds)
            megabytes = max(megabytes, verdict.megabytes)
            if arguments.verbose:
                print(f"{case.format} {case.damage} {verdict.outcome}: {verdict.detail}")
            if verdict.outcome in FAILURES:
                name = f"{arguments.seed}-{case.number}-{case.damage}-{verdict.outcome}"
                print(f"{name}{case.suffix}: {verdict.detail}", flush=True)
                if arguments.keep:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    (arguments.keep / f"{name}{case.suffix}").write_bytes(case.data)
    print_table(counts, seconds)
    print(f"the largest process took {megabytes:.0f} MB, including imports")
    return int(any(found[failure] for found in counts.values() for failure in FAILURES))


if __name__ == "__main__":
    sys.exit(main(promises=PROMISES))
