"""MP3 files that do not tell how long they are.

Their first frame may hold a table (Xing, Info or VBRI) with the number of frames. Without one
libsndfile takes the first bit rate for that of all, and reads no further than the length that this
gives; where the bit rate varies, most of the music may lie behind it. From a pipe, whose length
nobody can know, it reads all that comes.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import BinaryIO

import soundfile

from ..files.paths import AnyPath

TABLES = (b"Xing", b"Info", b"VBRI")
FIRST_FRAMES = 16384
"""Bytes behind the tags in which the first frame is expected."""

TAG_HEADER = 10
"""Bytes of the header of an ID3v2 tag (ID3v2.4 structure, section 3.1); of a footer, too."""


def lacks_length(file: soundfile.SoundFile, path: AnyPath) -> bool:
    """Return whether an open file is an MP3 without a table, whose end only a pipe leads to.

    If it cannot be opened any more, it is none; nor is it where libsndfile takes no pipes of
    Python's.
    """
    if file.format != "MP3" or os.name != "posix":
        return False
    try:
        with open(path, "rb") as content:
            _skip_tags(content)
            beginning = content.read(FIRST_FRAMES)
    except OSError:
        return False
    return not any(table in beginning for table in TABLES)


@contextmanager
def piped(path: AnyPath) -> Iterator[int]:
    """Give a descriptor from which the frames of an MP3 file can be read, forward."""
    failed: list[OSError] = []
    reading, writing = os.pipe()

    def write() -> None:
        try:
            with open(writing, "wb", buffering=0) as pipe, open(path, "rb") as content:
                _skip_tags(content)
                with suppress(BrokenPipeError):  # nobody reads any more
                    shutil.copyfileobj(content, pipe)
        except OSError as error:
            failed.append(error)

    thread = Thread(target=write, daemon=True)  # a reader that is never closed ends with Python
    try:
        thread.start()
        yield reading
    finally:
        os.close(reading)
        thread.join()
    if failed:  # or what there was so far would pass for all
        raise failed[0]


def _skip_tags(content: BinaryIO) -> None:
    """Go behind the ID3v2 tags at the beginning of a file."""
    position = 0
    while (header := content.read(TAG_HEADER))[:3] == b"ID3" and len(header) == TAG_HEADER:
        flags, sizes = header[5], header[6:]
        size = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(sizes)))
        footer = TAG_HEADER if flags & 0x10 else 0
        position += TAG_HEADER + size + footer
        content.seek(position)
    content.seek(position)
