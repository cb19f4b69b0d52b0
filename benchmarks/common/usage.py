"""What processes took of memory and of the processor."""

import resource
from pathlib import Path


def peak_megabytes() -> float:
    """Return the most memory that this process has had, in MB; nan where there is no Linux.

    The peak that `resource.getrusage` tells begins with what the process had that started this one.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024


def processor_seconds(*whose: int) -> float:
    """Return the processor time of `resource.RUSAGE_SELF`, `resource.RUSAGE_CHILDREN` or both."""
    usages = map(resource.getrusage, whose)
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
