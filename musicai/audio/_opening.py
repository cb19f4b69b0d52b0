"""Opening of files that libsndfile decodes, with corrected headers.

libsndfile trusts headers. This module compares the header of a file with the file's contents. If
they differ, libsndfile receives a corrected header, or only those parts of the file that are audio.
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
from ._ogg import ogg_damage
from ._parts import PartsFile
from ._tags import skip_tags

OTHERS = re.compile(rb"....ftyp|\x1a\x45\xdf\xa3|\x30\x26\xb2\x75", re.DOTALL)
"""First bytes of MP4, WebM and WMA files, which are not searched for MPEG frames."""

UNKNOWN_SAMPLES = 2**62
"""libsndfile reports at least this many samples if the header does not give the length."""

NO_MPEG_FRAMES = 7
"""libsndfile's error code for an MP3 without frames; libsndfile's message is misleading."""

READ_BYTES = 2**16
"""Number of bytes to read at a time from the parts of a file.

Otherwise, libsndfile would read a few hundred bytes at a time.
"""


class NotDecodedError(Exception):
    """Error for a file that libsndfile cannot decode; the message is the cause."""


class ForwardSoundFile(soundfile.SoundFile):
    """Sound file that does not seek after every read.

    soundfile seeks to the current position after every read of a seekable file. In an MP3, seeking
    restarts the decoder and changes samples; in a damaged Ogg file, seeking changes the length.
    """

    def seekable(self) -> bool:
        return False


class Opened(NamedTuple):
    """Audio file that `open_sound` has opened.

    Attributes
    ----------
    file : ForwardSoundFile
        The file, at its beginning.
    n_samples : int or None
        Number of samples; None if only decoding can determine it.
    layout : Layout
        Position and length of the audio in the file.
    """

    file: ForwardSoundFile
    n_samples: int | None
    layout: Layout


@contextmanager
def open_sound(
    path: AnyPath, *, trust_table: bool = False, cache: bool = False
) -> Iterator[Opened]:
    """Open an existing audio file with libsndfile.

    Parameters
    ----------
    path : path-like
        The file.
    trust_table : bool, default=False
        Whether to trust the table at the beginning of an MP3 file, if its checksum and size are
        right, instead of searching the file for gaps.
    cache : bool, default=False
        Whether to cache the layout of the file until the file changes, for files that are opened
        repeatedly.

    Yields
    ------
    opened : Opened
        The open file, its length and its layout. The file is closed at the end of the context.

    Raises
    ------
    NotDecodedError
        If libsndfile cannot decode the file.
    OSError
        If the file cannot be read.
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
        find = _find_cached if cache else _find
        for layout in find(name, _identity(name), header, trust_table):
            used = layout
            if not layout.parts:
                continue
            content = stack.enter_context(open(name, "rb"))
            parts = PartsFile(content, layout.parts, endless=layout.endless)
            try:
                known = stack.enter_context(ForwardSoundFile(io.BufferedReader(parts, READ_BYTES)))
                break
            except RuntimeError as error:
                trouble = f"it cannot be read from the start of its audio ({cause_of(error)})"
                used = layout._replace(trouble=trouble)
        if known is None:
            raise NotDecodedError(cause)
        n_samples = used.n_samples
        if n_samples is None and known.frames < UNKNOWN_SAMPLES:
            n_samples = known.frames
        yield Opened(known, n_samples, used)
        if parts is not None and parts.error is not None:
            raise parts.error  # otherwise, a partly unreadable file would seem complete


def has_known_header(path: AnyPath) -> bool:
    """Return whether a file, after any tags, begins like WAV, W64, AIFF, CAF, AU, Ogg or FLAC."""
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
    trust_table: bool,
) -> tuple[Layout, ...]:
    """Return the possible layouts of a file, most likely first.

    `header` is the format and the length in seconds according to libsndfile, or None if libsndfile
    cannot open the file. `identity` only serves as part of the cache key of `_find_cached`.
    """
    with open(name, "rb") as content:
        origin = skip_tags(content, 0)
        content.seek(origin)
        beginning = content.read(8)
        magic = beginning[:4]
        is_mpeg = header is not None and header[0] == "MP3"
        found: list[Layout | None] = []
        if magic == b"OggS":
            found.append(Layout(trouble=ogg_damage(content)))
        elif magic == b"fLaC":
            found.append(flac_layout(content, origin))
        elif not is_mpeg:
            n_seconds = None if header is None else header[1]
            found.append(chunk_layout(content, origin, magic, n_seconds))
        if is_mpeg or (header is None and not OTHERS.match(beginning)):
            found.append(mpeg_layout(content, origin, is_known=is_mpeg, trust_table=trust_table))
        return tuple(layout for layout in found if layout is not None)


_find_cached = lru_cache(maxsize=256)(_find)


def cause_of(error: Exception) -> str:
    """Return the cause of a libsndfile error, worded for users."""
    if getattr(error, "code", None) == NO_MPEG_FRAMES:
        return "no MP3 frames were found in it"
    if isinstance(error, TypeError):  # soundfile treats every .raw file as headerless
        return "its suffix is that of a format without a header"
    return getattr(error, "error_string", str(error)).removeprefix("Error : ").rstrip(".")
