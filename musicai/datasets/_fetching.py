"""Files that are fetched once, and known by their SHA-256."""

import hashlib
from pathlib import Path


def fetch_file(path: Path, *, url: str, sha256: str) -> Path:
    """Return a file that is there already or is downloaded, whole or not at all.

    Parameters
    ----------
    path : Path
        The file; its folder is made if it has to be downloaded.
    url : str
        Where it is downloaded from.
    sha256 : str
        What it must hold.

    Raises
    ------
    ValueError
        If it holds something else.
    OSError
        If it cannot be downloaded. The message says what to put where by hand.
    """
    if not path.exists():
        _download(path, url, sha256)
    if not path.is_file():  # to read a pipe would wait for ever
        raise ValueError(f"{path} is no regular file: move it away, and {url} is downloaded there")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise ValueError(
            f"{path} is not what {url} holds: its SHA-256 is {found}, where {sha256} is expected. "
            "Delete it, and it is downloaded again"
        )
    return path


def _download(path: Path, url: str, sha256: str) -> None:
    import pooch  # here, as it takes a while to import and most data is not fetched

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # It downloads beside the file, compares, and then moves.
        pooch.retrieve(url, f"sha256:{sha256}", fname=path.name, path=path.parent)
    except (OSError, ValueError) as error:  # requests' errors are OSErrors; another hash is a value
        raise OSError(
            f"{path.name} could not be downloaded ({reason(error)}): get {url} (SHA-256 {sha256}) "
            f"where there is a network, and put it there: {path}"
        ) from error


def reason(error: Exception) -> str:
    """Return why a download failed, in fewer words than those of requests and pooch."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answers {response.status_code}"
    if hasattr(error, "request"):
        return "there is no connection to the server, or it broke off"
    if isinstance(error, ValueError):
        return "what came has another SHA-256"
    return str(error)
