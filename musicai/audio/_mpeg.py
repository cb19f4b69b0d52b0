"""Position and number of frames in MPEG audio (MP3, MP2).

Each frame begins with a header that gives the length of the frame (ISO/IEC 11172-3, section
2.4.1.3). A sequence of headers, each at the distance that the previous header gives, therefore
identifies frames anywhere in a file, for instance after tags or a gap. Instead of audio, the first
frame may hold a table with the number of frames: a Xing or Info table, to which LAME and ffmpeg add
a checksum, or a VBRI table.

libsndfile requires a frame at the beginning and stops at the first gap. Without a Xing or Info
table, it computes a length from the bit rate of the first frame, and stops at this length.
"""

import os
import re
import struct
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO, NamedTuple

from ._layout import Layout
from ._tags import skip_tags, start_of_trailing_tags

RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Sampling rates in hertz for rate codes 0 to 2; the keys are codes of MPEG 1, 2 and 2.5."""

_HIGH = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_LOW = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
KILOBITS = {
    (True, 1): tuple(range(32, 449, 32)),
    (True, 2): _HIGH,
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): _LOW,
    (False, 3): _LOW,
}
"""Bit rates in kilobits per second for codes 1 to 14; the keys are (whether MPEG 1, layer)."""

LEAST_FRAMES = 3
"""Smallest number of consecutive frames to accept; shorter runs may occur by chance."""

SEARCHED_BYTES = 2**20
"""Number of bytes at the beginning of a file in which to search for the first frame."""

LONGEST_FRAME = 2880
"""Length of the longest frame in bytes; a gap up to this length may be a truncated frame."""

MISCOUNTED = 2
"""Tolerated error in a table's number of frames, because encoders count differently."""

LEAST_SECONDS = 1.0
"""Shortest duration of skipped audio to report, in seconds.

A gap between frames is also reported if it is longer than `LONGEST_FRAME`.
"""

SYNC = re.compile(rb"\xff(?=[\xe2-\xff])")
"""First byte of a frame header, followed by a valid second byte."""

WINDOW = 2**16
"""Number of bytes to read at a time."""

TABLE_BYTES = 194
"""Largest number of bytes from the start of the first frame to the end of a table's checksum."""

CHECKSUM_PLACE = 154
"""Offset in bytes from "Xing" or "Info" to the checksum of all earlier bytes of the frame."""


class Kind(NamedTuple):
    """Properties that all frames of one recording share."""

    version: int
    layer: int
    rate: int
    is_mono: bool
    samples_per_frame: int


class Run(NamedTuple):
    """Consecutive frames of one kind, from byte `start` to byte `stop` of the file."""

    start: int
    stop: int
    n_frames: int
    kind: Kind

    @property
    def n_samples(self) -> int:
        """Number of samples per channel."""
        return self.n_frames * self.kind.samples_per_frame


class Table(NamedTuple):
    """Table in the first frame of a file.

    Attributes
    ----------
    n_frames, n_bytes : int
        Number of frames, not counting the one that holds the table, and number of bytes in all
        frames; 0 if unknown.
    frame_bytes : int
        Length in bytes of the frame that holds the table.
    is_known : bool
        Whether libsndfile recognizes the table. libsndfile decodes a VBRI table as a frame of
        silence.
    is_checked : bool
        Whether the table has a correct checksum.
    """

    n_frames: int
    n_bytes: int
    frame_bytes: int
    is_known: bool
    is_checked: bool


def mpeg_layout(
    content: BinaryIO, origin: int, *, is_known: bool, trust_table: bool
) -> Layout | None:
    """Return the layout of a file; None if it is not MPEG audio.

    Parameters
    ----------
    content : binary file
        The file.
    origin : int
        Position after any tags at the beginning.
    is_known : bool
        Whether libsndfile identifies the file as MPEG audio. If not, over half of its bytes must be
        frames.
    trust_table : bool
        Whether to trust a table with the right checksum and size instead of searching the file.
    """
    table = _table(content, origin) if trust_table and is_known else None
    if table is not None and table.is_known and table.is_checked:
        end = skip_tags(content, origin + table.n_bytes)
        if end == content.seek(0, os.SEEK_END):
            return Layout()
    stop = start_of_trailing_tags(content)
    runs = list(_find_runs(content, origin, stop))
    if not runs and is_known and (run := _follow(content, origin, stop, n_least=1)) is not None:
        runs = [run]
    n_bytes = sum(run.stop - run.start for run in runs)
    if runs and (is_known or 2 * n_bytes > stop - origin):
        return _layout_of_runs(content, origin, stop, runs, is_known)
    return Layout() if is_known else None


def _layout_of_runs(
    content: BinaryIO, origin: int, stop: int, runs: list[Run], is_known: bool
) -> Layout:
    """Return the layout of a file; it includes only frames of the most frequent kind."""
    n_of_kinds: Counter[Kind] = Counter()
    for run in runs:
        n_of_kinds[run.kind] += run.n_frames
    ((kind, n_frames),) = n_of_kinds.most_common(1)
    music = [run for run in runs if run.kind == kind]
    table = _table(content, music[0].start)
    promised, has_all = 1.0, False
    if table is not None:
        n_frames -= table.is_known
        has_all = table.is_known and table.n_frames >= n_frames - MISCOUNTED
        if table.n_frames and abs(table.n_frames - n_frames) > MISCOUNTED:
            promised = table.n_frames / max(1, n_frames)
    n_samples = None if has_all and promised == 1 else n_frames * kind.samples_per_frame
    trouble = _trouble(content, origin, stop, runs, kind)
    if is_known and has_all and len(runs) == 1 and music[0].start == origin:
        return Layout((), False, n_samples, promised, trouble)
    parts = [range(run.start, run.stop) for run in music]
    if table is not None and table.is_known and not has_all:
        parts[0] = parts[0][table.frame_bytes :]  # the table would make libsndfile stop early
    return Layout(tuple(parts), not has_all, n_samples, promised, trouble)


def _trouble(content: BinaryIO, origin: int, stop: int, runs: list[Run], kind: Kind) -> str | None:
    n_bytes = sum(run.stop - run.start for run in runs)
    seconds = sum(run.n_samples / run.kind.rate for run in runs)
    ends = [origin, *(run.stop for run in runs)]
    starts = [*(run.start for run in runs), stop]
    gaps = [
        max(0, start - skip_tags(content, end)) for end, start in zip(ends, starts, strict=True)
    ]
    if sum(gaps) * seconds > LEAST_SECONDS * n_bytes or max(gaps[1:-1], default=0) > LONGEST_FRAME:
        return f"{sum(gaps)} bytes of the file are not MPEG frames and were skipped"
    others = sum(run.n_samples / run.kind.rate for run in runs if run.kind != kind)
    if others > LEAST_SECONDS:
        return (
            f"{others:.1f} s of the file have a different sampling rate or number of channels than "
            "the rest and were not read"
        )
    return None


def _find_runs(content: BinaryIO, origin: int, stop: int) -> Iterator[Run]:
    """Yield the runs of frames in a file."""
    # If a tag gives a wrong size, the audio may begin anywhere: search from the start of the file.
    position = origin if _follow(content, origin, stop, LEAST_FRAMES) else 0
    last = min(stop, origin + SEARCHED_BYTES)
    while position < last:
        run = _follow(content, position, stop)
        if run is not None:
            yield run
            position, last = run.stop, stop
        else:
            after_tags = skip_tags(content, position)
            if after_tags == position or not _follow(content, after_tags, stop, LEAST_FRAMES):
                after_tags = _search(content, position, last, stop)
            position = after_tags


def _follow(
    content: BinaryIO,
    position: int,
    stop: int,
    n_most: int | None = None,
    *,
    n_least: int = LEAST_FRAMES,
) -> Run | None:
    """Return the run of frames from a position, at most `n_most` frames long.

    Return None if the run has fewer than `n_least` frames.
    """
    start, n_frames, kind = position, 0, None
    window, begins, n_bytes_read = b"", position, WINDOW if n_most is None else 4
    while n_frames != n_most:
        header = window[position - begins : position - begins + 4]
        if len(header) < 4:
            content.seek(position)
            window, begins = content.read(n_bytes_read), position
            header = window[:4]
        frame = _frame(header)
        if frame is None or position + frame[0] > stop or (n_frames and frame[1] is not kind):
            break
        n_bytes, kind = frame
        position += n_bytes
        n_frames += 1
    if kind is None or n_frames < n_least:
        return None
    return Run(start, position, n_frames, kind)


def _search(content: BinaryIO, position: int, last: int, stop: int) -> int:
    """Return the start of the next run after a position, or `last` if no run starts before it."""
    position += 1
    while position < last:
        content.seek(position)
        window = content.read(min(WINDOW, last - position))
        for match in SYNC.finditer(window):
            if _follow(content, position + match.start(), stop, LEAST_FRAMES):
                return position + match.start()
        position += max(1, len(window) - 1)  # a header may straddle two windows
    return last


@lru_cache(maxsize=4096)
def _frame(header: bytes) -> tuple[int, Kind] | None:
    """Return the length in bytes and the kind of a frame; None if its header is invalid."""
    if len(header) < 4 or header[0] != 0xFF or header[1] < 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    rate_code, bits_code = header[2] >> 2 & 3, header[2] >> 4
    if version == 1 or layer == 4 or rate_code == 3 or bits_code in (0, 15):
        return None
    rate = RATES[version][rate_code]
    bits = 1000 * KILOBITS[version == 3, layer][bits_code - 1]
    padding = header[2] >> 1 & 1
    n_samples = {1: 384, 2: 1152}.get(layer, 1152 if version == 3 else 576)
    if layer == 1:
        n_bytes = 4 * (12 * bits // rate + padding)
    else:
        n_bytes = n_samples // 8 * bits // rate + padding
    return n_bytes, _kind(version, layer, rate, header[3] >> 6 == 3, n_samples)


_kind = lru_cache(maxsize=None)(Kind)  # one object per kind, for comparison by identity


def _table(content: BinaryIO, position: int) -> Table | None:
    content.seek(position)
    data = content.read(TABLE_BYTES)
    frame = _frame(data[:4])
    if frame is None or frame[1].layer != 3 or len(data) < TABLE_BYTES:
        return None
    n_bytes, kind = frame
    if data[36:40] == b"VBRI":
        table_bytes, n_frames = struct.unpack_from(">II", data, 46)
        return Table(n_frames, table_bytes, n_bytes, False, False)
    n_side = (17 if kind.is_mono else 32) if kind.version == 3 else (9 if kind.is_mono else 17)
    for place in (4 + n_side, 6 + n_side):  # two bytes later if the frame has a checksum
        if data[place : place + 4] in (b"Xing", b"Info"):
            flags, *numbers = struct.unpack_from(">III", data, place + 4)
            n_frames = numbers.pop(0) if flags & 1 else 0
            table_bytes = numbers.pop(0) if flags & 2 else 0
            checksum = place + CHECKSUM_PLACE
            found = int.from_bytes(data[checksum : checksum + 2], "big")
            is_checked = found == _crc16(data[:checksum])
            return Table(n_frames, table_bytes, n_bytes, True, is_checked)
    return None


def _crc16(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
