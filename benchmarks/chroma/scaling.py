"""Scaling of extraction: one thread, two threads, two processes, a Dask cluster.

::

    python -m benchmarks.chroma.scaling music/*.ogg

The script cuts 200 clips of 30 seconds from the recordings (by default, three chorales of the demo)
as FLAC, Ogg, WAV and MP3 files in turn, and extracts chroma from all of them with

- ``n_jobs=1`` and ``n_jobs=2``: threads, the default;
- loky: joblib's processes, ``joblib.parallel_config(backend="loky")``;
- dask: a cluster of two worker processes on this machine, ``backend="dask"``.

Workers start and import musicai before the timing. The columns are wall time, speed in seconds of
audio per second, the ratio to the speed of one thread, and whether the pieces are bitwise equal to
those of one thread.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

COLUMNS = "{:<24}{:>10}{:>10}{:>8}{:>8}"


@contextmanager
def dask_cluster(n_workers: int) -> Iterator[None]:
    import joblib
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=n_workers, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        yield


def main() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # one thread per job

    import joblib
    import numpy as np

    from benchmarks.common.clips import clip_parser, clips_in_folder
    from musicai import ChromaExtractor

    parser = clip_parser(__doc__, clips=200, seconds=30)
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="default: 2")
    arguments = parser.parse_args()
    n_jobs = arguments.jobs
    ways = {
        "n_jobs=1": (1, nullcontext),
        f"n_jobs={n_jobs}, threads": (n_jobs, nullcontext),
        f"n_jobs={n_jobs}, loky": (n_jobs, lambda: joblib.parallel_config(backend="loky")),
        f"dask, {n_jobs} processes": (None, lambda: dask_cluster(n_jobs)),
    }
    with clips_in_folder(arguments) as (paths, _):
        print(COLUMNS.format("", "seconds", "speed", "ratio", "equal"))
        first_pieces = None
        for name, (jobs, context) in ways.items():
            extractor = ChromaExtractor(n_jobs=jobs)
            with context():
                extractor.transform(paths[: 4 * n_jobs])
                start = time.perf_counter()
                pieces = extractor.transform(paths)
                seconds = time.perf_counter() - start
            if first_pieces is None:
                first_pieces, first_seconds = pieces, seconds
            equal = all(map(np.array_equal, pieces, first_pieces))
            audio = sum(map(len, pieces)) / extractor.frame_rate
            print(
                COLUMNS.format(
                    name,
                    f"{seconds:.1f}",
                    f"{audio / seconds:.0f}x",
                    f"{first_seconds / seconds:.2f}",
                    "yes" if equal else "NO",
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
