"""Tests of long training: distributed over processes, killed and resumed, with pieces on a disk.

::

    python -m benchmarks.composer.resilience

The script trains on synthetic piano rolls (random walks over chords of the major scale) and prints

- **torchrun**: the same fit in one process and in two, on the CPU, with one thread each. The table
  has the score of held-out pieces (with a second seed, to judge the difference), the seconds in
  `fit`, the number of training frames per second, and whether all processes ended with the same
  weights. Two processes are faster only if two cores are idle;
- **killed**: whether a fit that is killed by SIGKILL several times and resumed from its checkpoint
  ends with the same weights, loss curve and scores as an undisturbed fit, bit for bit;
- **memory**: how much a process's own memory grows while it learns pieces from a file of a few
  gigabytes (`numpy.memmap`, of float32 and of bytes), next to the size of the pieces.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

# The package in this checkout is measured, even if another one is installed.
SEARCHED = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(SEARCHED)}

TRAIN = """
import json, os, sys, time
import numpy as np
from musicai import LSTMComposer

LSTMComposer._seconds_between_checkpoints = 0.2
rolls = list(np.load("rolls.npy"))
options = json.loads(sys.argv[1])
start = time.perf_counter()
composer = LSTMComposer(device="cpu", **options).fit(rolls[8:])
seconds = time.perf_counter() - start
np.savez(sys.argv[2] + os.environ.get("RANK", ""), seconds=seconds, score=composer.score(rolls[:8]),
         loss=composer.loss_curve_, scores=composer.validation_curve_, **composer.weights_)
"""

MEMORY = """
import json, sys, threading
import numpy as np
from musicai import LSTMComposer

dtype, n_features, n_frames = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
pieces = list(np.memmap("pieces", dtype, "r").reshape(-1, n_frames, n_features))

def own_memory():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon")) / 1024

composer = LSTMComposer(max_time=5, random_state=0, device="cpu")
few = [np.array(piece[:500]) for piece in pieces]
composer.fit(few, X_val=few[:1])
before, seen, ended = own_memory(), [0.0], threading.Event()

def watch():
    while not ended.wait(0.002):
        seen.append(own_memory() - before)

threading.Thread(target=watch, daemon=True).start()
composer.fit(pieces, X_val=few[:1])
ended.set()
print(max(seen))
"""


def rolls(n_pieces: int, n_frames: int) -> np.ndarray:
    rng = np.random.RandomState(0)
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    pieces = np.zeros((n_pieces, n_frames, 88), np.float32)
    for piece in pieces:
        root = rng.randint(7)
        for t in range(n_frames):
            if t % 4 == 0:
                root = (root + rng.choice([3, 4, 1])) % 7
            for step in (0, 2, 4):
                degree = root + step
                piece[t, 36 + 12 * (degree // 7) + scale[degree % 7]] = 1
            piece[t, 60 + scale[(root + rng.choice([0, 2, 4])) % 7]] = 1
    return pieces


def train(folder: str, name: str, options: dict, n_processes: int = 0) -> subprocess.Popen:
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node", str(n_processes)]
    launcher += ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0"]
    command = [sys.executable, *(launcher if n_processes else []), "train.py"]
    command += [json.dumps(options), name]
    return subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stderr=subprocess.DEVNULL)


def ended(folder: str, name: str) -> dict:
    with np.load(Path(folder) / f"{name}.npz") as file:
        return dict(file)


def same(one: dict, other: dict) -> str:
    equal = all(np.array_equal(one[k], other[k]) for k in one if k not in ("seconds", "score"))
    return "yes" if equal else "NO"


def shared(folder: str, options: dict, n_frames: int) -> None:
    print(f"{'torchrun':<16}{'score':>10}{'seconds':>10}{'frames/s':>10}{'alike':>8}")
    for n_processes, seed in ((1, 0), (1, 1), (2, 0)):
        train(folder, "shared", {**options, "random_state": seed}, n_processes).wait()
        ranks = [ended(folder, f"shared{rank}") for rank in range(n_processes)]
        seconds = float(ranks[0]["seconds"])
        speed = n_frames * options["max_iter"] / seconds
        alike = same(ranks[0], ranks[-1])
        score = float(ranks[0]["score"])
        row = f"{score:>10.4f}{seconds:>10.1f}{speed:>10.0f}{alike:>8}"
        print(f"{f'{n_processes} proc., seed {seed}':<16}{row}", flush=True)


def last_written(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def killed(folder: str, options: dict, n_kills: int) -> None:
    train(folder, "undisturbed", options).wait()
    rng = np.random.RandomState(0)
    checkpoint = Path(folder) / "fit.npz"
    n_killed = 0
    for _ in range(n_kills):
        child = train(folder, "killed", {**options, "checkpoint": str(checkpoint)})
        before = last_written(checkpoint)
        while child.poll() is None and last_written(checkpoint) == before:
            time.sleep(0.02)
        time.sleep(rng.random_sample())
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
            n_killed += 1
        child.wait()
        if (Path(folder) / "killed.npz").exists():
            break
    else:
        train(folder, "killed", {**options, "checkpoint": str(checkpoint)}).wait()
    equal = same(ended(folder, "undisturbed"), ended(folder, "killed"))
    left = "left behind" if checkpoint.exists() else "removed"
    print(f"\nkilled {n_killed} times: equal to the last bit: {equal}, checkpoint {left}")


def memory(folder: str, gigabytes: float) -> None:
    print(f"\n{'memory':<16}{'pieces, MB':>12}{'growth, MB':>12}")
    for dtype, n_features in (("float32", 12), ("uint8", 88)):
        n_frames = int(gigabytes * 1e9 / (4 * n_features * np.dtype(dtype).itemsize))
        shape = (4, n_frames, n_features)
        pieces = np.memmap(Path(folder) / "pieces", dtype, "w+", shape=shape)
        rng = np.random.RandomState(0)
        for piece in pieces:
            for start in range(0, n_frames, 100_000):
                part = piece[start : start + 100_000]
                part[:] = rng.random_sample(part.shape) < 3 / n_features
        pieces.flush()
        size = pieces.nbytes / 1e6
        del pieces
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, dtype, str(n_features), str(n_frames)],
            cwd=folder,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        print(f"{dtype:<16}{size:>12.0f}{float(done.stdout) * 1.048576:>12.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--pieces", type=int, default=72, metavar="N", help="8 of them are held out; default: 72"
    )
    parser.add_argument("--epochs", type=int, default=40, metavar="N", help="default: 40")
    parser.add_argument("--kills", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument("--gigabytes", type=float, default=2, metavar="G", help="default: 2")
    arguments = parser.parse_args()
    if arguments.pieces < 10:  # `fit` needs one for training and one to set aside
        parser.error("--pieces must be at least 10: 8 are not learned, but scored")
    epochs = arguments.epochs
    options = {"max_iter": epochs, "n_iter_no_change": epochs, "random_state": 0}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "train.py").write_text(TRAIN)
        np.save(Path(folder) / "rolls.npy", rolls(arguments.pieces, 256))
        n_learned = arguments.pieces - 8
        n_learned -= max(1, round(0.1 * n_learned))  # those that `fit` sets aside
        shared(folder, options, 256 * n_learned)
        killed(folder, options, arguments.kills)
        if sys.platform == "linux":
            memory(folder, arguments.gigabytes)


if __name__ == "__main__":
    main()
