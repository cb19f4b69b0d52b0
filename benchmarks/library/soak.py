"""Whether an hour of everything at once leaves the process as it was.

One process does all the kinds of work that there are, in any order, under a limit of its address
space: it extracts (files in every format, arrays, beats; in threads and in processes), trains,
searches, samples (in many threads, too), plays mosaics, renders, judges, draws and pickles. What
it gives must be the same every time. Between these, things go wrong::

    python -m benchmarks.library.soak --minutes 60

- Ctrl-C at a random moment of a fit, a search, an extraction, of composing, rendering, judging and
  of writing any kind of file. Nothing half-written may be left, nothing held, and the same object
  must then give the very result of an undisturbed twin;
- disks that are full (root only, for it takes a disk of its own), folders that may not be written
  to, damaged and missing recordings, a worker process that is killed.

Every minute it prints what the process holds, and at the end the same as a table, with what was
injected and what came of it. The exit status is 1 if any result differed, if anything was left
behind, if the process holds more open files, threads, processes or temporary files than after
warming up, or if the memory that it uses grew by more than `--bound` megabytes an hour: the slope
of a robust regression (Theil and Sen) on looks every 10 seconds, once a fifth of the time is over.
For this all that Python allocates comes from the C library, which tells how much is in use
(`PYTHONMALLOC=malloc`; the script starts itself anew with it). What the system counts (RSS, and of
it the process's own) is also told: it holds what the allocator keeps for later as well.

The limit of the address space is the most that was taken while warming up, and `--margin` megabytes
more; torch and the stacks of threads reserve much of it without using it. Linux only.
"""

import argparse
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")

from scipy.stats import theilslopes

from benchmarks.common.vitals import MEGABYTE, Vitals, children, look, open_files
from benchmarks.library._soak_faults import FAULTS, FAULTS_ON_A_DISK, can_mount
from benchmarks.library._soak_interruptions import INTERRUPTIONS
from benchmarks.library._soak_work import WORK
from benchmarks.library._soak_world import World

SECONDS_BETWEEN_LOOKS = 10.0
WARM_UP_ROUNDS = 2
SETTLED = 0.2
"""Share of the time after which memory is expected to be flat."""

COLUMNS = (
    "minute",
    "rounds",
    "used",
    "RSS",
    "own",
    "virtual",
    "files",
    "threads",
    "children",
    "temporary",
)


class Soak:
    """Work and faults, one after another, and what was seen meanwhile."""

    def __init__(self, world: World, minutes: float, disks: bool) -> None:
        self.world = world
        self.jobs = WORK + INTERRUPTIONS + FAULTS + (FAULTS_ON_A_DISK if disks else ())
        self.minutes = minutes
        self.n_rounds = 0
        self.wrong: list[str] = []
        self.seen: list[tuple[float, Vitals]] = []
        self.rows: list[tuple[float, ...]] = []

    def round(self) -> None:
        """Do everything once, in any order."""
        for number in self.world.rng.permutation(len(self.jobs)):
            self.do(self.jobs[number])
            self.watch()
        self.n_rounds += 1

    def do(self, job) -> None:
        """Do one job; whatever goes wrong, the next one follows."""
        try:
            job(self.world)
        except (Exception, KeyboardInterrupt) as error:
            self.wrong.append(f"{job.__name__}: {type(error).__name__}: {error}")
            print(f"\n{traceback.format_exc()}\n", file=sys.stderr, flush=True)
        self.world.counts[f"work: {job.__name__}"] += 1

    def start(self) -> None:
        """Begin to watch."""
        self.started = time.monotonic()
        self.first = look(self.world.temporary)
        print(("{:>10}" * len(COLUMNS)).format(*COLUMNS), flush=True)

    def watch(self) -> None:
        """Look at the process every 10 seconds, and tell every minute."""
        if not hasattr(self, "started"):
            return
        passed = time.monotonic() - self.started
        if self.seen and passed - self.seen[-1][0] < SECONDS_BETWEEN_LOOKS:
            return
        now = look(self.world.temporary)
        self.seen.append((passed, now))
        if passed / 60 >= len(self.rows):
            row = (passed / 60, self.n_rounds, now.used, now.rss, now.own, now.virtual)
            self.rows.append((*row, now.files, now.threads, now.children, now.temporary))
            print(("{:>10.1f}{:>10}{:>10.1f}" + "{:>10.0f}" * 7).format(*self.rows[-1]), flush=True)

    def run(self) -> None:
        """Go on until the time is over."""
        self.start()
        while time.monotonic() - self.started < 60 * self.minutes:
            self.round()

    def growth(self, kind: str) -> tuple[float, float, float]:
        """Tell how memory grows in megabytes an hour, and the 95 % interval of that."""
        settled = [
            (t / 3600, getattr(vitals, kind))
            for t, vitals in self.seen
            if t >= SETTLED * 60 * self.minutes
        ]
        hours, memory = zip(*settled, strict=True)
        slope = theilslopes(memory, hours)
        return float(slope.slope), float(slope.low_slope), float(slope.high_slope)

    def left(self) -> list[str]:
        """Tell what is held beyond what was held after warming up."""
        last = look(self.world.temporary)
        return [
            f"{name}: {getattr(last, name)}, after warming up {getattr(self.first, name)}"
            for name in ("files", "threads", "children", "temporary")
            if getattr(last, name) > getattr(self.first, name)
        ]


def limit_address_space(vitals: Vitals, margin: float) -> float:
    """Allow this process and its children no more than it took so far, and a margin."""
    megabytes = vitals.peak + margin
    resource.setrlimit(resource.RLIMIT_AS, (int(megabytes * MEGABYTE),) * 2)
    return megabytes


def print_tables(soak: Soak) -> None:
    print(f"\n| {' | '.join(COLUMNS)} |\n|{' ---: |' * len(COLUMNS)}")
    for minute, n_rounds, used, *others in soak.rows:
        cells = [
            f"{minute:.0f}",
            str(n_rounds),
            f"{used:.1f}",
            *(f"{value:.0f}" for value in others),
        ]
        print(f"| {' | '.join(cells)} |")
    print("\n| what was done, or went wrong | times |\n| --- | ---: |")
    for name, count in sorted(soak.world.counts.items()):
        print(f"| {name} | {count} |")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60, metavar="N", help="default: 60")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--margin", type=float, default=512, metavar="MB", help="default: 512")
    parser.add_argument("--bound", type=float, default=2, metavar="MB", help="default: 2")
    arguments = parser.parse_args()
    if os.environ.get("PYTHONMALLOC") != "malloc":
        os.environ["PYTHONMALLOC"] = "malloc"
        os.execv(sys.executable, [sys.executable, *sys.argv])
    # What a shell starts in the background ignores Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", "A worker stopped while some jobs")  # one that was killed
    warnings.filterwarnings("ignore", "held-out music is among")  # made by rules, it is all alike
    lost: list[str] = []
    sys.unraisablehook = lambda failed: lost.append(f"{failed.exc_value!r} in {failed.object!r}")
    with tempfile.TemporaryDirectory() as base:
        folder, temporary = Path(base) / "folder", Path(base) / "temporary"
        os.chmod(base, 0o755)
        folder.mkdir(), temporary.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
        disks = can_mount(temporary)
        soak = Soak(World(folder, temporary, arguments.seed), arguments.minutes, disks)
        for _ in range(WARM_UP_ROUNDS):
            soak.round()
        soak.world.counts.clear()
        soak.n_rounds = 0
        megabytes = limit_address_space(look(temporary), arguments.margin)
        print(f"address space is limited to {megabytes:.0f} MB; disks of its own: {disks}")
        soak.run()
        left = soak.left()
        print_tables(soak)
        print(
            f"\n{soak.n_rounds} rounds in {arguments.minutes:g} minutes; "
            f"address space: at most {look(temporary).peak:.0f} MB of {megabytes:.0f}"
        )
        growths = {kind: soak.growth(kind) for kind in ("used", "own")}
        for kind, (slope, low, high) in growths.items():
            print(f"{kind} memory: {slope:+.2f} MB an hour (95 %: {low:+.2f} to {high:+.2f})")
        for what in lost:
            print(f"raised where nobody can catch it: {what}")
        for what in soak.wrong:
            print(f"wrong: {what}")
        for what in left:
            print(f"left: {what}")
            print(open_files(), children(), sorted(temporary.rglob("*")))
    good = not (soak.wrong or left) and growths["used"][0] <= arguments.bound
    print("good" if good else "NOT GOOD")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
