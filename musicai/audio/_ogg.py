"""Telling from its last page whether an Ogg file is whole.

An Ogg file is a row of pages and has no length in its header, but the last page of a stream is
marked (RFC 3533, section 6).
"""

import os
import struct

PAGE_HEADER = struct.Struct("<4sBBqIIIB")
"""Magic, version, flags, position, stream, number, checksum, how many segment lengths follow."""

LARGEST_PAGE = PAGE_HEADER.size + 255 + 255 * 255
END_OF_STREAM = 0x04


def has_last_page(path: str | bytes) -> bool:
    """Return whether the last page in the file is whole and marked as the end of a stream.

    If the file cannot be opened any more, the answer is yes.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115
    except OSError:  # gone since it was decoded
        return True
    with file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 2 * LARGEST_PAGE))  # tags may stand behind the last page
        tail = file.read()
    start = tail.rfind(b"OggS\0")
    if start < 0 or len(tail) < start + PAGE_HEADER.size:
        return False
    _, _, flags, *_, n_segments = PAGE_HEADER.unpack_from(tail, start)
    segments = start + PAGE_HEADER.size
    end = segments + n_segments + sum(tail[segments : segments + n_segments])
    return bool(flags & END_OF_STREAM) and end <= len(tail)
