"""Requests per second and processor time of the web service in docs/guide/serving.md.

    python -m benchmarks.library.serving [--workers 2] [--clients 16] [--seconds 30]

Needs FastAPI, uvicorn and Linux. On this machine, uvicorn serves a composer and a mosaic that are
trained on 12 rule-based songs. Each client requests pieces of about 15 seconds, one after another,
each with a different seed. A row has the responses per second, the processor time of the service
per response, the median and 95th percentile of the response time in seconds, the number of errors,
and the memory of all processes of the service at the end.
"""

import argparse
import http.client
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import numpy as np
from sklearn.pipeline import make_pipeline

from benchmarks.common.music import print_table
from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer
from musicai.datasets import make_songs

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "serving.md"
PORT = 8321
SECONDS = 15
ADDRESSES = ("/chroma", "/midi", "/band.wav", "/mosaic.wav")


def make_service(folder):
    """Write the files that the service needs; return the number of frames in 15 seconds."""
    songs = make_songs(12, n_jobs=2)
    extractor = ChromaExtractor(sync="half-beat", n_jobs=2)
    pipe = make_pipeline(extractor, LSTMComposer(max_iter=3, random_state=0))
    pipe.fit(songs.recordings, songs.target)
    mosaic = MosaicSynthesizer(extractor).fit(songs.recordings, songs.target)
    joblib.dump(pipe[-1], folder / "composer.joblib")
    joblib.dump(mosaic, folder / "mosaic.joblib")
    code = re.search(r"^```py\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    (folder / "service.py").write_text(code[1].replace('.set_params(root="recordings")', ""))
    return int(pipe[-1].timing.frames_at(SECONDS))


def ask(path):
    """Return status and bytes of a response."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=300)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def load(address, n_frames, n_clients, seconds):
    """Return the response times in seconds, the number of errors, and the total seconds."""
    taken, failed = [], []
    start = time.perf_counter()

    def client(number):
        count = 0
        while time.perf_counter() - start < seconds:
            begin = time.perf_counter()
            try:
                status, _ = ask(f"{address}?seed={100_000 * number + count}&n_frames={n_frames}")
            except (OSError, http.client.HTTPException):
                status = None
            (taken if status == 200 else failed).append(time.perf_counter() - begin)
            count += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(n_clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken, len(failed), time.perf_counter() - start


def family(process):
    """Return the folders in /proc of a process and of those that it started."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [Path(f"/proc/{process}"), *(each for child in children for each in family(child))]


def memory(process):
    """Return the memory in MB of a process and those that it started."""
    status = "".join((each / "status").read_text() for each in family(process))
    return sum(map(int, re.findall(r"VmRSS:\s+(\d+) kB", status))) / 1024


def processor_seconds(process):
    """Return the processor time of a process and of those that it started."""
    stats = [(each / "stat").read_text().rpartition(")")[2].split() for each in family(process)]
    return sum(int(each[11]) + int(each[12]) for each in stats) / os.sysconf("SC_CLK_TCK")


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--clients", type=int, default=16, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=30, help="default: %(default)s")
    args = parser.parse_args()
    rows = []
    with TemporaryDirectory() as folder:
        n_frames = make_service(Path(folder))
        command = [sys.executable, "-m", "uvicorn", "service:app", "--log-level", "error"]
        command += ["--port", str(PORT), "--workers", str(args.workers)]
        command += ["--timeout-worker-healthcheck", "60"]
        service = subprocess.Popen(command, cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"})
        try:
            for _ in range(600):
                try:
                    ask("/chroma?seed=0&n_frames=2")
                    break
                except OSError:
                    time.sleep(0.5)
            for address in ADDRESSES:
                start = processor_seconds(service.pid)
                taken, n_failed, lasted = load(address, n_frames, args.clients, args.seconds)
                each = 1000 * (processor_seconds(service.pid) - start) / max(1, len(taken))
                median, slow = np.percentile(taken or [np.nan], [50, 95])
                used = f"{memory(service.pid):.0f}"
                rate = len(taken) / lasted
                rows.append((address, rate, f"{each:.0f}", median, slow, str(n_failed), used))
        finally:
            service.terminate()
            service.wait()
    head = ("address", "responses/s", "CPU ms", "median s", "95 % s", "errors", "MB")
    print_table(head, rows)
    print(f"\n{args.workers} workers, {args.clients} clients, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
