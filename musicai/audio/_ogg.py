"""Completeness check for Ogg files, whose headers do not give a length.

An Ogg file is a sequence of pages (RFC 3533, section 6). Flags mark the first and the last page of
each stream. A file may contain several consecutive streams, as in a recorded broadcast.
"""

import os
import re
import struct
from typing import BinaryIO

PAGE_HEADER = struct.Struct("<5xB8xI8xB")
"""Header of a page: flags, serial number of the stream, and number of segments."""

MAGIC = b"OggS\0"
LARGEST_PAGE = PAGE_HEADER.size + 255 + 255 * 255
END_OF_STREAM = 0x04


def ogg_damage(content: BinaryIO) -> str | None:
    """Return a warning if an Ogg file lacks its last page or has consecutive streams, else None."""
    content.seek(0)
    head = content.read(LARGEST_PAGE)
    size = content.seek(0, os.SEEK_END)
    content.seek(max(0, size - 2 * LARGEST_PAGE))  # tags may follow the last page
    tail = content.read()
    page = tail[tail.rfind(MAGIC) :] if MAGIC in tail else b""
    if len(page) >= PAGE_HEADER.size:
        flags, stream, n_segments = PAGE_HEADER.unpack_from(page)
        segments = page[PAGE_HEADER.size :][:n_segments]
        whole = len(page) >= PAGE_HEADER.size + n_segments + sum(segments)
        if whole and flags & END_OF_STREAM:
            # If streams are parallel, the first pages of all of them precede any other pages.
            first_pages = re.split(rb"OggS\0[^\2\6]", head)[0]
            if re.search(rb"OggS\0..{8}" + re.escape(struct.pack("<I", stream)), first_pages, re.S):
                return None
            return "another stream follows the first in this Ogg file, and was not read"
    return "the file lacks the last page of an Ogg stream and may be truncated"
