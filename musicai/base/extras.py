"""Packages that only some of the library needs."""

import warnings
from importlib import import_module
from typing import Any

PACKAGES = {
    "midi": ("mido", "pretty_midi", "midirenderer"),
    "score": ("music21",),
    "plot": ("matplotlib",),
    "librosa": ("librosa",),
}
"""What each extra brings, for those who have no clone at hand; pyproject.toml has the versions."""


def need(module: str, *, extra: str, what: str) -> Any:
    """Import a package of an extra, or say what brings it.

    Parameters
    ----------
    module : str
        The module to import.
    extra : str
        Name of the extra, as for pip; several have commas between them.
    what : str
        What needs it: the function that the user called, and where another parameter would do
        without the package, which.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # these packages' own, and not for our users
            return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        names = " ".join(name for part in extra.split(",") for name in PACKAGES[part])
        raise ImportError(
            f"{what} needs {package}: pip install {names}, or in a clone of musicai "
            f'pip install ".[{extra}]"'
        ) from error
