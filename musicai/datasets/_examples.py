"""librosa's example recordings."""

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from sklearn.utils import Bunch

from ..audio.headers import read_durations
from ..base.parameters import is_one_of
from ._durations import describe_durations
from ._fetching import fetch_file

_URL = "https://librosa.org/data/audio/"
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
"""The others are voices, a bird, a whale and a dog."""

_DESCR = """\
Example recordings of librosa
=============================
{n_recordings} recordings, mono Ogg at 22050 Hz: {titles}.
{lengths}

License: {license}.
Source: {source}
"""


class _Track(NamedTuple):
    title: str
    stem: str


def fetch_recordings(names: list[str] | None = None) -> Bunch:
    """Recordings of many kinds of music, free to use: those that librosa brings for its examples.

    The first time they are downloaded, to where librosa keeps them: the folder that the
    environment variable ``LIBROSA_DATA_DIR`` names, or ``librosa`` in the system's folder of
    caches. Files are known by the SHA-256 in librosa's registry.

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
            The license of each recording, with its source, in its publisher's words.
        DESCR, license, source : str
            What this is, whose rights hold, and where it is from.

    Raises
    ------
    OSError
        If a file cannot be downloaded. The message says what to put where by hand.
    ValueError
        If a file is another one than was published, or a name is unknown.

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
    # Not librosa.example: it fetches no licenses, and asks the environment for the folder but once,
    # when librosa is imported.
    import pooch

    tracks = _choose(names)
    folder = Path(os.environ.get("LIBROSA_DATA_DIR") or pooch.os_cache("librosa"))
    hashes = _read_registry()

    def fetch(name: str) -> Path:
        return fetch_file(folder / name, url=_URL + name, sha256=hashes[name])

    recordings = [fetch(f"{track.stem}.ogg") for track in tracks]
    licenses = [fetch(f"{track.stem}.txt").read_text("utf-8").strip() for track in tracks]
    durations = read_durations(recordings)
    titles = [track.title for track in tracks]
    license = "each recording has its own, mostly Creative Commons: see licenses"
    return Bunch(
        recordings=recordings,
        titles=titles,
        target=None,
        target_names=[],
        durations=durations,
        licenses=licenses,
        license=license,
        source=_URL,
        DESCR=_DESCR.format(
            n_recordings=len(tracks),
            titles="; ".join(titles),
            lengths=describe_durations(recordings, durations, None),
            license=license,
            source=_URL,
        ),
    )


def _choose(names: Any) -> list[_Track]:
    index = json.loads(_resource("index.json"))
    if names is None:
        names = _MUSIC
    known = tuple(index)
    is_list = isinstance(names, (list, tuple)) and len(names) > 0
    if not is_list or not all(is_one_of(name, known) for name in names):
        raise ValueError(
            f"names must be None or a list of some of {tuple(sorted(index))}, got {names!r}"
        )
    return [_Track(index[name]["desc"], index[name]["path"]) for name in names]


def _read_registry() -> dict[str, str]:
    """Return the SHA-256 of each file: lines of a name and its hash."""
    return dict(line.rsplit(maxsplit=1) for line in _resource("registry.txt").splitlines() if line)


def _resource(name: str) -> str:
    return (files("librosa.util") / "example_data" / name).read_text("utf-8")
