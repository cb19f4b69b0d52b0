"""What a process holds of the system: memory, open files, threads, children, temporary files.

Linux with glibc only. Python's own small objects count as used where it runs with
``PYTHONMALLOC=malloc``.
"""

import ctypes
import gc
import os
from pathlib import Path
from typing import NamedTuple

MEGABYTE = 2**20
MEMORY = {"VmRSS": "rss", "RssAnon": "own", "VmSize": "virtual", "VmPeak": "peak"}


class Allocated(ctypes.Structure):
    """What glibc's mallinfo2 tells, in bytes; see malloc.h."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


C_LIBRARY = ctypes.CDLL(None)
C_LIBRARY.mallinfo2.restype = Allocated


class Vitals(NamedTuple):
    """One look at a process.

    Attributes
    ----------
    used : float
        Megabytes that were asked of the allocator and not given back. What the system counts is
        more, since pages stay where something is left on them.
    rss, own, virtual, peak : float
        Megabytes in memory, those of them that no file backs, of address space, and the most
        address space that there ever was.
    files : int
        Open descriptors.
    threads, children : int
        How many there are.
    temporary : int
        Files and folders in the folder for temporary files.
    """

    used: float
    rss: float
    own: float
    virtual: float
    peak: float
    files: int
    threads: int
    children: int
    temporary: int


def look(temporary: Path) -> Vitals:
    """Look at this process once garbage is collected; temporary files are those in a folder."""
    gc.collect()
    allocated = C_LIBRARY.mallinfo2()
    memory = {}
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in MEMORY:
            memory[MEMORY[name]] = int(value.split()[0]) * 1024 / MEGABYTE
    return Vitals(
        used=(allocated.uordblks + allocated.hblkhd) / MEGABYTE,
        **memory,
        files=len(open_files()),
        threads=len(os.listdir("/proc/self/task")),
        children=len(children()),
        temporary=sum(1 for _ in temporary.rglob("*")),
    )


def open_files() -> dict[int, str]:
    """Return the open descriptors and what they lead to."""
    found = {}
    for number in os.listdir("/proc/self/fd"):
        try:
            found[int(number)] = os.readlink(f"/proc/self/fd/{number}")
        except FileNotFoundError:  # that of the folder itself
            continue
    return found


def children() -> dict[int, str]:
    """Return the processes that this one has started and that are there still, and their commands.

    One that has ended and that nobody has waited for counts, and has no command.
    """
    found = {}
    for thread in Path("/proc/self/task").iterdir():
        try:
            numbers = (thread / "children").read_text().split()
        except FileNotFoundError:  # the thread has just ended
            continue
        for number in numbers:
            try:
                command = Path(f"/proc/{number}/cmdline").read_bytes()
            except FileNotFoundError:
                continue
            found[int(number)] = command.replace(b"\0", b" ").decode("utf-8", "replace").strip()
    return found
