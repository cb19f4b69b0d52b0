"""What counts as a path, and how to print one."""

import os
from typing import Any, TypeAlias

AnyPath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def is_path(value: Any) -> bool:
    """Tell whether `value` is the name of a file."""
    return isinstance(value, (str, bytes, os.PathLike))


def printable(path: AnyPath) -> str:
    """Return a path as text that can be printed, even where it is not valid Unicode."""
    return os.fsdecode(path).encode("utf-8", "backslashreplace").decode()
