"""Soak test: repeated work and faults in one process, checked for leaks and changed results.

One process extracts, trains, samples, evaluates, plots, and writes files of every kind, in random
order. Each result must equal the first one. The test also injects faults::

    python -m benchmarks.library.soak --minutes 60

- Ctrl-C at a random time in each job: files are either complete or unchanged, and repeating the job
  gives the same result
- a full disk, damaged and missing recordings, and a killed worker process

About once a minute, the script prints the resources in use. The exit status is 1 if a result
differs, if resources leak, or if memory grows by more than `--bound` megabytes an hour, the slope
of a Theil-Sen regression after the first fifth of the time. Memory in use is measured by the C
library, so the script restarts itself with PYTHONMALLOC=malloc, which makes Python allocate all
memory there. Works on Linux with glibc only.
"""

import argparse
import ctypes
import gc
import io
import os
import pickle
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")

import joblib
import numpy as np
import skops.io
from joblib.externals.loky import get_reusable_executor
from matplotlib import pyplot as plt
from scipy.stats import theilslopes
from sklearn.model_selection import GridSearchCV

from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer, PianoRollExtractor, display
from musicai.audio import write_audio
from musicai.datasets import make_progressions
from musicai.metrics import MarkovBaseline, memorization, realism, report
from musicai.midi import write_midi
from musicai.render import chord_chart, chroma_to_audio, chroma_to_midi, to_musicxml
from musicai.theory.timing import FRAME_RATE

COLUMNS = ("minute", "rounds", "MB in use", "open files", "threads", "children", "files")
OLD = b"what was there before"
SETTLED = 0.2  # fraction of the time after which memory should be constant
SECONDS_TO_SETTLE = 10.0  # so that threads can finish their recordings


class Allocated(ctypes.Structure):
    """Counts of glibc's mallinfo2: field 4 has mapped bytes, field 7 other bytes in use."""

    _fields_ = tuple((f"count{i}", ctypes.c_size_t) for i in range(10))


def look(folder: Path) -> tuple[float, int, int, int, int]:
    """Return the megabytes in use, open files, threads, child processes, and files in a folder."""
    gc.collect()
    count = ctypes.CDLL(None).mallinfo2
    count.restype = Allocated
    megabytes = (count().count4 + count().count7) / 2**20
    n_files, n_threads = (len(os.listdir(f"/proc/self/{name}")) for name in ("fd", "task"))
    return megabytes, n_files, n_threads, len(children()), sum(1 for _ in folder.rglob("*"))


def children() -> list[int]:
    tasks = Path("/proc/self/task").glob("*/children")
    return [int(number) for task in tasks for number in task.read_text().split()]


class Soak:
    """Jobs and faults of the test, and their results."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.rng = folder, np.random.default_rng(seed)
        self.counts: Counter[str] = Counter()
        self.known: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        self.warm = False  # whether caches and lazy imports are loaded
        music = make_progressions(24, styles=["blues", "jazz"], n_bars=12, random_state=0)
        self.pieces, self.styles = music.data, music.target[:12]
        self.short = [piece[:60] for piece in self.pieces[:12]]
        self.recordings = [folder / f"recording.{suffix}" for suffix in ("wav", "flac", "ogg")]
        for path, piece in zip(self.recordings, self.pieces, strict=False):
            write_audio(path, chroma_to_audio(piece[:130], timing=FRAME_RATE), 22050)
        self.composer = self._fit()
        self.mosaic = MosaicSynthesizer(sr=22050).fit(self.recordings)
        piece = self.pieces[4][:100]
        notes = PianoRollExtractor(frame_rate=8).inverse_transform(np.eye(88)[20:60])
        self.writers = {
            "mosaic.wav": lambda path: self.mosaic.transform(piece, path),
            "sines.flac": lambda path: chroma_to_audio(piece, path, timing=FRAME_RATE),
            "chords.mid": lambda path: chroma_to_midi(piece, path, timing=FRAME_RATE),
            "notes.mid": lambda path: write_midi(path, notes),
            "score.xml": lambda path: to_musicxml(piece, path, timing=FRAME_RATE),
            "chart.txt": lambda path: chord_chart(piece, path, timing=FRAME_RATE),
        }
        self.jobs = {
            **{job.__name__: job for job in (self.extract, self.train, self.sample, self.judge)},
            **{name: lambda name=name: self.written(name) for name in self.writers},
        }

    def _chroma(self, files=None, **options) -> list[np.ndarray]:
        return ChromaExtractor(**options).transform(files or self.recordings)

    def _fit(self, **options) -> LSTMComposer:
        settings = {"hidden_size": 16, "batch_size": 4, "max_iter": 3, "random_state": 0}
        return LSTMComposer(**settings, **options).fit(self.short, self.styles)

    def extract(self):
        """Extract with various parameters, threads and a cache; fit a mosaic."""
        with tempfile.TemporaryDirectory() as memory:
            cached = [self._chroma(memory=memory) for _ in range(2)]
        options = {"kind": "stft"}, {"kind": "cens"}, {"sync": "beat"}, {"n_jobs": 4}
        mosaic = MosaicSynthesizer().fit(self.recordings).chroma_
        return cached, [self._chroma(**each) for each in options], mosaic

    def train(self):
        """Fit, fit with a checkpoint, continue training, and run a parameter search."""
        again = pickle.loads(pickle.dumps(self.composer)).partial_fit(self.short, self.styles)
        fitted = self._fit(), self._fit(checkpoint=self.folder / "fit.npz"), again
        search = GridSearchCV(LSTMComposer(max_iter=2, random_state=0), {"hidden_size": [8, 16]})
        best = search.fit(self.short, self.styles).best_score_
        return [composer.weights_ for composer in fitted], best

    def sample(self):
        """Sample in threads, streams and batches, from a copy of the composer; score."""
        shared = skops.io.dumps(self.composer)
        composer = skops.io.loads(shared, trusted=["musicai.LSTMComposer"])
        with ThreadPoolExecutor(8) as pool:
            pieces = list(pool.map(lambda seed: composer.sample(60, random_state=seed), range(16)))
        streamed = list(islice(composer.stream(prime=self.short[0], random_state=2), 100))
        many = composer.sample(100, style="blues", n_pieces=4, random_state=1)
        return pieces, streamed, many, composer.score_samples(self.short, self.styles)

    def judge(self):
        """Evaluate and plot pieces."""
        new, learned = self.pieces[:12], self.pieces[12:]
        chain = MarkovBaseline(8, random_state=0).fit(learned).sample(100)
        for drawn in (
            display.ComparisonDisplay.from_pieces({"a": new[0], "b": new[1]}),
            display.SelfSimilarityDisplay.from_piece(new[0]),
            display.TrainingCurveDisplay.from_estimator(self.composer),
        ):
            drawn.figure_.savefig(io.BytesIO())
        plt.close("all")
        card = report(self.pieces, new, n_frames=216, timing=FRAME_RATE).to_dict()
        return realism(new, learned, timing=FRAME_RATE), memorization(new, learned), card, chain

    def written(self, name: str) -> bytes:
        """Write a file and return its content."""
        self.writers[name](self.folder / name)
        return (self.folder / name).read_bytes()

    def check(self, name: str, result) -> None:
        """Compare a result with the first result of this name."""
        found = joblib.hash(result)
        assert self.known.setdefault(name, found) == found, f"{name}: result differs"

    def peace(self, name: str) -> None:
        """Do a job without faults, and record its duration."""
        started = time.perf_counter()
        self.check(name, self.jobs[name]())
        self.seconds[name] = time.perf_counter() - started

    def interrupt(self, name: str) -> None:
        """Do a job with Ctrl-C at a random time."""
        outcome, path = "too late", self.folder / name
        if name in self.writers:
            path.write_bytes(OLD)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                signal.setitimer(signal.ITIMER_REAL, self.rng.uniform(1e-4, self.seconds[name]))
                try:
                    result = self.jobs[name]()
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                outcome = "raised"
        plt.close("all")
        (self.folder / "fit.npz").unlink(missing_ok=True)
        if name in self.writers and path.read_bytes() != OLD:
            self.check(name, path.read_bytes())
        if any("training was interrupted" in str(warning.message) for warning in caught):
            outcome = "a fit ended early"
        elif outcome == "too late":
            self.check(name, result)
        self.counts[f"Ctrl-C, {outcome}"] += 1

    def full_disk(self) -> None:
        """Limit file sizes so that writing fails, and check that the old files remain."""
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        for name in self.writers:
            room = int(self.rng.integers(len(self.written(name))))
            (self.folder / name).write_bytes(OLD)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
            message = "nothing was raised"
            try:
                self.written(name)
            except OSError as error:
                message = str(error)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            assert name in message or "TMPDIR" in message, f"{name}, full disk: {message}"
            assert (self.folder / name).read_bytes() == OLD, f"{name}, full disk: the file differs"

    def damaged_recordings(self) -> None:
        """Extract damaged and missing recordings along with good ones, whose results must hold."""
        damaged = [self.folder / f"damaged{path.suffix}" for path in self.recordings]
        for path, whole in zip(damaged, self.recordings, strict=True):
            data = np.frombuffer(whole.read_bytes(), np.uint8).copy()
            data[self.rng.integers(len(data), size=100)] = self.rng.integers(256, size=100)
            path.write_bytes(data[: self.rng.integers(1, len(data))].tobytes())
        files = [*damaged, self.folder / "missing.wav", *self.recordings]
        found = self._chroma(files, on_error="warn", n_jobs=2)
        assert all(np.isfinite(piece).all() for piece in found), "damaged files gave nonsense"
        self.check("chroma", found[-len(self.recordings) :])
        for path in damaged:
            path.unlink()

    def killed_worker(self) -> None:
        """Extract in processes, one of which is killed."""
        with joblib.parallel_config(backend="loky"):
            self.check("chroma", self._chroma(n_jobs=2))
            # Kill an idle worker: loky hangs if a worker is killed while it returns a result.
            os.kill(max(children()), signal.SIGKILL)
            self.check("chroma", self._chroma(n_jobs=2))
        get_reusable_executor().shutdown(wait=True)

    def round(self) -> bool:
        """Do each job with and without Ctrl-C, then all faults; return whether all checks pass."""
        kinds = (self.peace, self.interrupt, self.peace)
        names = map(str, self.rng.permutation(list(self.jobs)))
        tasks = [(kind, name) for name in names for kind in kinds]
        tasks += [(self.full_disk,), (self.damaged_recordings,), (self.killed_worker,)]
        held = [self.do(*task) for task in tasks]
        return all(held)

    def do(self, what, *arguments) -> bool:
        """Run a task and check that it releases all its resources; return whether it passes."""
        before = look(self.folder)[1:] if self.warm else (10**9,) * 4
        self.counts[what.__name__] += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                what(*arguments)
            deadline = time.monotonic() + SECONDS_TO_SETTLE
            while any(a > b for a, b in zip(look(self.folder)[1:], before, strict=True)):
                assert time.monotonic() < deadline, f"{look(self.folder)} held, before {before}"
                time.sleep(0.05)
        except (Exception, KeyboardInterrupt):
            print(f"{what.__name__} {arguments}\n{traceback.format_exc()}", flush=True)
            return False
        return True

    def run(self, minutes: float) -> tuple[bool, list[tuple[float, float]]]:
        """Run rounds for `minutes`; return whether all pass, and the memory use over time."""
        print(("{:>11}" * len(COLUMNS)).format(*COLUMNS), flush=True)
        started, n_rounds, good, seen, rows = time.monotonic(), 0, True, [], 0
        while (passed := (time.monotonic() - started) / 60) < minutes or n_rounds < 2:
            megabytes, *counts = look(self.folder)
            seen.append((passed / 60, megabytes))
            if passed >= rows:
                rows = int(passed) + 1
                row = f"{passed:>11.1f}{n_rounds:>11}{megabytes:>11.1f}"
                print(row + ("{:>11}" * len(counts)).format(*counts), flush=True)
            good &= self.round()
            n_rounds += 1
        return good, seen


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60, metavar="N", help="default: 60")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--bound", type=float, default=2, metavar="MB", help="default: 2")
    arguments = parser.parse_args()
    if os.environ.get("PYTHONMALLOC") != "malloc":
        os.environ["PYTHONMALLOC"] = "malloc"
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.library.soak", *sys.argv[1:]])
    # Restore Ctrl-C, which background processes of a shell ignore.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        soak = Soak(Path(folder), arguments.seed)
        warmed_up = soak.round() & soak.round()
        soak.warm = True
        soak.counts.clear()
        good, seen = soak.run(arguments.minutes)
        tempfile.tempdir = None
    hours, megabytes = zip(*seen[int(SETTLED * len(seen)) :], strict=True)
    slope, _, low, high = theilslopes(megabytes, hours)
    for name, count in sorted(soak.counts.items()):
        print(f"{count:>6} {name}")
    print(f"memory in use: {slope:+.2f} MB an hour (95 %: {low:+.2f} to {high:+.2f})")
    good &= warmed_up and slope <= arguments.bound
    print("passed" if good else "FAILED")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
