"""What the cache of extraction saves, and whether it survives being killed.

::

    python -m benchmarks.chroma.cache music/*.ogg

cuts 100 clips of 60 seconds from the recordings (three chorales of the demo if none are given)
and measures

- the wall time that the extractor takes in the `fit` of a pipeline with an empty cache, in the
  next `fit`, and in `predict`, and the ratios;
- a run that is killed with SIGKILL in the middle, and the run that takes up where it stopped:
  how many recordings were finished and how many of these were analyzed a second time (none may
  be), and whether the pieces are equal to those of an undisturbed run.
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
from musicai.chroma import _cache

analyze = _cache.analyze
def logged(recording, name, settings):
    sys.stdout.write(name + "\\n")  # in one piece, as two threads write
    sys.stdout.flush()
    return analyze(recording, name, settings)

_cache.analyze = logged
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


def kill_and_resume(paths: list[Path], memory: Path, expected: list[np.ndarray]) -> bool:
    command = [sys.executable, "-c", CHILD, str(memory), *map(str, paths)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    begun = [next(child.stdout).strip() for _ in range(len(paths) // 2)]
    child.send_signal(signal.SIGKILL)
    child.wait()
    begun += [line.strip() for line in child.stdout]
    finished = len(list(memory.rglob("output.pkl")))
    again = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    repeated = len(set(begun) & set(again))
    pieces = ChromaExtractor(memory=memory).transform(paths)
    equal = all(map(np.array_equal, pieces, expected))
    # What was begun but not finished has to be analyzed again.
    wrongly = repeated - (len(begun) - finished)
    print(
        f"killed: {len(begun)} recordings were begun, {finished} finished; run again: {wrongly} "
        f"finished ones analyzed again, pieces {'equal' if equal else 'DIFFERENT'}"
    )
    return equal and wrongly == 0


def main() -> None:
    arguments = clip_parser(__doc__, clips=100, seconds=60).parse_args()
    with clips_in_folder(arguments) as (paths, folder):
        expected = measure_twice(paths, folder / "cache")
        survived = kill_and_resume(paths, folder / "killed", expected)
    sys.exit(0 if survived else 1)


if __name__ == "__main__":
    main()
