"""Writing a file whole or not at all; every writer of the library goes through here."""

import errno
import io
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, cast
from uuid import uuid4

from .paths import is_path, printable

_BLOCK = 2**20
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


@contextmanager
def whole_file(target: Any) -> Iterator[BinaryIO]:
    """Give a file to write to, which becomes `target` when all has been written.

    Parameters
    ----------
    target : str, bytes, PathLike or binary file object
        The file; one that exists is replaced. A file object is written to, from where it stands,
        at the end.

    Yields
    ------
    draft : binary file
        A file on the disk, with a descriptor, open for writing and reading. If the block raises,
        `target` stays as it was and the draft is gone. Where the system can keep a file without
        a name (Linux), a killed process leaves nothing behind either.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If `target` is a folder or no name of a file.
    TypeError
        If `target` is neither a path nor a file object that takes bytes.
    """
    check_target(target)
    if is_path(target):
        with _named(Path(os.fsdecode(target))) as draft:
            yield draft
    else:
        with tempfile.TemporaryFile() as draft:
            yield cast(BinaryIO, draft)
            draft.seek(0)
            _copy(draft, target)


def _copy(draft: IO[bytes], target: Any) -> None:
    while block := draft.read(_BLOCK):
        left = memoryview(block)
        while left:
            written = target.write(left)
            if written is None:  # what some file objects say when they took all, or can't tell
                break
            if written <= 0:
                raise OSError(errno.EIO, f"{target_name(target)} takes no more bytes")
            left = left[written:]
    if callable(getattr(target, "flush", None)):
        target.flush()  # what is still held back may fail


def target_name(target: Any) -> str:
    """Return what to call `target` in messages: its path, or what kind of object it is."""
    return printable(target) if is_path(target) else f"the {type(target).__name__}"


def check_target(target: Any) -> None:
    """Raise the error of `whole_file` for what cannot be written to."""
    if is_path(target):
        _check_path(Path(os.fsdecode(target)))
        return
    if not callable(getattr(target, "write", None)):
        raise TypeError(
            f"{target!r} is of type {type(target).__name__}, where a path or a file object to "
            "write to is expected"
        )
    if getattr(target, "closed", False):
        raise ValueError(f"{target_name(target)} is closed; open it again, with mode 'wb'")
    if isinstance(target, io.TextIOBase) or _takes_text(target):
        raise TypeError(
            f"{target_name(target)} takes text, and bytes are written: open the file with mode "
            "'wb', or pass its path"
        )


def _takes_text(target: Any) -> bool:
    try:
        target.write(b"")
    except TypeError:
        return True
    return False


def _check_path(path: Path) -> None:
    name = printable(path)
    if "\0" in name or path.is_dir() or not path.name:
        raise ValueError(f"{name!r} is a folder or no name of a file; give the file to write")
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{name}: there is no folder {printable(path.parent)}; make it first"
        )
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "the file may not be written over", name)
    if path.exists() and not path.is_file():  # a device would be replaced by a file
        raise ValueError(f"{name} is no regular file; give another one, or open it and pass that")


@contextmanager
def _named(path: Path) -> Iterator[BinaryIO]:
    path = Path(os.path.realpath(path))  # a link stays, what it leads to is replaced
    # In the same folder, so that the final move cannot cross file systems.
    draft = path.with_name(f".{uuid4().hex}")
    try:
        with _open_draft(draft) as file:
            if path.exists() and os.chmod in os.supports_fd:  # not so in Python 3.12 on Windows
                os.chmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            yield file
            file.flush()
            if not draft.exists():
                _name(file, draft)
        os.replace(draft, path)
    except OSError as error:
        if error.filename == str(draft):  # a name that nobody has given
            raise OSError(error.errno, error.strerror, printable(path)) from None
        if error.errno not in _FULL or error.filename is not None:
            raise
        reason = f"the file could not be written ({error.strerror}): make room for it"
        raise OSError(error.errno, reason, printable(path)) from None
    finally:
        with suppress(OSError):
            draft.unlink()


def _open_draft(draft: Path) -> BinaryIO:
    if hasattr(os, "O_TMPFILE"):
        with suppress(OSError):  # not every file system can
            return open(os.open(draft.parent, os.O_TMPFILE | os.O_RDWR, 0o666), "w+b")
    return open(str(draft), "x+b")


def _name(file: BinaryIO, path: Path) -> None:
    """Give a file that has no name its first one."""
    # Only with a folder to start from does Python follow the link that a descriptor is.
    with _descriptors() as folder:
        os.link(str(file.fileno()), path, src_dir_fd=folder)


@contextmanager
def _descriptors() -> Iterator[int]:
    folder = os.open("/proc/self/fd", os.O_RDONLY)
    try:
        yield folder
    finally:
        os.close(folder)
