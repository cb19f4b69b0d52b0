"""Atomic writing of files, and temporary files of samples."""

import errno
import io
import math
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import uuid4

import numpy as np

from .paths import is_path, printable

_BLOCK = 2**20
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_BYTES = 4  # bytes per float32 sample


@contextmanager
def whole_file(target: Any) -> Iterator[BinaryIO]:
    """Yield a draft that replaces `target` when the ``with`` block ends without an error.

    Parameters
    ----------
    target : str, bytes, PathLike or binary file object
        The file to write. An existing file is replaced. If `target` is a file object, the draft is
        copied to the object's current position when the block ends without an error.

    Yields
    ------
    draft : binary file
        A file on disk, open for writing and reading. If the ``with`` block raises an error,
        `target` is unchanged and the draft is removed.

    Raises
    ------
    FileNotFoundError
        If the folder of `target` does not exist.
    ValueError
        If `target` is a folder, a device, a closed file object or an impossible file name.
    TypeError
        If `target` is neither a path nor a file object that takes bytes.
    OSError
        If the file cannot be written.
    """
    check_target(target)
    if is_path(target):
        # Keep a symbolic link, and replace the file that it points to.
        with _replacing(Path(os.path.realpath(os.fsdecode(target)))) as draft:
            yield draft
        return
    with tempfile.TemporaryFile() as copied:
        yield cast(BinaryIO, copied)
        copied.seek(0)
        while block := copied.read(_BLOCK):
            _write_all(target, block)
    if callable(getattr(target, "flush", None)):
        target.flush()  # so that write errors of buffered data are raised here


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    # The draft is in the same folder, so that the final move stays within one file system.
    draft = path.with_name(f".musicai-{uuid4().hex}.part")
    try:
        with open(draft, "x+b") as file:
            if path.exists():
                shutil.copymode(path, draft)
            yield file
        os.replace(draft, path)
    except OSError as error:
        # Do not show the name of the draft, which the user did not choose.
        names_draft = error.filename == str(draft)
        if names_draft or (error.errno in _FULL and error.filename is None):
            raise _explained(error, path) from None
        raise
    finally:
        with suppress(OSError):
            draft.unlink()


def _explained(error: OSError, path: Path) -> OSError:
    """Return an error that names the file that the user asked for and says what to do."""
    advice = "write it to another folder"
    if error.errno in _FULL:
        advice = "make room for it"
    elif error.errno == errno.ENAMETOOLONG:
        advice = "give a shorter name"
    elif isinstance(error, PermissionError):
        advice = "close it where it is open, or write it to a folder that you may write to"
    reason = f"the file could not be written ({error.strerror}): {advice}"
    return OSError(error.errno, reason, printable(path))


def _write_all(file: Any, data: Any) -> None:
    """Write all bytes to a file, even if it accepts only some of them per call."""
    left = memoryview(data)
    while left:
        written = file.write(left)
        if written is None:  # some file objects return None after writing everything
            return
        if written <= 0:
            raise OSError(errno.EIO, f"{target_name(file)} takes no more bytes")
        left = left[written:]


def target_name(target: Any) -> str:
    """Return the name of `target` for messages: its path, or the type of a file object."""
    return printable(target) if is_path(target) else f"the {type(target).__name__}"


def check_target(target: Any, *, text: bool = False) -> None:
    """Check a target before it is written; raise the same errors as `whole_file`.

    If `text` is True, file objects that take text are also allowed.
    """
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
    if not text and takes_text(target):
        raise TypeError(
            f"{target_name(target)} takes text, and bytes are written: open the file with mode "
            "'wb', or pass its path"
        )


def takes_text(target: Any) -> bool:
    """Return whether a file object takes text instead of bytes."""
    if isinstance(target, io.TextIOBase):
        return True
    try:
        target.write(b"")
    except TypeError:
        return True
    return False


def _check_path(path: Path) -> None:
    name = printable(path)
    if "\0" in name or not path.name or os.path.isdir(path):
        raise ValueError(f"{name!r} is a folder or not the name of a file; give the file to write")
    try:
        os.lstat(path)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise _explained(error, path) from None
    written = Path(os.path.realpath(path)) if path.is_symlink() else path
    if not written.parent.is_dir():
        link = f" is a link to {printable(written)}" if path.is_symlink() else ""
        raise FileNotFoundError(
            f"{name}{link}: there is no folder {printable(written.parent)}; make it first"
        )
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "the file may not be overwritten", name)
    if path.exists() and not path.is_file():  # a file must not replace a device
        raise ValueError(
            f"{name} is not a regular file; give another one, or open it and pass that"
        )


class Spool:
    """Float32 samples in a temporary file, to be sliced along the first axis like an array.

    It is used instead of a memory map, because pages of a memory map count as memory in use once
    they have been read.

    Attributes
    ----------
    shape : tuple of int
        ``(n_samples,)`` or ``(n_samples, n_channels)``.
    """

    def __init__(self, file: FileIO, channels: tuple[int, ...]) -> None:
        self._file = file
        self._width = math.prod(channels)
        self.shape = (file.tell() // (_BYTES * self._width), *channels)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, samples: slice) -> np.ndarray:
        start, stop, _ = samples.indices(len(self))
        self._file.seek(start * self._width * _BYTES)
        values = np.fromfile(self._file, np.float32, max(0, stop - start) * self._width)
        return values.reshape(-1, *self.shape[1:])

    def blocks(self, n_samples: int) -> Iterator[np.ndarray]:
        """Yield the samples in order, `n_samples` at a time."""
        for start in range(0, len(self), n_samples):
            yield self[start : start + n_samples]


@contextmanager
def spooled(blocks: Iterable[np.ndarray]) -> Iterator[Spool]:
    """Write blocks of samples to a temporary file as float32, and yield the file as a `Spool`.

    Raises
    ------
    ValueError
        If blocks have different numbers of channels.
    OSError
        If the file cannot be written.
    """
    channels: tuple[int, ...] | None = None
    # Unbuffered: after an error, closing a buffered file would write again and raise another error.
    with tempfile.TemporaryFile(buffering=0) as file:
        for block in blocks:
            channels = block.shape[1:] if channels is None else channels
            if block.shape[1:] != channels:
                raise ValueError(
                    f"a block has shape {block.shape} where {('n_samples', *channels)} is "
                    "expected: all blocks must have the same channels"
                )
            try:
                _write_all(file, np.ravel(block).astype(np.float32).tobytes())
            except OSError as error:
                raise OSError(
                    error.errno,
                    f"the temporary file that collects the audio could not be written "
                    f"({error.strerror}): make room, or set TMPDIR to a folder with some",
                    tempfile.gettempdir(),
                ) from error
        yield Spool(file, channels or ())
