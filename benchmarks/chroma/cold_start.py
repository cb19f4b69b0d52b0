"""Simultaneous start of many processes on a machine with nothing compiled yet.

::

    python -m benchmarks.chroma.cold_start [--librosa]

The script starts ten processes at the same time, with an empty numba cache and an empty shared
cache of analyses. Each extracts beat-synchronous chroma from the same few seconds of audio. This is
repeated three times. The script prints the wall time of the slowest process, and whether all
processes succeeded with equal results.

In this situation, libraries that compile with numba on import or first use can permanently damage
numba's cache, so that later processes crash. musicai's extraction does not import numba.
``--librosa`` shows the alternative: each process also gets the filter bank of ``kind="stft"`` from
``librosa.filters.chroma`` and then finds local maxima with librosa.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHILD = """
import hashlib, sys
import numpy as np
from musicai import ChromaExtractor

time = np.arange(20 * 22050) / 22050
music = 0.3 * np.sin(2 * np.pi * 220 * 2 ** (np.floor(2 * time) % 12 / 12) * time)
music *= np.exp(-4 * (2 * time % 1))
digest = hashlib.sha256()
for memory in (None, sys.argv[1]):
    for kind in ("cqt", "stft", "cens"):
        (analysis,) = ChromaExtractor(kind=kind, sync="beat", memory=memory).analyze([music])
        digest.update(analysis.chroma.tobytes() + analysis.timing.borders().tobytes())
print(digest.hexdigest(), "numba" in sys.modules)
"""
LIBROSA = """
import librosa, numpy
librosa.filters.chroma(sr=22050, n_fft=2048)
librosa.util.localmax(numpy.arange(10.0))
"""


def start_together(n_processes: int, code: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, NUMBA_CACHE_DIR=str(Path(folder) / "numba"))
        command = [sys.executable, "-c", code, str(Path(folder) / "analyses")]
        start = time.perf_counter()
        children = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
            for _ in range(n_processes)
        ]
        outputs = [child.communicate()[0].strip() for child in children]
        seconds = time.perf_counter() - start
    failed = sum(child.returncode != 0 for child in children)
    with_numba = sum(output.endswith("True") for output in outputs)
    print(
        f"{n_processes} processes: {seconds:.1f} s, {failed} failed, {len(set(outputs))} different "
        f"result(s), {with_numba} imported numba",
        flush=True,
    )
    return failed == 0 and len(set(outputs)) == 1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processes", type=int, default=10, metavar="N", help="default: 10")
    parser.add_argument("--times", type=int, default=3, metavar="N", help="default: 3")
    parser.add_argument("--librosa", action="store_true", help="also use librosa")
    arguments = parser.parse_args()
    code = LIBROSA + CHILD if arguments.librosa else CHILD
    ended_well = [start_together(arguments.processes, code) for _ in range(arguments.times)]
    sys.exit(0 if all(ended_well) else 1)


if __name__ == "__main__":
    main()
