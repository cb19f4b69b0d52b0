"""Download of librosa's example recordings."""

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
"""Names of the examples that are music; the others are mostly speech and animal sounds."""

_DESCR = """\
Example recordings of librosa
=============================
{n_recordings} recordings, mono Ogg at 22050 Hz: {titles}.
{lengths}

License: {license}.
Source: {source}
"""


def fetch_recordings(names: list[str] | None = None) -> Recordings:
    """Fetch librosa's example recordings: free music of many kinds.

    ``librosa.example`` downloads each recording once, verifies its SHA-256 hash, and caches it. The
    environment variable ``LIBROSA_DATA_DIR``, which librosa reads when it is imported, sets the
    cache folder. The default is ``librosa`` in the user's cache folder.

    Parameters
    ----------
    names : list of str, default=None
        Names of the recordings to fetch, as listed by ``librosa.util.list_examples``. None means
        all examples that are music: "brahms", "choice", "fishin", "nutcracker", "pistachio",
        "sweetwaltz", "trumpet" and "vibeace".

    Returns
    -------
    data : Bunch
        With the attributes

        recordings : list of Path
            Mono Ogg files at 22050 Hz.
        titles : list of str
            Artist and title of each recording.
        target : None
            The recordings have no style labels.
        target_names : list of str
            Empty.
        durations : ndarray of shape (n_recordings,)
            Duration of each recording in seconds.
        licenses : list of str
            License and source of each recording, from ``librosa.util.example_info``.
        DESCR, license, source : str
            Description, license and origin.

    Raises
    ------
    ImportError
        If librosa is missing.
    OSError
        If a file cannot be downloaded. The message explains how to install it by hand.
    ValueError
        If a name is unknown, or `names` is empty or not a list.

    See Also
    --------
    load_recordings : Find your own recordings.
    librosa.example : Fetch a single recording.

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
    """Check the names of recordings (None: all music), and return the names and titles."""
    librosa = need("librosa", extra="librosa", what="fetch_recordings")

    lines = _printed(librosa.util.list_examples).splitlines()
    pairs = [line.split("\t", 1) for line in lines if "\t" in line]
    titles = {name.strip(): title for name, title in pairs}
    if names is None:
        names = _MUSIC
    is_list = isinstance(names, (list, tuple)) and len(names) > 0
    if not is_list or not all(is_one_of(name, tuple(titles)) for name in names):
        raise ValueError(f"names must be None or a list from {tuple(titles)}, got {names!r}")
    return list(names), [titles[name] for name in names]


def _fetch(name: str) -> tuple[Path, str]:
    """Download a recording unless it is cached, and return its path and license."""
    librosa = need("librosa", extra="librosa", what="fetch_recordings")
    import pooch

    try:
        return Path(librosa.example(name)), _printed(librosa.util.example_info, name)
    except (OSError, ValueError) as error:  # pooch raises ValueError if the hash is wrong
        folder = os.environ.get("LIBROSA_DATA_DIR") or pooch.os_cache("librosa")
        raise OSError(
            f"librosa's example {name!r} could not be downloaded ({reason(error)}): on a machine "
            f"with a network, call librosa.example({name!r}) and "
            f"librosa.util.example_info({name!r}), and copy the two files that they download to "
            f"{folder}"
        ) from error


def _printed(call: Callable[..., object], *arguments: str) -> str:
    """Call a function of librosa, and return the text that it prints, without empty lines."""
    with redirect_stdout(StringIO()) as output:
        call(*arguments)
    return "\n".join(line for line in output.getvalue().splitlines() if line)
