"""Damage limited to the lengths, counts and tables in headers of recordings.

The rest of a file is unchanged, so the expected audio is known. Damaged Ogg pages get a new
checksum, because decoders would otherwise skip them.
"""

import struct
from collections.abc import Iterator

from .damages import EXTREMES, Damage, Random

Field = tuple[int, int, str]
"""Position of a number, its number of bytes, and byte order ("little" or "big")."""

RIFF = {b"RIFF": "little", b"RF64": "little", b"RIFX": "big", b"FORM": "big"}
TABLES = {b"stts", b"stsc", b"stsz", b"stco", b"ctts"}
BOXES = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}


def fields(data: bytes) -> list[Field]:
    """Return the lengths and counts in the headers of a recording."""
    found: Iterator[Field] = iter(())
    magic = data[:4]
    if magic in RIFF:
        found = _of_chunks(data, 12, 4, 4, RIFF[magic])
    elif magic == b"riff":
        found = _of_chunks(data, 40, 16, 8, "little", whole=True)
    elif magic == b"caff":
        found = _of_chunks(data, 8, 4, 8, "big")
    elif magic == b".snd":
        found = iter([(4, 4, "big"), (8, 4, "big")])
    elif magic == b"fLaC":
        found = _of_flac(data)
    elif magic == b"OggS":
        found = _of_ogg(data)
    elif data[4:8] == b"ftyp":
        found = _of_boxes(data, 0, len(data))
    elif magic[:1] == b"\xff":
        found = _of_mp3(data)
    return [field for field in found if field[0] + field[1] <= len(data)]


def _of_chunks(
    data: bytes, first: int, n_name: int, n_size: int, order: str, *, whole: bool = False
) -> Iterator[Field]:
    yield n_name, n_size, order
    while first + n_name + n_size < len(data):
        name, field = data[first : first + 4], first + n_name
        size = int.from_bytes(data[field : field + n_size], order)
        yield field, n_size, order
        content = field + n_size
        if name in (b"fact", b"COMM"):
            yield content + (2 if name == b"COMM" else 0), 4, order
        if name == b"ds64":
            yield from ((content + place, 8, order) for place in (0, 8, 16))
        if n_size == 4 and size == 2**32 - 1:  # in RF64, the true size is in ds64
            return
        step = size - (n_name + n_size if whole else 0)
        first = content + step + (step % 2 if n_size == 4 else -step % 8 if whole else 0)


def _of_flac(data: bytes) -> Iterator[Field]:
    yield from ((place, 2, "big") for place in (8, 10))  # samples per block
    yield from ((place, 3, "big") for place in (12, 15))  # bytes per frame
    yield 22, 4, "big"  # total samples
    place = 4
    while place < len(data):
        yield place + 1, 3, "big"
        if data[place] & 0x80:
            return
        place += 4 + int.from_bytes(data[place + 1 : place + 4], "big")


def _of_ogg(data: bytes) -> Iterator[Field]:
    place = data.find(b"OggS")
    while place >= 0:
        yield place + 6, 8, "little"  # samples so far
        yield place + 18, 4, "little"  # pages so far
        place = data.find(b"OggS", place + 1)


def _of_mp3(data: bytes) -> Iterator[Field]:
    for name in (b"Xing", b"Info"):
        if 0 <= (place := data.find(name)) < 64:
            yield from ((place + more, 4, "big") for more in (4, 8, 12))
            yield from ((place + 16 + percent, 1, "big") for percent in range(0, 100, 10))
            yield place + 141, 3, "big"  # samples of padding at the beginning and the end


def _of_boxes(data: bytes, start: int, stop: int) -> Iterator[Field]:
    while start + 8 <= stop:
        (size,) = struct.unpack_from(">I", data, start)
        name, content = data[start + 4 : start + 8], start + 8
        yield start, 4, "big"
        if name in BOXES:
            yield from _of_boxes(data, content, min(stop, start + size))
        if name in TABLES:
            yield from ((content + place, 4, "big") for place in (4, 8, 12))
        if name in (b"mvhd", b"mdhd"):
            yield from ((content + place, 4, "big") for place in (12, 16))
        start += max(8, size)


def _broken(data: bytes, rng: Random, change) -> bytes:
    """Apply `change` to a random number in the headers, if there are any numbers."""
    found = fields(data)
    if not found:
        return data
    place, n_bytes, order = found[rng.integers(len(found))]
    number = int.from_bytes(data[place : place + n_bytes], order)
    value = change(number, rng) % 256**n_bytes
    damaged = data[:place] + value.to_bytes(n_bytes, order) + data[place + n_bytes :]
    return _with_checksum(damaged, place) if data.startswith(b"OggS") else damaged


def _with_checksum(data: bytes, place: int) -> bytes:
    start = data.rfind(b"OggS", 0, place)
    lengths = data[start + 27 : start + 27 + data[start + 26]]
    stop = start + 27 + len(lengths) + sum(lengths)
    page = data[start : start + 22] + bytes(4) + data[start + 26 : stop]
    crc = 0
    for byte in page:
        crc = (crc << 8 & 0xFFFFFFFF) ^ CRC_TABLE[crc >> 24 ^ byte]
    return data[: start + 22] + crc.to_bytes(4, "little") + data[start + 26 :]


def _crc_of(byte: int) -> int:
    crc = byte << 24
    for _ in range(8):
        crc = crc << 1 & 0xFFFFFFFF ^ (0x04C11DB7 if crc & 0x80000000 else 0)
    return crc


CRC_TABLE = [_crc_of(byte) for byte in range(256)]


def promise_zero(data: bytes, rng: Random, other: bytes) -> bytes:
    return _broken(data, rng, lambda number, rng: 0)


def promise_smaller(data: bytes, rng: Random, other: bytes) -> bytes:
    return _broken(data, rng, lambda number, rng: int(number * rng.random()))


def promise_larger(data: bytes, rng: Random, other: bytes) -> bytes:
    return _broken(data, rng, lambda number, rng: int(number * 10 ** (3 * rng.random())) + 1)


def promise_off_by_few(data: bytes, rng: Random, other: bytes) -> bytes:
    return _broken(data, rng, lambda number, rng: number + int(rng.integers(-9, 10)))


def promise_extreme(data: bytes, rng: Random, other: bytes) -> bytes:
    return _broken(data, rng, lambda number, rng: EXTREMES[rng.integers(len(EXTREMES))])


def promises_random(data: bytes, rng: Random, other: bytes) -> bytes:
    for _ in range(3):
        data = _broken(data, rng, lambda number, rng: int.from_bytes(rng.bytes(8)))
    return data


def promises_cut_off(data: bytes, rng: Random, other: bytes) -> bytes:
    """Truncate the file like a broken download, without changing its header."""
    return data[: int(len(data) * (0.1 + 0.9 * rng.random()))]


def promises_exceeded(data: bytes, rng: Random, other: bytes) -> bytes:
    """Append a tag, another recording or other data, without changing the header."""
    tag = b"ID3\4\0\0\0\7\0\0" + rng.bytes(7 * 128 * 128)
    behind = [tag, b"TAG" + bytes(125), other, data, bytes(50_000), b"\xff\xd8\xff\xe0" + tag[9:]]
    return data + behind[rng.integers(len(behind))]


PROMISES: tuple[Damage, ...] = (
    promise_zero,
    promise_smaller,
    promise_larger,
    promise_off_by_few,
    promise_extreme,
    promises_random,
    promises_cut_off,
    promises_exceeded,
)
