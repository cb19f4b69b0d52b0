"""Folder for files that the loaders make or download once."""

import os
from pathlib import Path


def get_data_home(folder: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder for cached data, and create it if it does not exist.

    Parameters
    ----------
    folder : str or path, default=None
        The folder. If None, the value of the environment variable ``MUSICAI_DATA`` or, if that is
        unset or empty, ``~/.cache/musicai``.

    Returns
    -------
    data_home : Path
        The folder. It is safe to delete, because the loaders make or download missing files again.

    Raises
    ------
    NotADirectoryError
        If the folder is a file.
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
            f"the data home {os.fspath(folder)!r} is a file: expected a folder, existing or "
            "not; see get_data_home"
        ) from None
    return data_home
