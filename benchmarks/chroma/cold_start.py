"""Whether many processes can start at once on a machine where nothing is compiled yet.

::

    python -m benchmarks.chroma.cold_start

starts ten processes at the same moment, with an empty cache of numba and an empty cache of
analyses that they share; each extracts beat-synchronous chroma of the same few seconds of sound.
This is done three times. Libraries that compile with numba when first used (librosa's beat tracker
is one) can damage numba's cache for good in that situation; musicai's extraction does not import
numba. Printed are the slowest process's wall time and whether all ended well with equal results.
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


def start_together(n_processes: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, NUMBA_CACHE_DIR=str(Path(folder) / "numba"))
        command = [sys.executable, "-c", CHILD, str(Path(folder) / "analyses")]
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
    arguments = parser.parse_args()
    ended_well = [start_together(arguments.processes) for _ in range(arguments.times)]
    sys.exit(0 if all(ended_well) else 1)


if __name__ == "__main__":
    main()
