"""Download of files with known SHA-256 hashes."""

import hashlib
from pathlib import Path


def fetch_file(path: Path, *, url: str, sha256: str) -> Path:
    """Download a file if it does not exist, verify it, and return its path.

    Parameters
    ----------
    path : Path
        Path of the file. Its folder is created if necessary. A failed download leaves no file.
    url : str
        Address to download from.
    sha256 : str
        Expected SHA-256 hash of the file.

    Raises
    ------
    ValueError
        If the file exists but has a different hash or is not a regular file.
    OSError
        If the download fails, or the downloaded file has a different hash. The message explains how
        to download the file by hand.
    """
    if not path.exists():
        _download(path, url, sha256)
    if not path.is_file():  # reading from a pipe could block forever
        raise ValueError(f"{path} is not a regular file: move it away to download {url} there")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise ValueError(
            f"{path} is not the file at {url}: its SHA-256 is {found}, expected {sha256}. Delete "
            "it to download it again"
        )
    return path


def _download(path: Path, url: str, sha256: str) -> None:
    import pooch  # a slow import that most users do not need

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # pooch downloads to a temporary file, verifies its hash, and then renames it.
        pooch.retrieve(url, f"sha256:{sha256}", fname=path.name, path=path.parent)
    except (OSError, ValueError) as error:  # pooch raises ValueError if the hash is wrong
        raise OSError(
            f"{path.name} could not be downloaded ({reason(error)}): download {url} on a machine "
            f"with a network (SHA-256 {sha256}), and save it as {path}"
        ) from error


def reason(error: Exception) -> str:
    """Describe in a few words why a download failed."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered {response.status_code}"
    if hasattr(error, "request"):
        return "there is no connection to the server, or it was lost"
    if isinstance(error, ValueError):
        return "the downloaded file has a different SHA-256"
    return str(error)
