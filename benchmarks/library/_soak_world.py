"""What the work of `soak.py` is done with: recordings, pieces, fitted estimators, and a memory."""

import gc
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import soundfile
from joblib.externals.loky import reusable_executor

from benchmarks.common.vitals import children, look
from musicai import LSTMComposer, MosaicSynthesizer, PianoRollExtractor
from musicai.datasets import make_progressions
from musicai.render import chroma_to_audio
from musicai.theory.timing import FRAME_RATE

SUBTYPES = {"wav": "PCM_16", "flac": "PCM_16", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}
SECONDS_TO_HANG = 180.0
"""Longer than processes may take on a busy machine."""

SECONDS_TO_SETTLE = 10.0
"""What is given up may go on for a moment: a thread in the middle of a recording ends it."""


class SoakError(AssertionError):
    """Something is not as it has to be."""


class World:
    """A folder of files, and what was made of them.

    Attributes
    ----------
    folder, temporary : Path
        Where files are written, and where :mod:`tempfile` writes.
    rng : Generator
        Source of all that is random.
    counts : Counter
        What has happened, by name.
    seconds : dict of str to float
        How long a call takes that nobody disturbs, by its name.
    """

    def __init__(self, folder: Path, temporary: Path, seed: int) -> None:
        self.folder, self.temporary = folder, temporary
        self.rng = np.random.default_rng(seed)
        self.counts: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}
        self._known: dict[str, str] = {}
        music = make_progressions(24, styles=["blues", "jazz"], n_bars=12, random_state=0)
        self.pieces, self.styles = music.data, music.target[:12]
        self.short = [piece[:60] for piece in self.pieces[:12]]
        self.recordings = make_recordings(folder, self.pieces)
        self.samples = [soundfile.read(path, dtype="float32")[0] for path in self.recordings[:2]]
        self.composer = small_composer(max_iter=3).fit(self.short, self.styles)
        self.mosaic = MosaicSynthesizer(sr=22050).fit(self.recordings)
        self.midi = PianoRollExtractor(frame_rate=8).inverse_transform(
            np.eye(88)[20:60].repeat(3, axis=0)
        )

    def same(self, name: str, result: Any) -> Any:
        """Return `result`, which must be the one that `name` had the first time."""
        found = joblib.hash(result)
        if self._known.setdefault(name, found) != found:
            raise SoakError(f"{name}: the result differs from that of the first time")
        return result

    def timed(self, name: str, call: Callable[[], Any]) -> Any:
        """Return what a call gives, and keep in mind how long it took."""
        started = time.perf_counter()
        result = call()
        self.seconds[name] = time.perf_counter() - started
        return result

    def held(self) -> dict[str, Any]:
        """Tell what the process holds now, that must be held no longer later on."""
        now = look(self.temporary)
        return {
            "open files": now.files,
            "threads": now.threads,
            "temporary files": now.temporary,
            "files": sorted(str(path) for path in self.folder.rglob("*")),
            "child processes": len(children()),
        }

    def settles(self, before: dict[str, Any]) -> None:
        """Wait until no more is held than `before`; it is wrong if that never comes."""
        deadline = time.monotonic() + SECONDS_TO_SETTLE
        while more := {
            k: (v, before[k]) for k, v in self.held().items() if more_than(v, before[k])
        }:
            if time.monotonic() > deadline:
                raise SoakError(f"left behind (now, before): {more}")
            gc.collect()
            time.sleep(0.05)


def more_than(now: Any, before: Any) -> bool:
    """Tell whether more is held than before; of files every difference counts."""
    return now != before if isinstance(now, list) else now > before


@contextmanager
def released(world: World) -> Iterator[None]:
    """Let nobody wait for ever for the rest of a result whose worker was killed while it wrote it.

    loky does, since the process that waits could write into the same pipe itself. After three
    minutes that end of the pipe is closed, as nobody else can do it; it is counted.
    """

    def release() -> None:
        executor = reusable_executor._executor
        world.counts["worker killed while it told its result, so that loky hung"] += 1
        for number, command in children().items():  # while it ends loky no longer lists them
            if "popen_loky" in command:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
        if executor is not None and executor._result_queue is not None:
            executor._result_queue._writer.close()

    timer = threading.Timer(SECONDS_TO_HANG, release)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def small_composer(**changes: Any) -> LSTMComposer:
    """Return a composer that learns in a second."""
    settings = {"hidden_size": 16, "batch_size": 4, "max_iter": 4, "random_state": 0}
    return LSTMComposer(**{**settings, **changes})


def make_recordings(folder: Path, pieces: list[np.ndarray]) -> list[Path]:
    """Play a piece into a file of every format."""
    paths = []
    for (suffix, subtype), piece in zip(SUBTYPES.items(), pieces, strict=False):
        path = folder / f"recording.{suffix}"
        sound = chroma_to_audio(piece[:130], instruments="sines", timing=FRAME_RATE)
        soundfile.write(path, sound, 22050, format=suffix.upper(), subtype=subtype)
        paths.append(path)
    return paths


def content(path: Path) -> Any:
    """Return what is in a file; of Ogg the samples, since each Ogg file has a number of its own."""
    return soundfile.read(path)[0] if path.suffix == ".ogg" else path.read_bytes()
