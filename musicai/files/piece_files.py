"""Checks of the output files for one or more pieces, before any of them is written."""

import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from ..base.pieces import one_per_piece
from .audio_formats import check_audio_file
from .paths import is_path
from .writing import check_target, target_name


def piece_files(
    file: Any,
    X: Any,
    pieces: list[np.ndarray],
    *,
    suffixes: Sequence[str] = (),
    text: bool = False,
) -> list[Any]:
    """Check the output files, and return one for each piece.

    Parameters
    ----------
    file : path, file object, a list of them or None
        The argument that the user passed.
    X : array-like or collection
        The pieces as the user passed them.
    pieces : list of ndarray
        The pieces in `X`.
    suffixes : sequence of str, default=()
        Allowed suffixes of paths; "" stands for no suffix. An empty sequence allows any suffix.
    text : bool, default=False
        Whether file objects that take text are allowed, in addition to those that take bytes.

    Returns
    -------
    files : list
        One file per piece, or None for each piece if `file` is None.

    Raises
    ------
    ValueError
        If the number of files differs from the number of pieces, or a file is given twice, has a
        suffix that is not allowed, or is a folder, a device, a closed file object or an impossible
        file name.
    TypeError
        If `X` is a collection but `file` is a single file, or if a file is neither a path nor a
        suitable file object.
    FileNotFoundError
        If the folder of a file does not exist.
    OSError
        If a file may not be overwritten, or its name is too long.
    """
    files = one_per_piece(file, X, pieces, "file")
    if file is None:
        return files
    seen = set()
    for target in files:
        if not is_path(target) and not callable(getattr(target, "write", None)):
            raise TypeError(
                f"file is {target!r}, of type {type(target).__name__}, where a path or a file "
                "object to write to is expected; a timing is passed by name, as timing=10"
            )
        check_target(target, text=text)
        place = os.path.normcase(os.path.realpath(target)) if is_path(target) else id(target)
        if place in seen:
            raise ValueError(f"{target_name(target)} is given for two pieces: give each its own")
        seen.add(place)
        if is_path(target) and suffixes:
            suffix = PurePath(os.fsdecode(target)).suffix.lower()
            if suffix not in suffixes:
                usable = " or ".join(each or "none" for each in suffixes)
                raise ValueError(
                    f"{target_name(target)}: {suffix!r} is no suffix of what is written; use "
                    f"{usable}"
                )
    return files


def audio_files(file: Any, X: Any, pieces: list[np.ndarray], format: Any) -> list[Any]:
    """Check the output files for audio, and return one for each piece.

    In addition to the errors of `piece_files`, raise a ValueError if a format is unknown, or if a
    piece that is to be written has no frames. See :func:`musicai.audio.write_audio` for `format`.
    """
    files = piece_files(file, X, pieces)
    for i, (piece, target) in enumerate(zip(pieces, files, strict=True)):
        if target is not None:
            check_audio_file(target, format)
            if len(piece) == 0:
                raise ValueError(f"X[{i}] has no frames: there is no audio to write, leave it out")
    return files
