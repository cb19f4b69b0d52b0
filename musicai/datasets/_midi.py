"""Loading of MIDI files from a folder with a subfolder for each style."""

import os

from ._folder import load_folder
from .bunches import Recordings

_SUFFIXES = (".kar", ".mid", ".midi", ".rmi")


def load_midi(
    folder: str | os.PathLike[str], *, exclude: str | os.PathLike[str] | None = None
) -> Recordings:
    """Find the MIDI files in a folder with a subfolder for each style.

    No file is opened. Pass the paths to :class:`musicai.PianoRollExtractor`, or the paths and the
    styles to a pipeline.

    Parameters
    ----------
    folder : str or path
        Folder to search at any depth for files that end in .mid, .midi, .kar or .rmi. Links and
        hidden files are treated as in `load_recordings`.
    exclude : str or path, default=None
        Folder to leave out, such as the output folder for new music.

    Returns
    -------
    data : Bunch
        With the attributes

        recordings : list of Path
            The MIDI files, sorted, so that their order is the same on every machine.
        titles : list of str
            File names without suffixes, as printable text.
        target : list of str, or None
            Style of each file: the name of the first-level subfolder that contains it, or the name
            of `folder` if no subfolder does. None if no file is in a subfolder.
        target_names : list of str
            The styles, sorted; empty if there are none.
        DESCR : str
            Location, number and styles of the files, and number of skipped files.
        license, source : str
            License ("that of the individual MIDI files") and path of the folder.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or has no MIDI files.
    NotADirectoryError
        If `folder` is a file.

    See Also
    --------
    load_recordings : Find audio files.

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
