"""Recordings in a folder, with the names of its subfolders as styles."""

import os

from ._folder import load_folder
from .bunches import Recordings

# What libsndfile decodes, whose own list of formats has no suffixes, and names headerless data too;
# then what needs ffmpeg, sound of videos included: without it one warning says how many do.
# fmt: off
_SUFFIXES = (
    ".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp1", ".mp2", ".mp3", ".mpga", ".oga",
    ".ogg", ".ogx", ".opus", ".rf64", ".snd", ".w64", ".wav", ".wave",
    ".3g2", ".3gp", ".aac", ".ac3", ".amr", ".ape", ".asf", ".dsf", ".eac3", ".ec3", ".f4a", ".m4a",
    ".m4b", ".m4r", ".m4v", ".mka", ".mkv", ".mov", ".mp4", ".mpc", ".ogv", ".qt", ".spx", ".tak",
    ".tta", ".weba", ".webm", ".wma", ".wmv", ".wv",
)
# fmt: on


def load_recordings(
    folder: str | os.PathLike[str], *, exclude: str | os.PathLike[str] | None = None
) -> Recordings:
    """Find the recordings in a folder; its subfolders are styles.

    Headers are read, and nothing is decoded: give the paths to :class:`musicai.ChromaExtractor`,
    or the paths and styles to a pipeline.

    Parameters
    ----------
    folder : str or path
        Searched at any depth for audio files, by suffix (WAV, FLAC, Ogg, Opus, MP3, AIFF and
        what else libsndfile decodes; M4A, WMA, MP4, WebM and others that need the ffmpeg program).
        Links to folders are followed, and each folder is searched once. Other files, and what is
        hidden or in a ``__MACOSX`` folder, are passed by, and counted in `DESCR`.
    exclude : str or path, default=None
        A folder that is not searched, such as the one that new music is written to.

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
        durations : ndarray of shape (n_recordings,)
            Seconds that :class:`musicai.ChromaExtractor` reads: as headers tell, where these are
            right; NaN where nothing can be read.
        DESCR : str
            Where the recordings are, how many, how long they are, in which styles; and how many
            files of other kinds there are.
        license, source : str
            Whose rights hold (those of the recordings themselves), and the folder.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no audio in it.
    NotADirectoryError
        If `folder` is a file.

    See Also
    --------
    load_midi : Finds MIDI files.
    load_chorales : Recordings that are made where there are none.

    Notes
    -----
    A thousand headers take some seconds, and with the ffmpeg program some tenths of a second for
    each file that only it can read. If ffmpeg is missing, one warning says how many need it.

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
    return load_folder(
        folder,
        _SUFFIXES,
        what="audio",
        things="recordings",
        exclude=exclude,
        with_durations=True,
    )
