"""Where data that was made or fetched once is kept."""

import os
from pathlib import Path


def get_data_home(folder: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder that keeps data between runs, and create it if there is none.

    Parameters
    ----------
    folder : str or path, default=None
        When None, the environment variable ``MUSICAI_DATA`` names it, and where that isn't set
        it is ``~/.cache/musicai``.

    Returns
    -------
    data_home : Path
        Safe to delete: the loaders make or fetch again what they miss.

    Raises
    ------
    NotADirectoryError
        If it is a file.
    ValueError
        If `folder` is empty.

    Examples
    --------
    >>> import tempfile
    >>> from musicai.datasets import get_data_home
    >>> with tempfile.TemporaryDirectory() as temporary:
    ...     get_data_home(f"{temporary}/music").is_dir()
    True
    """
    if folder is None:
        folder = os.environ.get("MUSICAI_DATA") or "~/.cache/musicai"
    if not os.fspath(folder):
        raise ValueError(f"folder must be the path of a folder or None, got {folder!r}")
    data_home = Path(folder).expanduser()
    try:
        data_home.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(
            f"the data home {os.fspath(folder)!r} is a file: expected a folder, or where to make "
            "one; see get_data_home"
        ) from None
    return data_home
