"""The audio files that pieces are played into."""

from typing import Any

import numpy as np

from ._pieces import one_per_piece
from .audio._writing import check_audio_file


def audio_files(file: Any, X: Any, pieces: list[np.ndarray], format: Any) -> list[Any]:
    """Return the audio file of each piece, after checking all, before any is played.

    Parameters
    ----------
    file : path, binary file object, a list of them or None
        What the user passed.
    X : array-like or collection
        The pieces as the user passed them.
    pieces : list of ndarray
        The pieces in `X`.
    format : str or None
        As for :func:`musicai.audio.write_audio`.

    Raises
    ------
    ValueError
        If there are not as many files as pieces, or a format is unknown, or a piece is empty.
    TypeError
        If pieces in a list come with something else than a list.
    FileNotFoundError
        If a folder does not exist.
    """
    files = one_per_piece(file, X, pieces, "file")
    for i, (piece, target) in enumerate(zip(pieces, files, strict=True)):
        if target is not None:
            check_audio_file(target, format)
            if len(piece) == 0:
                raise ValueError(f"X[{i}] has no frames: there is no audio to write, leave it out")
    return files
