"""Files in a folder, with the names of its subfolders as styles."""

import os
import warnings
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from ..audio.ffmpeg import explain_lack
from ..audio.headers import need_ffmpeg, read_durations
from ..files.paths import printable
from ._durations import describe_durations

_DESCR = """\
{title}
{underline}
{n_recordings} {things}, {styles}.
{lengths}
License: {license}.
Source: {source}
"""


def load_folder(
    folder: str | os.PathLike[str],
    suffixes: tuple[str, ...],
    *,
    what: str,
    things: str,
    with_durations: bool = False,
) -> Bunch:
    """Find the files of some suffixes; see `load_recordings` for what is returned and raised.

    Parameters
    ----------
    folder : str or path
        Searched at any depth.
    suffixes : tuple of str
        In lower case, with the dot.
    what, things : str
        What such files hold and what they are called, in messages: "audio" and "recordings".
    with_durations : bool, default=False
        Whether they are audio, whose headers tell how long they are.
    """
    root = Path(folder).expanduser().resolve()
    if not root.exists():
        raise FileNotFoundError(f"no folder {os.fspath(folder)!r}: expected a folder of {things}")
    if not root.is_dir():
        raise NotADirectoryError(
            f"{os.fspath(folder)!r} is a file: expected the folder that holds the {things}"
        )
    recordings = find_files(root, suffixes)
    if not recordings:
        raise FileNotFoundError(
            f"no {what} in {os.fspath(folder)!r}: expected files that end in "
            f"{', '.join(suffixes)}, in it or its subfolders"
        )
    target = _styles(root, recordings)
    target_names = sorted(set(target)) if target else []
    title = f"{things[0].upper()}{things[1:]} of {printable(root.name)}"
    license = f"that of the {things} themselves"
    lengths = ""
    data = Bunch(
        recordings=recordings,
        titles=[printable(path.stem) for path in recordings],
        target=target,
        target_names=target_names,
        license=license,
        source=printable(root),
    )
    if with_durations:
        data.durations = read_durations(recordings)
        lengths = describe_durations(recordings, data.durations, target) + "\n"
        unknown = [recordings[i] for i in np.flatnonzero(np.isnan(data.durations))]
        if unread := [printable(unknown[i].name) for i in need_ffmpeg(unknown)]:
            lack = explain_lack(unread, len(recordings))
            lengths += f"{lack}.\n"
            warnings.warn(lack, stacklevel=3)
    data.DESCR = _DESCR.format(
        title=title,
        things=things,
        underline="=" * len(title),
        n_recordings=len(recordings),
        styles=f"in the styles {', '.join(target_names)}" if target else "without styles",
        lengths=lengths,
        license=license,
        source=data.source,
    )
    return data


def find_files(root: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Return the files of some suffixes at any depth, without those that are hidden."""
    found = []
    for parent, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not (name.startswith(".") or name == "__MACOSX")]
        found += [
            Path(parent, name)
            for name in files
            if not name.startswith(".") and Path(name).suffix.lower() in suffixes
        ]
    return sorted(found)


def _styles(root: Path, recordings: list[Path]) -> list[str] | None:
    places = [path.relative_to(root).parts[:-1] for path in recordings]
    if not any(places):
        return None
    return [printable(place[0] if place else root.name) for place in places]
