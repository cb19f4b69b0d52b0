"""Recognition and conversion of paths, and explanations of why a file is unreadable."""

import os
import stat
import unicodedata
from typing import Any, TypeAlias

AnyPath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]

PATH_TYPES = (str, bytes, os.PathLike)
_REORDERING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Unicode bidirectional classes of control characters that affect the order of displayed text."""


def is_path(value: Any) -> bool:
    """Return whether `value` is a path."""
    return isinstance(value, PATH_TYPES)


def printable(path: AnyPath) -> str:
    """Return a path as text that can be printed, even if it is not valid Unicode."""
    return os.fsdecode(path).encode("utf-8", "backslashreplace").decode()


def is_one_line(text: str) -> bool:
    """Return whether text can be printed on one line and saved in XML as UTF-8."""
    # `isprintable` is false for some characters of ordinary text, such as the wide space of
    # Japanese (Zs) and the joiners of Persian and emoji (Cf).
    return all(c.isprintable() or unicodedata.category(c) in ("Cf", "Zs") for c in text)


def one_line(text: AnyPath) -> str:
    """Return text or a path on one line; escape unprintable and text-reordering characters."""

    def shown(c: str) -> bool:
        return is_one_line(c) and unicodedata.bidirectional(c) not in _REORDERING

    return "".join(c if shown(c) else c.encode("unicode_escape").decode() for c in printable(text))


def native_name(path: AnyPath) -> str | bytes:
    """Return a path in the form in which libsndfile can open any file.

    On POSIX, this is bytes, because file names may be invalid Unicode. On Windows, it is a str.
    """
    if os.fsencode(path) == b"-":  # libsndfile would read standard input
        path = os.path.join(os.curdir, "-")
    return os.fsencode(path) if os.name == "posix" else os.fsdecode(path)


def why_unreadable(path: AnyPath, kind: str) -> str | None:
    """Return why a file is unreadable or empty, with advice if possible; None if it is neither.

    Parameters
    ----------
    path : path-like
        The file.
    kind : str
        Expected kind of file for the message, such as "MIDI file".
    """
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return "there is no such file; check the path"
    except (OSError, ValueError) as error:
        return f"the file cannot be opened ({getattr(error, 'strerror', error)})"
    if stat.S_ISDIR(status.st_mode):
        return f"this is a folder; pass the {kind}s in it"
    if not stat.S_ISREG(status.st_mode):  # opening a pipe could block forever
        return f"this is not a regular file; pass {kind}s"
    if not os.access(path, os.R_OK):
        return "the file may not be read; check its permissions"
    if status.st_size == 0:
        return "the file is empty; make or download it again"
    return None
