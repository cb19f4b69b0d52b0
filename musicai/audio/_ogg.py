"""Telling from its pages whether an Ogg file is whole, and all of it is read.

An Ogg file is a row of pages and has no length in its header, but the first and the last page of a
stream are marked (RFC 3533, section 6). Streams may follow one another, as of a broadcast.
"""

import os
import struct

PAGE_HEADER = struct.Struct("<4sBBqIIIB")
"""Magic, version, flags, position, stream, number, checksum, how many segment lengths follow."""

MAGIC = b"OggS\0"
LARGEST_PAGE = PAGE_HEADER.size + 255 + 255 * 255
BEGINNING_OF_STREAM = 0x02
END_OF_STREAM = 0x04


def has_last_page(path: str | bytes) -> bool:
    """Return whether the last page in the file is whole and marked as the end of a stream.

    If the file cannot be opened any more, the answer is yes.
    """
    try:
        _, tail = _ends(path)
    except OSError:  # gone since it was decoded
        return True
    start = tail.rfind(MAGIC)
    if start < 0 or len(tail) < start + PAGE_HEADER.size:
        return False
    _, _, flags, *_ = PAGE_HEADER.unpack_from(tail, start)
    return bool(flags & END_OF_STREAM) and _end(tail, start) <= len(tail)


def is_chained(path: str | bytes) -> bool:
    """Return whether the last page is of a stream that does not begin where the file does.

    If the file cannot be opened any more, the answer is no.
    """
    try:
        head, tail = _ends(path)
    except OSError:
        return False
    streams = set()
    start = head.find(MAGIC)
    while 0 <= start <= len(head) - PAGE_HEADER.size and head.startswith(MAGIC, start):
        _, _, flags, _, stream, *_ = PAGE_HEADER.unpack_from(head, start)
        if not flags & BEGINNING_OF_STREAM:
            break
        streams.add(stream)
        start = _end(head, start)
    last = tail.rfind(MAGIC)
    if not streams or last < 0 or len(tail) < last + PAGE_HEADER.size:
        return False
    return PAGE_HEADER.unpack_from(tail, last)[4] not in streams


def _ends(path: str | bytes) -> tuple[bytes, bytes]:
    """Return the beginning and the end of a file; each has a whole page in it."""
    with open(path, "rb") as file:
        head = file.read(2 * LARGEST_PAGE)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 2 * LARGEST_PAGE))  # tags may stand behind the last page
        return head, file.read()


def _end(pages: bytes, start: int) -> int:
    """Return where the page that begins at `start` ends."""
    *_, n_segments = PAGE_HEADER.unpack_from(pages, start)
    segments = start + PAGE_HEADER.size
    return segments + n_segments + sum(pages[segments : segments + n_segments])
