"""Positions of tags in an audio file: before, within and after the audio.

ID3v2 (id3.org, ID3v2.4 structure, section 3), ID3v1, APEv2 and Lyrics3 tags are skipped; their
contents are never read.
"""

import os
import struct
from typing import BinaryIO

ID3_HEADER = 10
"""Length in bytes of the header of an ID3v2 tag; a footer has the same length."""

ID3V1_BYTES = 128

APE_HEADER = struct.Struct("<8s4xI4xI8x")
"""Header or footer of an APE tag: magic number, length in bytes without the header, and flags."""

APE_HAS_HEADER = 1 << 31
LYRICS_END = b"LYRICS200"


def skip_tags(content: BinaryIO, position: int) -> int:
    """Return the end of the consecutive tags that begin at a position in a file.

    If no tag begins there, return the position itself. A tag that would extend beyond the end of
    the file is ignored.
    """
    size = content.seek(0, os.SEEK_END)
    while position < (end := position + _tag_bytes(content, position)) <= size:
        position = end
    return position


def start_of_trailing_tags(content: BinaryIO) -> int:
    """Return the start of the tags at the end of a file, or the file's size if there are none."""
    stop = content.seek(0, os.SEEK_END)
    while 0 <= (start := stop - _bytes_of_tag_before(content, stop)) < stop:
        stop = start
    return stop


def _tag_bytes(content: BinaryIO, position: int) -> int:
    content.seek(position)
    head = content.read(APE_HEADER.size)
    if head.startswith(b"ID3") and len(head) >= ID3_HEADER:
        footer = ID3_HEADER if head[5] & 0x10 else 0
        return ID3_HEADER + _syncsafe(head[6:10]) + footer
    if head.startswith(b"APETAGEX") and len(head) == APE_HEADER.size:
        return APE_HEADER.size + APE_HEADER.unpack(head)[1]
    return ID3V1_BYTES if head.startswith(b"TAG") else 0


def _bytes_of_tag_before(content: BinaryIO, stop: int) -> int:
    content.seek(max(0, stop - ID3V1_BYTES))
    tail = content.read(min(stop, ID3V1_BYTES))
    if tail.startswith(b"TAG") and len(tail) == ID3V1_BYTES:
        return ID3V1_BYTES
    if tail[-APE_HEADER.size :].startswith(b"APETAGEX"):
        _, n_bytes, flags = APE_HEADER.unpack(tail[-APE_HEADER.size :])
        return n_bytes + (APE_HEADER.size if flags & APE_HAS_HEADER else 0)
    if tail[-ID3_HEADER:].startswith(b"3DI"):
        return 2 * ID3_HEADER + _syncsafe(tail[-4:])
    digits = tail[-len(LYRICS_END) - 6 : -len(LYRICS_END)]
    if tail.endswith(LYRICS_END) and digits.isdigit():
        return int(digits) + len(digits) + len(LYRICS_END)
    return 0


def _syncsafe(size: bytes) -> int:
    """Decode a number that is stored with 7 bits per byte."""
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(size)))
