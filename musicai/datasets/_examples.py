"""librosa's example recordings."""

import os
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from ..audio.headers import read_durations
from ..base.extras import need
from ..base.parameters import is_one_of
from ._durations import describe_durations
from ._fetching import reason
from .bunches import Recordings

_SOURCE = "https://librosa.org/data/audio/"
_MUSIC = (
    "brahms",
    "choice",
    "fishin",
    "nutcracker",
    "pistachio",
    "sweetwaltz",
    "trumpet",
    "vibeace",
)
"""The other examples are voices, animals, or made to test trackers."""

_DESCR = """\
Example recordings of librosa
=============================
{n_recordings} recordings, mono Ogg at 22050 Hz: {titles}.
{lengths}

License: {license}.
Source: {source}
"""


def fetch_recordings(names: list[str] | None = None) -> Recordings:
    """Fetch librosa's example recordings: many kinds of music, free to use.

    ``librosa.example`` downloads each once, compares it with the SHA-256 in librosa's registry, and
    keeps it in librosa's folder: the environment variable ``LIBROSA_DATA_DIR``, read when librosa
    is imported, or ``librosa`` in the system's folder of caches.

    Parameters
    ----------
    names : list of str, default=None
        Which of the recordings, by the names that ``librosa.util.list_examples`` lists. None for
        all that are music: "brahms", "choice", "fishin", "nutcracker", "pistachio", "sweetwaltz",
        "trumpet" and "vibeace".

    Returns
    -------
    data : Bunch
        With the attributes

        recordings : list of Path
            Ogg files, mono, 22050 Hz.
        titles : list of str
            Who plays what.
        target : None
            Each is of a style of its own.
        target_names : list of str
            Empty.
        durations : ndarray of shape (n_recordings,)
            Seconds.
        licenses : list of str
            The license and source of each recording, as ``librosa.util.example_info`` prints them.
        DESCR, license, source : str
            What this is, whose rights hold, and where it is from.

    Raises
    ------
    OSError
        If a file cannot be downloaded. The message says which files to put where by hand.
    ValueError
        If a name is unknown.

    See Also
    --------
    load_recordings : Finds recordings of your own.
    librosa.example : Fetches one of them.

    Examples
    --------
    >>> from musicai.datasets import fetch_recordings
    >>> data = fetch_recordings(["brahms", "nutcracker"])  # doctest: +SKIP
    >>> data.titles  # doctest: +SKIP
    ['Brahms - Hungarian Dance #5', 'Tchaikovsky - Dance of the Sugar Plum Fairy']
    """
    names, titles = _choose(names)
    recordings, licenses = zip(*map(_fetch, names), strict=True)
    durations = read_durations(recordings)
    license = "each recording has its own, mostly Creative Commons: see licenses"
    return Recordings(
        recordings=list(recordings),
        titles=titles,
        target=None,
        target_names=[],
        durations=durations,
        licenses=list(licenses),
        license=license,
        source=_SOURCE,
        DESCR=_DESCR.format(
            n_recordings=len(names),
            titles="; ".join(titles),
            lengths=describe_durations(recordings, durations, None),
            license=license,
            source=_SOURCE,
        ),
    )


def _choose(names: Any) -> tuple[list[str], list[str]]:
    """Return the names of recordings, checked, and their titles."""
    librosa = need("librosa", extra="librosa", what="fetch_recordings")

    lines = _printed(librosa.util.list_examples).splitlines()
    pairs = [line.split("\t", 1) for line in lines if "\t" in line]
    titles = {name.strip(): title for name, title in pairs}
    if names is None:
        names = _MUSIC
    is_list = isinstance(names, (list, tuple)) and len(names) > 0
    if not is_list or not all(is_one_of(name, tuple(titles)) for name in names):
        raise ValueError(f"names must be None or a list of some of {tuple(titles)}, got {names!r}")
    return list(names), [titles[name] for name in names]


def _fetch(name: str) -> tuple[Path, str]:
    """Return the path of a recording and its license."""
    librosa = need("librosa", extra="librosa", what="fetch_recordings")
    import pooch

    try:
        return Path(librosa.example(name)), _printed(librosa.util.example_info, name)
    except (OSError, ValueError) as error:  # requests' errors are OSErrors; another hash is a value
        folder = os.environ.get("LIBROSA_DATA_DIR") or pooch.os_cache("librosa")
        raise OSError(
            f"librosa's example {name!r} could not be downloaded ({reason(error)}): where there is "
            f"a network, call librosa.example({name!r}) and librosa.util.example_info({name!r}), "
            f"and copy the two files that they download to {folder}"
        ) from error


def _printed(call: Callable[..., object], *arguments: str) -> str:
    """Return what a function of librosa's prints, without empty lines; it returns nothing."""
    with redirect_stdout(StringIO()) as output:
        call(*arguments)
    return "\n".join(line for line in output.getvalue().splitlines() if line)
