"""Memory and processor time of processes."""

import resource
from pathlib import Path


def peak_megabytes() -> float:
    """Return the peak memory of this process in MB; NaN on systems other than Linux.

    The peak from `resource.getrusage` would include the memory of the parent process.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024


def processor_seconds(*whose: int) -> float:
    """Return the processor time of `RUSAGE_SELF`, `RUSAGE_CHILDREN`, or both, in seconds."""
    usages = map(resource.getrusage, whose)
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
