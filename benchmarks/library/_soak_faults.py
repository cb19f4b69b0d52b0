"""What goes wrong around `soak.py`'s work: full disks, closed folders, damage, workers that die."""

import os
import signal
import subprocess
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from joblib.externals.loky import get_reusable_executor

from benchmarks.common.vitals import children
from benchmarks.library._soak_world import SoakError, World, released, small_composer
from musicai import ChromaExtractor, LSTMComposer
from musicai.audio import RecordingError
from musicai.midi import write_midi
from musicai.render import chord_chart, chroma_to_audio, chroma_to_midi, to_musicxml
from musicai.theory.timing import FRAME_RATE

OLD = b"what was there before"
NOBODY = 65534
SMALL_DISK = "192k"
"""Room on the full disk; the audio that is written takes more, and a file system needs some."""


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Give a folder on a disk of its own that is nearly full; only root can."""
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", folder], check=True
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()


def can_mount(folder: Path) -> bool:
    """Tell whether this process may make a disk of its own."""
    try:
        with small_disk(folder / "disk"):
            return True
    except (OSError, subprocess.CalledProcessError):
        (folder / "disk").rmdir()
        return False


def writers(world: World) -> dict[str, Callable[[Any], Any]]:
    """Everything that writes a file, by the file's name."""
    piece = world.pieces[4]
    return {
        "mosaic.wav": lambda path: world.mosaic.transform(piece[:100], path),
        "sines.flac": lambda path: chroma_to_audio(piece, path, timing=FRAME_RATE),
        "sines.wav": lambda path: chroma_to_audio(piece, path, timing=FRAME_RATE),
        "band.wav": lambda path: chroma_to_audio(
            piece[:60], path, instruments="band", timing=FRAME_RATE
        ),
        "chords.mid": lambda path: chroma_to_midi(piece, path, timing=FRAME_RATE),
        "notes.mid": lambda path: write_midi(path, world.midi),
        "score.musicxml": lambda path: to_musicxml(piece, path, timing=FRAME_RATE),
        "chart.txt": lambda path: chord_chart(piece, path, timing=FRAME_RATE),
    }


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user whom modes concern, as root is not."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def refused(world: World, name: str, path: Any, *errors: type[BaseException]) -> None:
    """Write where it cannot be done: an error names the path, and what was there is there."""
    before, write = world.held(), writers(world)[name]
    try:
        with as_nobody() if PermissionError in errors else nullcontext():
            write(path)
    except errors as error:
        if isinstance(path, Path) and path.name not in str(error) and "TMPDIR" not in str(error):
            raise SoakError(f"{name}: the error does not name the file: {error!r}") from error
    else:
        raise SoakError(f"{name} could be written to {path}")
    world.settles(before)


def full_disk(world: World) -> None:
    """There is room for half a file, or for none."""
    name = str(world.rng.choice(list(writers(world))))
    with small_disk(world.temporary / "disk") as disk:
        path = disk / name
        path.write_bytes(OLD)
        with open(disk / "others", "wb") as others:
            room = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            small = name.endswith((".mid", ".musicxml", ".txt"))
            others.write(bytes(room if small else int(room * world.rng.random())))
        refused(world, name, path, OSError)
        if path.read_bytes() != OLD:
            raise SoakError(f"{name}: a full disk has changed what was there")
    with open("/dev/full", "wb", buffering=0) as full:
        refused(world, "notes.mid", full, OSError)
    world.counts["full disk"] += 2


def full_temporary_folder(world: World) -> None:
    """What is kept while more is to be done has no room."""
    with small_disk(world.temporary / "disk") as disk:
        usual, tempfile.tempdir = tempfile.tempdir, str(disk)
        try:
            refused(world, "mosaic.wav", world.folder / "mosaic.wav", OSError)
        finally:
            tempfile.tempdir = usual
    world.counts["full folder for temporary files"] += 1


def full_disk_of_a_checkpoint(world: World) -> None:
    """Training outlives it, and learns what it would have learned."""
    with small_disk(world.temporary / "disk") as disk:
        composer = small_composer(checkpoint=disk / "fit.npz")
        (disk / "others").write_bytes(bytes(180 * 1024))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            usual, LSTMComposer._seconds_between_checkpoints = (
                LSTMComposer._seconds_between_checkpoints,
                0.0,
            )
            try:
                composer.fit(world.short, world.styles)
            finally:
                LSTMComposer._seconds_between_checkpoints = usual
        if not any("could not be written" in str(warning.message) for warning in told):
            raise SoakError("nothing was said of a checkpoint that could not be written")
        if [path.name for path in disk.iterdir()] != ["others"]:
            raise SoakError("something is left of a checkpoint that could not be written")
    world.same("fit, plain", composer.weights_)
    world.counts["full disk of a checkpoint"] += 1


def no_permission(world: World) -> None:
    """The folder may not be written to, is a file, or the file is a folder."""
    name = str(world.rng.choice(list(writers(world))))
    closed = world.folder / "closed"
    closed.mkdir(0o555)
    try:
        refused(world, name, closed / name, PermissionError)
    finally:
        closed.rmdir()
    (world.folder / name).mkdir()
    try:
        refused(world, name, world.folder / name, ValueError)
    finally:
        (world.folder / name).rmdir()
    refused(world, name, world.recordings[0] / name, FileNotFoundError)
    world.counts["no permission"] += 3


def damaged_files(world: World) -> None:
    """They are left out, each with a warning; the others are analyzed as ever."""
    damaged, rng = [], world.rng
    for path in world.recordings:
        data = bytearray(path.read_bytes())
        for place in rng.integers(len(data), size=rng.integers(1, 200)):
            data[place] = rng.integers(256)
        damaged.append(world.folder / f"damaged{path.suffix}")
        damaged[-1].write_bytes(data[: rng.integers(1, len(data))])
    (world.folder / "damaged.empty").write_bytes(b"")
    damaged += [world.folder / "damaged.empty", world.folder / "damaged.missing"]
    before = world.held()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = ChromaExtractor(on_error="warn", n_jobs=2).transform([*damaged, *world.recordings])
    if not all(np.isfinite(piece).all() and piece.shape[1] == 12 for piece in found):
        raise SoakError("damaged files gave nonsense")
    world.same("cqt of files", found[len(damaged) :])
    try:
        ChromaExtractor(n_jobs=2).transform([*world.recordings, damaged[-1]])
    except RecordingError as error:
        if damaged[-1].name not in str(error):
            raise SoakError(f"the error does not name the file: {error}") from error
    else:
        raise SoakError("a missing file was read")
    world.settles(before)
    for path in damaged[:-1]:
        path.unlink()
    world.counts["damaged or missing files"] += len(damaged)


def worker_death(world: World) -> None:
    """A worker process is killed while it works; its recording is tried again."""
    with released(world), joblib.parallel_config(backend="loky"):
        ChromaExtractor(n_jobs=2).transform(world.recordings)  # so that the workers are there
        workers = [n for n, command in children().items() if "tracker" not in command and command]
        victim = int(world.rng.choice(workers))
        delay = world.rng.uniform(0, 0.2)
        killer = threading.Timer(delay, os.kill, (victim, signal.SIGKILL))
        killer.start()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = ChromaExtractor(n_jobs=2).transform(world.recordings * 2)
        killer.join()
    with released(world):
        get_reusable_executor().shutdown(wait=True, kill_workers=True)
    world.same("cqt of files", found[: len(world.recordings)])
    world.same("cqt of files", found[len(world.recordings) :])
    world.counts["worker killed"] += 1


FAULTS = (no_permission, damaged_files, worker_death)
FAULTS_ON_A_DISK = (full_disk, full_temporary_folder, full_disk_of_a_checkpoint)
"""Those that need a disk of their own, which only root can make."""
