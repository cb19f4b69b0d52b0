"""MIDI files in a folder, with the names of its subfolders as styles."""

import os

from ._folder import load_folder
from .bunches import Recordings

_SUFFIXES = (".kar", ".mid", ".midi", ".rmi")


def load_midi(
    folder: str | os.PathLike[str], *, exclude: str | os.PathLike[str] | None = None
) -> Recordings:
    """Find the MIDI files in a folder; its subfolders are styles.

    Nothing is read: give the paths to :class:`musicai.PianoRollExtractor`, or the paths and
    styles to a pipeline.

    Parameters
    ----------
    folder : str or path
        Searched at any depth for files that end in .mid, .midi, .kar or .rmi, as by
        `load_recordings`.
    exclude : str or path, default=None
        A folder that is not searched, such as the one that new music is written to.

    Returns
    -------
    data : Bunch
        With the attributes

        recordings : list of Path
            The MIDI files, sorted, so their order is the same on every machine.
        titles : list of str
            File names without their suffixes, as text that can be printed.
        target : list of str, or None
            The style of each file: the name of the first-level subfolder that it is in. A
            file beside the subfolders has the name of `folder` as its style. None if no
            file is in a subfolder.
        target_names : list of str
            The styles, sorted; empty if there are none.
        DESCR : str
            Where the files are, how many, in which styles; how many there are of other kinds.
        license, source : str
            Whose rights hold (those of the files themselves), and the folder.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no MIDI file in it.
    NotADirectoryError
        If `folder` is a file.

    See Also
    --------
    load_recordings : Finds audio.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from musicai.datasets import load_midi
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ["folk/reel.mid", "blues/slow.MID", "blues/slow.wav"]:
    ...         path = pathlib.Path(folder, name)
    ...         path.parent.mkdir(exist_ok=True)
    ...         path.touch()
    ...     data = load_midi(folder)
    >>> [path.name for path in data.recordings]
    ['slow.MID', 'reel.mid']
    >>> data.target
    ['blues', 'folk']
    """
    return load_folder(folder, _SUFFIXES, what="MIDI", things="MIDI files", exclude=exclude)
