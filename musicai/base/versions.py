"""Installed versions, for bug reports."""

import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from .._version import __version__


def show_versions() -> None:
    """Print the versions of musicai, Python and the dependencies, and facts about the system.

    Optional dependencies are listed, too. Include the output in bug reports.

    Examples
    --------
    >>> import musicai
    >>> musicai.show_versions()
    musicai ...
    """
    rows = {
        "musicai": __version__,
        "Python": sys.version.replace("\n", " "),
        "system": platform.platform(),
        "cores": str(os.cpu_count()),
        "ffmpeg": shutil.which("ffmpeg") or "not found",
        **{name: _version(name) for name in _packages()},
    }
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:<{width}}  {value}")


def _packages() -> list[str]:
    """Return the names of the dependencies, except those for tests and documentation."""
    lines = map(Requirement, requires("musicai") or [])
    for_us = ("test", "docs")
    return [
        line.name
        for line in lines
        if line.name != "musicai"
        and not (line.marker and any(f'"{extra}"' in str(line.marker) for extra in for_us))
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
