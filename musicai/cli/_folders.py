"""Folders to which `musicai compose` writes: one for results, and a temporary one."""

import atexit
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from ..files.paths import printable
from ._terminal import UserError


@contextmanager
def folder_to_write(out: Path) -> Iterator[None]:
    """Create a folder and any missing parents; at the end, remove new folders that are empty.

    Raises
    ------
    UserError
        At once, if the folder cannot be created or no files can be written to it.
    """
    made = [folder for folder in (out, *out.parents) if not os.path.lexists(folder)]
    try:
        try:
            out.mkdir(parents=True, exist_ok=True)
            TemporaryFile(dir=out).close()
        except OSError as error:
            raise UserError(
                f"--out {printable(out)} is not a folder that can be written to "
                f"({error.strerror}): name another folder"
            ) from None
        yield
    finally:
        for folder in made:
            with suppress(OSError):  # the folder is not empty
                folder.rmdir()


@contextmanager
def temporary_folder() -> Iterator[str]:
    """Yield a temporary folder, which is removed even if threads still write to it after Ctrl-C.

    Import the modules that start such threads inside the context. Functions registered with
    `atexit` run in reverse order, so the threads then end before the folder is removed.
    """
    with TemporaryDirectory(prefix="musicai-", ignore_cleanup_errors=True) as folder:
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        yield folder
