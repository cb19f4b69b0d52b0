"""Audio formats that can be written, and the choice of a format for a file."""

import os
from pathlib import PurePath
from typing import Any

from .paths import is_path
from .writing import check_target, target_name

FORMATS = ("wav", "flac", "ogg", "mp3")


def check_audio_file(file: Any, format: Any) -> str:
    """Check the arguments, and return the audio format in which to write `file`, in lowercase.

    If `format` is None, the suffix of `file` determines the format.
    """
    check_target(file)
    name = target_name(file)
    if format is not None:
        if not isinstance(format, str) or format.lower() not in FORMATS:
            raise ValueError(f"{name}: format must be one of {FORMATS} or None, got {format!r}")
        return format.lower()
    if not is_path(file):
        raise ValueError(
            f"{name} has no suffix, so its format is unknown: pass format={FORMATS[0]!r}"
        )
    suffix = PurePath(os.fsdecode(file)).suffix
    if suffix[1:].lower() not in FORMATS:
        raise ValueError(
            f"{name}: {suffix!r} is not the suffix of an audio format that can be written; use "
            f"one of .{', .'.join(FORMATS)}"
        )
    return suffix[1:].lower()
