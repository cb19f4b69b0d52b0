"""Folders of `musicai compose`: one for results, and a temporary one."""

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
    """Make a folder, or fail at once if no file can be written to it; if it stays empty, remove it.

    Raises
    ------
    UserError
        If the folder cannot be made or written to.
    """
    made = [folder for folder in (out, *out.parents) if not os.path.lexists(folder)]
    try:
        try:
            out.mkdir(parents=True, exist_ok=True)
            TemporaryFile(dir=out).close()
        except OSError as error:
            raise UserError(
                f"--out {printable(out)} is no folder that can be written to ({error.strerror}): "
                "name another folder"
            ) from None
        yield
    finally:
        for folder in made:
            with suppress(OSError):  # it is not empty
                folder.rmdir()


@contextmanager
def temporary_folder() -> Iterator[str]:
    """Yield a temporary folder that is removed, also if threads still write to it after Ctrl-C.

    Import what starts such threads after this: exit functions run last in, first out, and the
    folder can only be removed after threads have been waited for.
    """
    with TemporaryDirectory(prefix="musicai-", ignore_cleanup_errors=True) as folder:
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        yield folder
