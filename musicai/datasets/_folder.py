"""Files in a folder, with the names of its subfolders as styles."""

import os
import warnings
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..audio.ffmpeg import explain_lack
from ..audio.headers import need_ffmpeg, read_durations
from ..files.paths import printable
from ._durations import describe_durations
from .bunches import Recordings

_DESCR = """\
{title}
{underline}
{n_recordings} {things}, {styles}.
{lengths}{passed_by}
License: {license}.
Source: {source}
"""


def load_folder(
    folder: str | os.PathLike[str],
    suffixes: tuple[str, ...],
    *,
    what: str,
    things: str,
    exclude: str | os.PathLike[str] | None = None,
    with_durations: bool = False,
) -> Recordings:
    """Find the files of some suffixes; see `load_recordings` for what is returned and raised.

    Parameters
    ----------
    folder : str or path
        Searched at any depth.
    suffixes : tuple of str
        In lower case, with the dot.
    what, things : str
        What such files hold and what they are called, in messages: "audio" and "recordings".
    exclude : str or path, default=None
        A folder that is not searched.
    with_durations : bool, default=False
        Whether they are audio, whose headers tell how long they are.
    """
    try:
        root = Path(folder).expanduser().resolve()
        exists = root.exists()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a name of no folder
        raise FileNotFoundError(
            f"the folder {os.fspath(folder)!r} cannot be opened ({error}); check its path"
        ) from None
    if not exists:
        raise FileNotFoundError(f"no folder {os.fspath(folder)!r}: expected a folder of {things}")
    if not root.is_dir():
        raise NotADirectoryError(
            f"{os.fspath(folder)!r} is a file: expected the folder that holds the {things}"
        )
    recordings, passed_by = find_files(root, suffixes, exclude)
    if not recordings:
        others = f"; it holds {_counted(passed_by)}" if passed_by else ""
        raise FileNotFoundError(
            f"no {what} in {os.fspath(folder)!r}: expected files that end in "
            f"{', '.join(suffixes)}, in it or its subfolders{others}"
        )
    target = _styles(root, recordings)
    target_names = sorted(set(target)) if target else []
    title = f"{things[0].upper()}{things[1:]} of {printable(root.name)}"
    license = f"that of the {things} themselves"
    lengths = ""
    data = Recordings(
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
        passed_by=f"Passed by: {_counted(passed_by)}.\n" if passed_by else "",
        license=license,
        source=data.source,
    )
    return data


class Found(NamedTuple):
    """Files of a folder.

    Attributes
    ----------
    files : list of Path
        Those asked for, sorted.
    passed_by : Counter of str
        How many there are of other kinds, by suffix; and of what is hidden, cannot be opened, or
        is excluded, or is a link that leads nowhere or to a folder that was searched.
    """

    files: list[Path]
    passed_by: Counter[str]


def find_files(
    root: Path, suffixes: tuple[str, ...], exclude: str | os.PathLike[str] | None = None
) -> Found:
    """Find the files of some suffixes at any depth, except in one folder, and count the others.

    Links to folders are followed, after all that is no link. Each folder is searched once, and none
    that `root` is in, so that a loop of links ends.
    """
    found = Found([], Counter())
    searched = set(map(str, Path(os.path.realpath(root)).parents))
    excluded = None if exclude is None else os.path.realpath(Path(exclude).expanduser())
    waiting = [root]
    while waiting:
        links: list[Path] = []
        for start in sorted(waiting):
            if start.is_dir():
                links += _search(start, suffixes, found, searched, excluded)
            else:
                found.passed_by["links that lead nowhere"] += 1
        waiting = links
    found.files.sort()
    return found


def _search(
    start: Path,
    suffixes: tuple[str, ...],
    found: Found,
    searched: set[str],
    excluded: str | None,
) -> list[Path]:
    """Search a folder and its subfolders; return the links to others."""
    links = []

    def count(error: OSError) -> None:
        found.passed_by["folders that cannot be opened"] += 1

    for parent, folders, files in os.walk(start, onerror=count):
        place = os.path.realpath(parent)
        if place == excluded:
            found.passed_by["excluded"] += 1
            folders.clear()
            continue
        if place in searched:  # by another link
            found.passed_by["links to folders that were searched"] += 1
            folders.clear()
            continue
        searched.add(place)
        found.passed_by.update("hidden" for name in [*folders, *files] if _is_hidden(name))
        folders[:] = [name for name in folders if not _is_hidden(name)]
        links += [Path(parent, name) for name in folders if os.path.islink(Path(parent, name))]
        for path in (Path(parent, name) for name in files if not _is_hidden(name)):
            suffix = path.suffix.lower()
            if path.is_symlink() and not path.exists():  # os.walk takes them for files
                links.append(path)
            elif suffix in suffixes:
                found.files.append(path)
            else:
                found.passed_by[printable(suffix) or "without a suffix"] += 1
    return links


def _is_hidden(name: str) -> bool:
    """Whether a file or folder is of a system and not of its user, as "._song.mp3" of macOS."""
    return name.startswith(".") or name == "__MACOSX"


def _counted(passed_by: Counter[str]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in passed_by.most_common())


def _styles(root: Path, recordings: list[Path]) -> list[str] | None:
    places = [path.relative_to(root).parts[:-1] for path in recordings]
    if not any(places):
        return None
    return [printable(place[0] if place else root.name) for place in places]
