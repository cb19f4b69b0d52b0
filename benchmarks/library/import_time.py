"""Import times of musicai's public names and packages, compared with other libraries.

::

    OMP_NUM_THREADS=1 python -m benchmarks.library.import_time

The script runs each statement in new processes, alternating between statements, and prints median
processor time (user and system), which depends little on the load of the machine, and wall time, in
seconds. Both include the start of Python, shown in the first row. On a busy machine, compare rows
rather than runs. The last column names the large libraries that were imported. The first round,
which reads files from disk, does not count. ``import librosa`` imports very little until a function
is used, so another row includes a function.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

STATEMENTS = [
    "pass",
    "import musicai",
    "import musicai.audio",
    "from musicai import ChromaExtractor",
    "from musicai import PianoRollExtractor",
    "from musicai import LSTMComposer",
    "from musicai import MosaicSynthesizer",
    "import musicai.render",
    "import musicai.datasets",
    "import musicai.metrics",
    "import musicai.display",
    "import sklearn",
    "import sklearn.pipeline",
    "import torch",
    "import librosa",
    "import librosa; librosa.feature.chroma_cqt",
]
LARGE = (
    "librosa",
    "matplotlib",
    "numba",
    "pandas",
    "scipy.signal",
    "scipy.stats",
    "sklearn",
    "torch",
)
REPORT = f"import sys; print(*[name for name in {LARGE} if name in sys.modules], sep=', ')"


def measure(statement: str) -> tuple[float, float, str]:
    """Return processor time and wall time in seconds, and the large libraries imported."""
    before, start = os.times(), time.perf_counter()
    command = [sys.executable, "-W", "ignore", "-c", f"{statement}\n{REPORT}"]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    wall, after = time.perf_counter() - start, os.times()
    processor = after.children_user - before.children_user
    processor += after.children_system - before.children_system
    return processor, wall, ended.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="default: 5")
    n_rounds = parser.parse_args().rounds
    _, *rounds = [[measure(each) for each in STATEMENTS] for _ in range(1 + n_rounds)]
    print(f"median of {n_rounds} processes each\n")
    print("| statement | processor, s | wall, s | imports |\n| --- | --- | --- | --- |")
    for statement, runs in zip(STATEMENTS, zip(*rounds, strict=True), strict=True):
        processor, wall = (statistics.median(run[i] for run in runs) for i in range(2))
        print(f"| `{statement}` | {processor:.2f} | {wall:.2f} | {runs[0][2]} |")


if __name__ == "__main__":
    main()
