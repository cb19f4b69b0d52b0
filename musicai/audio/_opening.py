"""Opening of files that libsndfile decodes, with their true length.

libsndfile trusts headers. Here each header is compared with the contents of the file, and if they
differ, libsndfile gets the file with a corrected header.
"""

import io
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import NamedTuple

import soundfile

from ..files.paths import AnyPath, native_name
from ._chunks import MAGIC, chunk_layout
from ._flac import flac_layout
from ._layout import Layout
from ._mpeg import mpeg_layout
from ._ogg import fault_of_ogg
from ._parts import PartsFile
from ._tags import skip_tags

OTHERS = re.compile(rb"....ftyp|\x1a\x45\xdf\xa3|\x30\x26\xb2\x75", re.DOTALL)
"""Beginnings of files in which MPEG frames are not searched for: MP4, WebM and WMA."""

UNKNOWN_SAMPLES = 2**62
"""Samples from which on a length by libsndfile stands for a header without one."""

NO_MPEG_FRAMES = 7
"""libsndfile's code when its MP3 decoder finds no frames; its message is misleading."""

READ_BYTES = 2**16
"""Bytes to read from a file at a time; libsndfile asks for a few hundred."""


class NotDecodedError(Exception):
    """Error for a file that libsndfile does not read; the message is the cause."""


class ForwardSoundFile(soundfile.SoundFile):
    """A sound file that is only read forward.

    soundfile seeks to the current position after every read of a seekable file. In an MP3 that
    restarts the decoder and changes samples; in a damaged Ogg it changes the length.
    """

    def seekable(self) -> bool:
        return False


class Opened(NamedTuple):
    """A file that libsndfile decodes.

    Attributes
    ----------
    file : ForwardSoundFile
        The file, at its beginning.
    n_samples : int or None
        Number of samples; None if it is only known after decoding.
    layout : Layout
        Position and length of its sound.
    """

    file: ForwardSoundFile
    n_samples: int | None
    layout: Layout


@contextmanager
def open_sound(path: AnyPath, *, in_brief: bool = False, again: bool = False) -> Iterator[Opened]:
    """Open an existing file.

    Parameters
    ----------
    path : path-like
        The file.
    in_brief : bool, default=False
        Whether to trust the table of an MP3 that has a checksum and fits the size of the file,
        and not to look for holes.
    again : bool, default=False
        Whether it is opened repeatedly: its layout is then cached while the file stays the same.

    Yields
    ------
    opened : Opened
        The file, which is closed with the context.

    Raises
    ------
    NotDecodedError
        If libsndfile does not read it.
    OSError
        If it cannot be read.
    """
    with ExitStack() as stack:
        name, file, cause = native_name(path), None, "the file has no header"
        try:
            file = stack.enter_context(ForwardSoundFile(name))
        except (RuntimeError, TypeError, ValueError) as error:
            cause = cause_of(error)
        known = file if file is not None and file.format != "RAW" else None
        header = None if known is None else (known.format, known.frames / known.samplerate)
        used, parts = Layout(), None
        find = _find_again if again else _find
        for layout in find(name, _identity(name), header, in_brief):
            used = layout
            if not layout.parts:
                continue
            content = stack.enter_context(open(name, "rb"))
            parts = PartsFile(content, layout.parts, endless=layout.endless)
            try:
                known = stack.enter_context(ForwardSoundFile(io.BufferedReader(parts, READ_BYTES)))
                break
            except RuntimeError as error:
                trouble = f"it cannot be read from where its sound begins ({cause_of(error)})"
                used = layout._replace(trouble=trouble)
        if known is None:
            raise NotDecodedError(cause)
        n_samples = used.n_samples
        if n_samples is None and known.frames < UNKNOWN_SAMPLES:
            n_samples = known.frames
        yield Opened(known, n_samples, used)
        if parts is not None and parts.error is not None:
            raise parts.error  # or an incomplete file would pass for a complete one


def begins_as_known(path: AnyPath) -> bool:
    """Return whether a file begins like a format that libsndfile knows."""
    try:
        with open(path, "rb") as content:
            content.seek(skip_tags(content, 0))
            return content.read(4) in (*MAGIC, b"OggS", b"fLaC")
    except OSError:
        return False


def _identity(name: str | bytes) -> tuple[int, ...]:
    status = os.stat(name)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _find(
    name: str | bytes,
    identity: tuple[int, ...],
    header: tuple[str, float] | None,
    in_brief: bool,
) -> tuple[Layout, ...]:
    """Return possible layouts of a file, the likeliest first; only one if libsndfile knows it.

    `header` is its format and length in seconds by libsndfile; `identity` only serves the cache of
    `_find_again`.
    """
    with open(name, "rb") as content:
        origin = skip_tags(content, 0)
        content.seek(origin)
        beginning = content.read(8)
        magic = beginning[:4]
        is_mpeg = header is not None and header[0] == "MP3"
        found: list[Layout | None] = []
        if magic == b"OggS":
            found.append(Layout(trouble=fault_of_ogg(content)))
        elif magic == b"fLaC":
            found.append(flac_layout(content, origin))
        elif not is_mpeg:
            n_seconds = None if header is None else header[1]
            found.append(chunk_layout(content, origin, magic, n_seconds))
        if is_mpeg or (header is None and not OTHERS.match(beginning)):
            found.append(mpeg_layout(content, origin, is_known=is_mpeg, in_brief=in_brief))
        return tuple(layout for layout in found if layout is not None)


_find_again = lru_cache(maxsize=256)(_find)


def cause_of(error: Exception) -> str:
    """Return why libsndfile failed, in words."""
    if getattr(error, "code", None) == NO_MPEG_FRAMES:
        return "no MP3 frames were found in it"
    if isinstance(error, TypeError):  # soundfile takes anything named .raw for headerless
        return "the name says that it has no header"
    return getattr(error, "error_string", str(error)).removeprefix("Error : ").rstrip(".")
