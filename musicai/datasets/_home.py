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
    data_home = Path(folder).expanduser()
    data_home.mkdir(parents=True, exist_ok=True)
    return data_home
