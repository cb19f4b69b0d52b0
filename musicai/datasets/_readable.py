"""Names of files as they are shown."""

import os


def readable(name: str | os.PathLike[str]) -> str:
    """Return the name of a file or folder as text, even where it isn't valid UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def clock(seconds: float) -> str:
    """Return a length as hours, minutes and seconds: "1:04:09"."""
    minutes, rest = divmod(round(float(seconds)), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
