"""Search for files in a folder with a subfolder for each style."""

import os
import warnings
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..audio.ffmpeg import explain_missing_ffmpeg
from ..audio.headers import need_ffmpeg, read_durations
from ..files.paths import printable
from ._durations import describe_durations
from .bunches import Recordings

_DESCR = """\
{title}
{underline}
{n_recordings} {things}, {styles}.
{lengths}{skipped}
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
    """Find files by suffix; see `load_recordings` for results and errors.

    Parameters
    ----------
    folder : str or path
        Folder to search at any depth.
    suffixes : tuple of str
        Suffixes in lower case, with the dot.
    what, things : str
        Words for messages: one for the content of the files, such as "audio", and one for the
        files, such as "recordings".
    exclude : str or path, default=None
        Folder to leave out.
    with_durations : bool, default=False
        Whether to return the durations of audio files.
    """
    try:
        root = Path(folder).expanduser().resolve()
        exists = root.exists()
    except (OSError, RuntimeError, ValueError) as error:  # links in a loop, or an invalid name
        raise FileNotFoundError(
            f"the folder {os.fspath(folder)!r} cannot be opened ({error}); check its path"
        ) from None
    if not exists:
        raise FileNotFoundError(f"no folder {os.fspath(folder)!r}: expected a folder of {things}")
    if not root.is_dir():
        raise NotADirectoryError(
            f"{os.fspath(folder)!r} is a file: expected the folder that contains the {things}"
        )
    recordings, skipped = find_files(root, suffixes, exclude)
    if not recordings:
        others = f"; it contains {_format_counts(skipped)}" if skipped else ""
        raise FileNotFoundError(
            f"no {what} in {os.fspath(folder)!r}: expected files that end in "
            f"{', '.join(suffixes)}, in it or its subfolders{others}"
        )
    target = _styles(root, recordings)
    target_names = sorted(set(target)) if target else []
    title = f"{things[0].upper()}{things[1:]} of {printable(root.name)}"
    license = f"that of the individual {things}"
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
            lack = explain_missing_ffmpeg(unread, len(recordings))
            lengths += f"{lack}.\n"
            warnings.warn(lack, stacklevel=3)
    data.DESCR = _DESCR.format(
        title=title,
        things=things,
        underline="=" * len(title),
        n_recordings=len(recordings),
        styles=f"in the styles {', '.join(target_names)}" if target else "without styles",
        lengths=lengths,
        skipped=f"Skipped: {_format_counts(skipped)}.\n" if skipped else "",
        license=license,
        source=data.source,
    )
    return data


class Found(NamedTuple):
    """Files that a search found, and counts of what it skipped.

    Attributes
    ----------
    files : list of Path
        Files with the given suffixes, sorted.
    skipped : Counter of str
        Number of skipped files by suffix, and numbers of files without a suffix, hidden files and
        folders, folders that cannot be opened, excluded folders, broken links, and links to folders
        already searched.
    """

    files: list[Path]
    skipped: Counter[str]


def find_files(
    root: Path, suffixes: tuple[str, ...], exclude: str | os.PathLike[str] | None = None
) -> Found:
    """Find files by suffix in a folder at any depth, except in the folder `exclude`.

    Links to folders are followed last. To end loops of links, each folder is searched only once,
    and the parents of `root` are not searched.
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
                found.skipped["broken links"] += 1
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
    """Add a folder's files at any depth to `found`; return links to folders, and broken links."""
    links = []

    def count(error: OSError) -> None:
        found.skipped["folders that cannot be opened"] += 1

    for parent, folders, files in os.walk(start, onerror=count):
        place = os.path.realpath(parent)
        if place == excluded:
            found.skipped["excluded"] += 1
            folders.clear()
            continue
        if place in searched:  # already reached, or a parent of the root
            found.skipped["links to folders already searched"] += 1
            folders.clear()
            continue
        searched.add(place)
        found.skipped.update("hidden" for name in [*folders, *files] if _is_hidden(name))
        folders[:] = [name for name in folders if not _is_hidden(name)]
        links += [Path(parent, name) for name in folders if os.path.islink(Path(parent, name))]
        for path in (Path(parent, name) for name in files if not _is_hidden(name)):
            suffix = path.suffix.lower()
            if path.is_symlink() and not path.exists():  # os.walk lists broken links as files
                links.append(path)
            elif suffix in suffixes:
                found.files.append(path)
            else:
                found.skipped[printable(suffix) or "without a suffix"] += 1
    return links


def _is_hidden(name: str) -> bool:
    """Return whether a file or folder with this name is hidden, or is a ``__MACOSX`` folder."""
    return name.startswith(".") or name == "__MACOSX"


def _format_counts(skipped: Counter[str]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in skipped.most_common())


def _styles(root: Path, recordings: list[Path]) -> list[str] | None:
    places = [path.relative_to(root).parts[:-1] for path in recordings]
    if not any(places):
        return None
    return [printable(place[0] if place else root.name) for place in places]
