"""Packages that only some of the library needs."""

import warnings
from importlib import import_module
from typing import Any


def need(module: str, *, extra: str, what: str) -> Any:
    """Import a package of an extra, or say what brings it.

    Parameters
    ----------
    module : str
        The module to import.
    extra : str
        Name of the extra, as for pip.
    what : str
        What needs it, in the user's words.

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
        raise ImportError(f"{what} needs {package}: pip install musicai[{extra}]") from error
