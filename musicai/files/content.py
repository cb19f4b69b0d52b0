"""Identification of files by content."""

import hashlib
import os
import stat
from collections.abc import Iterator
from functools import lru_cache

from .paths import AnyPath


def content_digest(path: AnyPath) -> bytes:
    """Return the SHA-256 digest of the content of a regular file.

    A cached digest is returned if the file's size and modification time have not changed.

    Raises
    ------
    OSError
        If the file is not regular or cannot be read.
    """
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):  # opening a pipe could block forever
        raise OSError(f"{os.fsdecode(path)!r} is not a regular file")
    return _digest(os.path.abspath(os.fsencode(path)), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=2**14)
def _digest(path: bytes, size: int, modified: int) -> bytes:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def find_by_content(folder: AnyPath, wanted: dict[bytes, int]) -> dict[bytes, bytes]:
    """Find files in a folder by their content.

    Parameters
    ----------
    folder : path-like
        The folder to search, with all its subfolders. Links to folders are followed.
    wanted : dict
        Sizes of the wanted files in bytes, by digest.

    Returns
    -------
    found : dict
        The absolute path of one file, as bytes, for each digest that was found.
    """
    sizes = set(wanted.values())
    found: dict[bytes, bytes] = {}
    for path in _files_in(os.path.abspath(os.fsencode(folder))):
        try:
            if os.stat(path).st_size in sizes:
                found.setdefault(content_digest(path), path)
        except OSError:  # for example, a broken link
            continue
        if wanted.keys() <= found.keys():
            break
    return {digest: path for digest, path in found.items() if digest in wanted}


def _files_in(folder: bytes) -> Iterator[bytes]:
    searched = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in searched:  # because links can form loops
            folders.clear()
            continue
        searched.add(real)
        folders.sort()
        yield from (os.path.join(parent, name) for name in sorted(files))
