"""Position of the samples in chunked files (WAV, RF64, W64, AIFF, CAF) and in AU files.

A program writes the length of the samples into the header when it closes the file. If the program
crashes, the header contains 0 or an earlier length. A 32-bit field cannot hold a length of 4 GiB or
more. This module therefore inspects the bytes that follow the samples counted in the header.
Chunks, tags and pictures are ignored. Other data is read as more samples if the header gives a
length of 0, or if libsndfile can open the file and the data is not all zeros and lasts a second.

RIFF: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" (1991); RF64: EBU
Tech 3306; AIFF: Apple, "Audio Interchange File Format 1.3" (1989); W64: Sony, "Wave64" (2003);
CAF: Apple, "Core Audio Format 1.0" (2005); AU: Sun, "audio file format" (1992).
"""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from ._layout import Layout
from ._parts import Part
from ._tags import skip_tags, start_of_trailing_tags

LEAST_SECONDS = 1.0
"""Shortest audio to read past the length in the header, in seconds, unless this length is 0."""

LARGEST_SIZE = 2**32 - 1
"""Largest 32-bit size; in RF64 it means that the size is in the `ds64` chunk."""

UNKNOWN_SIZE = 2**31 - 2**16
"""A 32-bit size of at least this value means "unknown" if the file has fewer bytes.

A program that writes to a pipe cannot know the size and stores the largest size that it supports.
"""

NOT_AUDIO = (b"ID3", b"TAG", b"APETAGEX", b"\xff\xd8\xff", b"\x89PNG", b"GIF8")
"""First bytes of pictures, and of truncated tags, which `skip_tags` does not skip."""

MOST_CHUNKS = 2**12
"""Largest number of chunks to inspect; a damaged file may seem full of empty chunks."""

MOST_ZEROS = 2**26
"""Largest number of bytes to compare with 0; if all are 0, nothing after the samples is read."""

KINDS = (b"WAVE", b"AIFF", b"AIFC")
FORMATS = (b"fmt ", b"COMM", b"desc")
"""Chunks that give the sample format; one must precede the samples."""

KNOWN = (
    *(b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"_PMX", b"JUNK", b"cue ", b"smpl", b"PEAK"),
    *(b"fact", b"DISP", b"ANNO", b"NAME", b"AUTH", b"(c) ", b"MARK", b"COMT", b"APPL"),
)
"""Names of chunks that are recognized even if their sizes are wrong."""


class Family(NamedTuple):
    """Chunk layout of a family of formats.

    Attributes
    ----------
    first : int
        Offset of the first chunk in bytes.
    name_bytes : int
        Length of a chunk's name in bytes.
    size : struct.Struct
        Format of a chunk's size, which follows its name.
    is_whole : bool
        Whether the size includes the name and the size field.
    align : int
        Chunks are aligned to multiples of this number of bytes.
    samples : bytes
        Name of the chunk that holds the samples.
    n_skipped : int
        Number of bytes in the chunk `samples` before the first sample.
    """

    first: int
    name_bytes: int
    size: struct.Struct
    is_whole: bool
    align: int
    samples: bytes
    n_skipped: int


_LITTLE, _BIG, _LONG = struct.Struct("<I"), struct.Struct(">I"), struct.Struct("<Q")
_W64_NAME = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_RIFF = Family(12, 4, _LITTLE, False, 2, b"data", 0)

FAMILIES = {
    b"RIFF": _RIFF,
    b"RF64": _RIFF,
    b"BW64": _RIFF,
    b"RIFX": _RIFF._replace(size=_BIG),
    b"FORM": _RIFF._replace(size=_BIG, samples=b"SSND", n_skipped=8),
    b"riff": Family(40, 16, _LONG, True, 8, b"data" + _W64_NAME, 0),
    b"caff": Family(8, 4, struct.Struct(">Q"), False, 1, b"data", 4),
}
AU_SIZES = {b".snd": _BIG, b"dns.": _LITTLE}
MAGIC = (*FAMILIES, *AU_SIZES)


class Samples(NamedTuple):
    """Position of the samples in a file; positions are in bytes.

    Attributes
    ----------
    start : int
        Position of the first sample.
    promised : int
        Number of bytes of samples according to the header.
    field, size : int, struct.Struct
        Position and format of the header's length field.
    n_more : int
        Number of bytes other than samples that the length field includes.
    """

    start: int
    promised: int
    field: int
    size: struct.Struct
    n_more: int


def chunk_layout(
    content: BinaryIO, origin: int, magic: bytes, n_seconds: float | None
) -> Layout | None:
    """Return the layout of a chunked file or an AU file.

    Return None if the file is of a different type, or if its samples are not found.

    Parameters
    ----------
    content : binary file
        The file.
    origin : int
        Position after any tags at the beginning.
    magic : bytes
        The four bytes at `origin`.
    n_seconds : float or None
        Length in seconds according to libsndfile; None if libsndfile cannot open the file.
    """
    stop = start_of_trailing_tags(content)
    found = _find_samples(content, origin, stop, magic)
    if found is None:
        return None
    behind, available = found.start + found.promised, stop - found.start
    # In W64 files, libsndfile decodes any bytes after the samples as audio. In other formats, it
    # ignores them or fails to open the file.
    is_trusted = n_seconds is not None and magic != b"riff"
    if found.promised >= available:
        unknown = UNKNOWN_SIZE if found.size.size == 4 else 2**62
        is_open = found.promised >= unknown or available <= 0
        has_tags = stop < content.seek(0, os.SEEK_END)
        is_right = (is_trusted and found.promised == available) or (n_seconds and not has_tags)
        parts = () if is_right or available <= 0 else _with_length(found, origin, stop, magic)
        return Layout(parts, promised=1.0 if is_open else found.promised / available)
    family = FAMILIES.get(magic)
    padded = behind + (-(behind - origin) % family.align if family else 0)
    is_sound = not any(  # check both positions, because some programs omit the padding
        _is_not_audio(content, position, stop, family) for position in (padded, behind)
    )
    if is_sound and found.promised and n_seconds != 0:  # the header promises at least one sample
        n_unread = (available - found.promised) * (n_seconds or 0) / found.promised
        is_sound = n_unread >= LEAST_SECONDS and not _is_zero(
            content, behind, min(stop, behind + MOST_ZEROS)
        )
    if is_sound:
        parts = _with_length(found, origin, stop, magic)
        return Layout(parts, promised=found.promised / available)
    trouble = _unread_behind(content, padded, behind, stop, family, origin)
    parts = () if is_trusted else _with_length(found, origin, behind, magic)
    return Layout(parts, trouble=trouble)


def _unread_behind(
    content: BinaryIO, padded: int, behind: int, stop: int, family: Family | None, origin: int
) -> str | None:
    """Return a warning if audio that is not read follows the samples; otherwise None."""
    if any(_read(content, position, 4) in MAGIC for position in (padded, behind)):
        return "another recording follows the first in this file, and was not read"
    if family and any(
        name == family.samples and first < last
        for name, first, last in _chunks(content, padded, stop, family, origin)
    ):
        return "more samples follow in another chunk of this file, and were not read"
    return None


def _find_samples(content: BinaryIO, origin: int, stop: int, magic: bytes) -> Samples | None:
    if magic in AU_SIZES:
        size = AU_SIZES[magic]
        offset = _number(content, origin + 4, size)
        return Samples(origin + offset, _number(content, origin + 8, size), origin + 8, size, 0)
    family = FAMILIES.get(magic)
    if family is None or (family.align == 2 and _read(content, origin + 8, 4) not in KINDS):
        return None
    long_size = None
    has_format = False
    for name, first, last in _chunks(content, origin + family.first, stop, family, origin):
        has_format |= name[:4] in FORMATS
        if name == b"ds64":
            long_size = first + 8
        if name == family.samples:
            field, size, n_more = first - family.size.size, family.size, family.n_skipped
            promised = max(0, last - first - family.n_skipped)
            if family.is_whole:
                n_more += family.name_bytes + family.size.size
            if long_size is not None and last - first == LARGEST_SIZE:
                field, size = long_size, _LONG
                promised = _number(content, field, size)
            samples = Samples(first + family.n_skipped, promised, field, size, n_more)
            return samples if has_format else None
    return None


def _chunks(
    content: BinaryIO, position: int, stop: int, family: Family, origin: int
) -> Iterator[tuple[bytes, int, int]]:
    """Yield each chunk's name and the start and end of its content."""
    header = family.name_bytes + family.size.size
    for _ in range(MOST_CHUNKS):
        if position + header > stop:
            return
        name = _read(content, position, family.name_bytes)
        size = _number(content, position + family.name_bytes, family.size)
        first = position + header
        last = max(first, position + size if family.is_whole else first + size)
        yield name, first, last
        position = last + -(last - origin) % family.align


def _is_not_audio(content: BinaryIO, position: int, stop: int, family: Family | None) -> bool:
    """Return whether the bytes from `position` to `stop`, if any, are chunks, tags or a picture."""
    for _ in range(MOST_CHUNKS):
        position = skip_tags(content, position)
        if position >= stop:
            return True
        if _read(content, position, 8).startswith(NOT_AUDIO):
            return True
        if family is None:
            return False
        chunk = next(_chunks(content, position, stop, family, position), None)
        if chunk is None:  # the remaining bytes are too few for a chunk
            return True
        name, _, last = chunk
        if name in KNOWN:
            return True
        is_name = family.is_whole or (name.isascii() and name.decode().isprintable())
        if not is_name or last > stop:
            return False
        position = last + (last - position) % family.align
    return True


def _is_zero(content: BinaryIO, position: int, stop: int) -> bool:
    content.seek(position)
    while position < stop:
        block = content.read(min(stop - position, 2**16))
        if not block or block.strip(b"\0"):
            return not block
        position += len(block)
    return True


def _with_length(found: Samples, origin: int, stop: int, magic: bytes) -> tuple[Part, ...]:
    """Return the parts of a file that ends at `stop`, with the true length in its header.

    If the length does not fit into 32 bits, a RIFF header becomes an RF64 header, and any other
    32-bit field is set to its largest value.
    """
    value = stop - found.start + found.n_more
    behind_field = found.field + found.size.size
    if found.size.size == 4 and value > LARGEST_SIZE:
        if magic == b"RIFF":
            lengths = struct.pack("<4sIQQQI", b"ds64", 28, stop - origin, value, 0, 0)
            first = b"RF64" + _LITTLE.pack(LARGEST_SIZE) + b"WAVE" + lengths
            rest = range(origin + _RIFF.first, found.field), range(behind_field, stop)
            return first, rest[0], _LITTLE.pack(LARGEST_SIZE), rest[1]
        value = LARGEST_SIZE
    field = found.size.pack(value)
    return range(origin, found.field), field, range(behind_field, stop)


def _read(content: BinaryIO, position: int, n_bytes: int) -> bytes:
    """Read `n_bytes` bytes from `position`, with zeros for bytes past the end of the file."""
    content.seek(position)
    return content.read(n_bytes).ljust(n_bytes, b"\0")


def _number(content: BinaryIO, position: int, form: struct.Struct) -> int:
    number: int = form.unpack(_read(content, position, form.size))[0]
    return number
