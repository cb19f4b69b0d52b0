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

from .._paths import AnyPath

TABLES = (b"Xing", b"Info", b"VBRI")
FIRST_FRAMES = 16384
"""Bytes behind the tags in which the first frame is expected."""

TAG_HEADER = 10
"""Bytes of the header of an ID3v2 tag (ID3v2.4 structure, section 3.1); of a footer, too."""


def tells_length(path: AnyPath) -> bool:
    """Return whether an MP3 file has a table; also if it cannot be opened any more."""
    try:
        with open(path, "rb") as file:
            file.seek(_behind_tags(path))
            beginning = file.read(FIRST_FRAMES)
    except OSError:
        return True
    return any(table in beginning for table in TABLES)


@contextmanager
def piped(path: AnyPath) -> Iterator[int]:
    """Give a descriptor from which the frames of an MP3 file can be read, forward."""
    failed: list[OSError] = []
    start = _behind_tags(path)
    reading, writing = os.pipe()

    def write() -> None:
        try:
            with open(writing, "wb", buffering=0) as pipe, open(path, "rb") as file:
                file.seek(start)
                with suppress(BrokenPipeError):  # nobody reads any more
                    shutil.copyfileobj(file, pipe)
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


def _behind_tags(path: AnyPath) -> int:
    """Return where the ID3v2 tags at the beginning of a file end, in bytes."""
    position = 0
    with open(path, "rb") as file:
        while (header := file.read(TAG_HEADER))[:3] == b"ID3" and len(header) == TAG_HEADER:
            flags, sizes = header[5], header[6:]
            size = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(sizes)))
            footer = TAG_HEADER if flags & 0x10 else 0
            position += TAG_HEADER + size + footer
            file.seek(position)
    return position
