"""Loading of recordings from a folder with a subfolder for each style."""

import os

from ._folder import load_folder
from .bunches import Recordings

# Suffixes of formats that libsndfile reads, then of audio and video formats that need ffmpeg.
# soundfile's own list, `available_formats`, has no suffixes and includes headerless data.
_SUFFIXES = (
    ".aif",
    ".aifc",
    ".aiff",
    ".au",
    ".caf",
    ".flac",
    ".mp1",
    ".mp2",
    ".mp3",
    ".mpga",
    ".oga",
    ".ogg",
    ".ogx",
    ".opus",
    ".rf64",
    ".snd",
    ".w64",
    ".wav",
    ".wave",
    ".3g2",
    ".3gp",
    ".aac",
    ".ac3",
    ".amr",
    ".ape",
    ".asf",
    ".dsf",
    ".eac3",
    ".ec3",
    ".f4a",
    ".m4a",
    ".m4b",
    ".m4r",
    ".m4v",
    ".mka",
    ".mkv",
    ".mov",
    ".mp4",
    ".mpc",
    ".ogv",
    ".qt",
    ".spx",
    ".tak",
    ".tta",
    ".weba",
    ".webm",
    ".wma",
    ".wmv",
    ".wv",
)


def load_recordings(
    folder: str | os.PathLike[str], *, exclude: str | os.PathLike[str] | None = None
) -> Recordings:
    """Find the recordings in a folder with a subfolder for each style.

    Durations are read from headers; a file is decoded only if its header is not sufficient. Pass
    the paths to :class:`musicai.ChromaExtractor`, or the paths and the styles to a pipeline.

    Parameters
    ----------
    folder : str or path
        Folder to search at any depth for files with the suffix of an audio format. These are WAV,
        FLAC, Ogg, Opus, MP3, AIFF and other formats that libsndfile reads, and M4A, WMA, MP4, WebM
        and others that need the ffmpeg program. Links to folders are followed, and each folder is
        searched once. Other files, hidden files and folders, and ``__MACOSX`` folders are skipped
        and counted in `DESCR`.
    exclude : str or path, default=None
        Folder to leave out, such as the output folder for new music.

    Returns
    -------
    data : Bunch
        With the attributes

        recordings : list of Path
            The recordings, sorted, so that their order is the same on every machine.
        titles : list of str
            File names without suffixes, as printable text.
        target : list of str, or None
            Style of each recording: the name of the first-level subfolder that contains it, or the
            name of `folder` if no subfolder does. None if no recording is in a subfolder.
        target_names : list of str
            The styles, sorted; empty if there are none.
        durations : ndarray of shape (n_recordings,)
            Duration in seconds of the audio that :class:`musicai.ChromaExtractor` reads from each
            recording; NaN if it cannot be determined.
        DESCR : str
            Location, number, durations and styles of the recordings, and number of skipped files.
        license, source : str
            License ("that of the individual recordings") and path of the folder.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or has no audio files.
    NotADirectoryError
        If `folder` is a file.

    See Also
    --------
    load_midi : Find MIDI files.
    load_chorales : Render recordings of Bach's chorales.

    Notes
    -----
    Reading a thousand headers takes a few seconds. Each file that needs ffmpeg takes a few tenths
    of a second. If ffmpeg is missing, a warning states how many files need it.

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
