"""Reproducible ways to damage a file, for benchmarks."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".m4a", ".aiff", ".au", ".raw", ".txt", "")
EXTREMES = (0, 1, 2**7 - 1, 2**7, 2**15 - 1, 2**15, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64 - 1)
HEAD = 256
"""Number of bytes at the start of a file, which contain most of its header."""


Random = np.random.Generator


def flip(data: bytes, rng: Random, most: int) -> bytes:
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    count = int(most ** rng.random())
    bits[rng.integers(len(bits), size=count)] ^= 1
    return np.packbits(bits).tobytes()


def span(data: bytes, rng: Random) -> slice:
    """Choose a random part of the data, with a log-uniform length."""
    length = int(len(data) ** rng.random())
    start = int(rng.integers(len(data) - length + 1))
    return slice(start, start + length)


def truncated(data: bytes, rng: Random, other: bytes) -> bytes:
    return data[: int(len(data) ** rng.random() if rng.random() < 0.5 else rng.integers(len(data)))]


def head_cut_off(data: bytes, rng: Random, other: bytes) -> bytes:
    return data[int(len(data) ** rng.random()) :]


def bits_flipped(data: bytes, rng: Random, other: bytes) -> bytes:
    return flip(data, rng, most=2000)


def header_flipped(data: bytes, rng: Random, other: bytes) -> bytes:
    return flip(data[:HEAD], rng, most=16) + data[HEAD:]


def header_spliced(data: bytes, rng: Random, other: bytes) -> bytes:
    start = int(4 * (HEAD / 2) ** rng.random())
    return other[:start] + data[start if rng.random() < 0.5 else 0 :]


def field_extreme(data: bytes, rng: Random, other: bytes) -> bytes:
    size = int(rng.choice([1, 2, 4, 8]))
    value = EXTREMES[rng.integers(len(EXTREMES))] % 2 ** (8 * size)
    start = int(rng.integers(min(HEAD, len(data)) - size))
    order = "little" if rng.random() < 0.5 else "big"
    return data[:start] + value.to_bytes(size, order) + data[start + size :]


def chunk_deleted(data: bytes, rng: Random, other: bytes) -> bytes:
    part = span(data, rng)
    return data[: part.start] + data[part.stop :]


def chunk_repeated(data: bytes, rng: Random, other: bytes) -> bytes:
    part = span(data, rng)
    return data[: part.stop] + data[part.start :]


def chunk_zeroed(data: bytes, rng: Random, other: bytes) -> bytes:
    part = span(data, rng)
    return data[: part.start] + bytes(part.stop - part.start) + data[part.stop :]


def chunk_random(data: bytes, rng: Random, other: bytes) -> bytes:
    part = span(data, rng)
    return data[: part.start] + rng.bytes(part.stop - part.start) + data[part.stop :]


def other_inserted(data: bytes, rng: Random, other: bytes) -> bytes:
    start = int(rng.integers(len(data) + 1))
    return data[:start] + other + data[start:]


def wrong_suffix(data: bytes, rng: Random, other: bytes) -> bytes:
    return data


Damage = Callable[[bytes, Random, bytes], bytes]
DAMAGES: tuple[Damage, ...] = (
    truncated,
    head_cut_off,
    bits_flipped,
    header_flipped,
    header_spliced,
    field_extreme,
    chunk_deleted,
    chunk_repeated,
    chunk_zeroed,
    chunk_random,
    other_inserted,
    wrong_suffix,
)


class Case(NamedTuple):
    """Damaged file, with its number and kind of damage."""

    number: int
    format: str
    damage: str
    suffix: str
    data: bytes


def make_case(
    number: int, seed: int, sources: list[Path], damages: tuple[Damage, ...] = DAMAGES
) -> Case:
    rng = np.random.default_rng([seed, number])
    damage = damages[number % len(damages)]
    source = sources[number // len(damages) % len(sources)]
    others = [path for path in sources if path.suffix != source.suffix] or sources
    other = others[rng.integers(len(others))].read_bytes()
    suffix = source.suffix.lower()
    if damage is wrong_suffix:
        suffix = SUFFIXES[rng.integers(len(SUFFIXES))]
    data = damage(source.read_bytes(), rng, other)
    return Case(number, source.suffix.lower()[1:], damage.__name__, suffix, data)
