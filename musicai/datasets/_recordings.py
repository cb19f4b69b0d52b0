"""Recordings in a folder, with the names of its subfolders as styles."""

import os
from pathlib import Path

from sklearn.utils import Bunch

# What libsndfile decodes, whose own list of formats has no suffixes, and names headerless data too;
# then what needs ffmpeg: without it the extractor says so, file by file.
# fmt: off
_SUFFIXES = (
    ".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64",
    ".snd", ".w64", ".wav", ".wave",
    ".aac", ".ac3", ".amr", ".ape", ".m4a", ".mka", ".mpc", ".tta", ".weba", ".wma", ".wv",
)
# fmt: on

_DESCR = """\
Recordings of {folder}
{underline}
{n_recordings} recordings, {styles}.

The licence is that of the recordings themselves.
"""


def load_recordings(folder: str | os.PathLike[str]) -> Bunch:
    """Find the recordings in a folder; its subfolders are styles.

    Nothing is decoded: give the paths to :class:`musicai.ChromaExtractor`, or the paths and
    styles to a pipeline.

    Parameters
    ----------
    folder : str or path
        Searched at any depth for audio files, by suffix (WAV, FLAC, Ogg, Opus, MP3, AIFF and
        what else libsndfile decodes, M4A, WMA and others that need the ffmpeg program). What is
        hidden, or in a ``__MACOSX`` folder, is passed by.

    Returns
    -------
    data : Bunch
        With the attributes

        recordings : list of Path
            Sorted, so their order is the same on every machine.
        titles : list of str
            File names without their suffixes, as text that can be printed.
        target : list of str, or None
            The style of each recording: the name of the first-level subfolder that it is in. A
            recording beside the subfolders has the name of `folder` as its style. None if no
            recording is in a subfolder.
        target_names : list of str
            The styles, sorted; empty if there are none.
        DESCR : str
            Where the recordings are, how many, in which styles.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no audio in it.
    NotADirectoryError
        If `folder` is a file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from musicai.datasets import load_recordings
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ["folk/reel.ogg", "blues/slow.wav", "blues/notes.txt"]:
    ...         path = pathlib.Path(folder, name)
    ...         path.parent.mkdir(exist_ok=True)
    ...         path.touch()
    ...     data = load_recordings(folder)
    >>> [path.name for path in data.recordings]
    ['slow.wav', 'reel.ogg']
    >>> data.target
    ['blues', 'folk']
    """
    root = Path(folder).expanduser().resolve()
    if not root.exists():
        raise FileNotFoundError(f"no folder {os.fspath(folder)!r}: expected a folder of recordings")
    if not root.is_dir():
        raise NotADirectoryError(
            f"{os.fspath(folder)!r} is a file: expected the folder that holds the recordings"
        )
    recordings = _find_audio(root)
    if not recordings:
        raise FileNotFoundError(
            f"no audio in {os.fspath(folder)!r}: expected files that end in "
            f"{', '.join(_SUFFIXES)}, in it or its subfolders"
        )
    target = _styles(root, recordings)
    target_names = sorted(set(target)) if target else []
    title = f"Recordings of {_readable(root.name)}"
    return Bunch(
        recordings=recordings,
        titles=[_readable(path.stem) for path in recordings],
        target=target,
        target_names=target_names,
        DESCR=_DESCR.format(
            folder=_readable(root.name),
            underline="=" * len(title),
            n_recordings=len(recordings),
            styles=f"in the styles {', '.join(target_names)}" if target else "without styles",
        ),
    )


def _find_audio(root: Path) -> list[Path]:
    found = []
    for parent, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not (name.startswith(".") or name == "__MACOSX")]
        found += [
            Path(parent, name)
            for name in files
            if not name.startswith(".") and Path(name).suffix.lower() in _SUFFIXES
        ]
    return sorted(found)


def _styles(root: Path, recordings: list[Path]) -> list[str] | None:
    places = [path.relative_to(root).parts[:-1] for path in recordings]
    if not any(places):
        return None
    return [_readable(place[0] if place else root.name) for place in places]


def _readable(name: str) -> str:
    """Name of a file or folder as text that can be printed, even where it isn't valid UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
