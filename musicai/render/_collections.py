"""Helpers of functions that write files: titles, texts, and results for a piece or a collection."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.pieces import is_collection, one_per_piece
from ..files.paths import is_one_line, is_path
from ..files.writing import takes_text, whole_file

Titles = str | Sequence[str | None] | None


def in_kind(X: Any, results: list[Any]) -> Any:
    """Return the list of results if `X` is a collection, else its only element."""
    return results if is_collection(X) else results[0]


def titles_of(title: Any, X: Any, pieces: list[np.ndarray]) -> list[str | None]:
    """Return the title of each piece; raise an error if one is not printable text on one line."""
    titles = one_per_piece(title, X, pieces, "title")
    for i, each in enumerate(titles):
        name = f"title[{i}]" if is_collection(X) else "title"
        if each is not None and not isinstance(each, str):
            raise TypeError(f"{name} must be a str or None, not {each!r}")
        if each is not None and not is_one_line(each):
            raise ValueError(f"{name} must be text that can be printed, in one line; got {each!r}")
    return titles


def write_texts(files: Sequence[Any], texts: Sequence[str]) -> None:
    """Write each text to its file; skip files that are None.

    Text for paths and binary file objects is encoded as UTF-8, and written whole or not at all.
    File objects in text mode get the text itself.
    """
    for target, text in zip(files, texts, strict=True):
        if target is not None and not is_path(target) and takes_text(target):
            target.write(text)
            if callable(getattr(target, "flush", None)):
                target.flush()  # so that write errors are raised here
        elif target is not None:
            with whole_file(target) as draft:
                draft.write(text.encode())
