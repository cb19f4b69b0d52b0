"""Time saved by the extraction cache, and its robustness against being killed.

::

    python -m benchmarks.chroma.cache music/*.ogg

The script cuts 100 clips of 60 seconds from the recordings (by default, three chorales of the demo)
and measures

- the wall time of the extractor in the `fit` of a pipeline with an empty cache, in the next `fit`,
  and in `predict`, with ratios;
- a run that is killed with SIGKILL halfway, and a second run that resumes it: the number of
  finished recordings, how many of these were analyzed again (there must be none), and whether the
  pieces equal those of an undisturbed run.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.common.clips import clip_parser, clips_in_folder
from musicai import ChromaExtractor

CHILD = """
import sys
from musicai import ChromaExtractor

ChromaExtractor(memory=sys.argv[1], n_jobs=2).transform(sys.argv[2:])
"""


def measure_twice(paths: list[Path], memory: Path) -> list[np.ndarray]:
    extractor = ChromaExtractor(memory=memory)
    first_seconds = None
    for use, extract in {
        "fit": extractor.fit_transform,
        "fit again": extractor.fit_transform,
        "predict": extractor.transform,
    }.items():
        start = time.perf_counter()
        pieces = extract(paths)
        seconds = time.perf_counter() - start
        first_seconds = first_seconds or seconds
        print(f"{use:<12}{seconds:8.2f} s{first_seconds / seconds:8.0f} times as fast", flush=True)
    return pieces


def finished(memory: Path) -> dict[Path, int]:
    """Return the cached analyses and their modification times."""
    return {entry: entry.stat().st_mtime_ns for entry in memory.rglob("output.pkl")}


def kill_and_resume(paths: list[Path], memory: Path, expected: list[np.ndarray]) -> bool:
    command = [sys.executable, "-c", CHILD, str(memory), *map(str, paths)]
    child = subprocess.Popen(command)
    while len(finished(memory)) < len(paths) // 2 and child.poll() is None:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    before = finished(memory)
    subprocess.run(command, check=True)
    after = finished(memory)
    repeated = sum(after[entry] != when for entry, when in before.items())
    pieces = ChromaExtractor(memory=memory).transform(paths)
    equal = all(map(np.array_equal, pieces, expected))
    print(
        f"killed: {len(before)} of {len(paths)} recordings were finished; run again: {repeated} of "
        f"these analyzed again, pieces {'equal' if equal else 'DIFFERENT'}"
    )
    return equal and repeated == 0 and len(after) == len(paths)


def main() -> None:
    arguments = clip_parser(__doc__, clips=100, seconds=60).parse_args()
    with clips_in_folder(arguments) as (paths, folder):
        expected = measure_twice(paths, folder / "cache")
        survived = kill_and_resume(paths, folder / "killed", expected)
    sys.exit(0 if survived else 1)


if __name__ == "__main__":
    main()
