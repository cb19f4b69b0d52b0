"""Optional dependencies."""

import warnings
from importlib import import_module
from typing import Any

PACKAGES = {
    "midi": ("mido", "pretty_midi", "midirenderer"),
    "score": ("music21",),
    "plot": ("matplotlib",),
    "librosa": ("librosa",),
}
"""Packages that musicai imports, by the extra that installs them, for error messages.

pyproject.toml specifies their versions.
"""


def need(module: str, *, extra: str, what: str) -> Any:
    """Import an optional package, or raise an error that says how to install it.

    Parameters
    ----------
    module : str
        Module to import.
    extra : str
        Name of the extra, or several names separated by commas.
    what : str
        Subject of the error message, usually the name of the function that needs the package.

    Raises
    ------
    ImportError
        If the package is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # users cannot act on warnings from these packages
            return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        names = " ".join(name for part in extra.split(",") for name in PACKAGES[part])
        raise ImportError(
            f"{what} needs {package}: pip install {names}, or in a clone of musicai "
            f'pip install ".[{extra}]"'
        ) from error
