"""Number of samples in a FLAC file, determined from its last frame.

The header of a FLAC file gives the number of samples, which the encoder writes when it closes the
file; 0 means unknown. The header of each frame gives the number of the frame or of its first sample
(RFC 9639, section 9.1).
"""

from typing import BinaryIO, NamedTuple

from ._layout import Layout
from ._tags import start_of_trailing_tags

STREAM_INFO = 42
"""Number of bytes from the start of a file to the end of STREAMINFO, its first metadata block."""

LENGTH_FIELD = 21
"""Offset in bytes of the field with the number of samples.

The number fills 36 bits: the low half of the first byte and the next four bytes.
"""

LEAST_SECONDS = 1.0
"""Shortest missing audio to report, in seconds.

A single damaged frame at the end is usually shorter, so it is not reported.
"""

LEAST_TAIL, LARGEST_TAIL = 2**18, 2**22
"""Smallest and largest number of bytes to search at the end of a file.

Within these bounds, the number is four times the size of the file's largest frame.
"""

SYNCS = (b"\xff\xf8", b"\xff\xf9")
"""First two bytes of frame headers with a frame number, and of those with a sample number."""

LONGEST_HEADER = 16
"""Length in bytes of the longest frame header, including its checksum."""


def flac_layout(content: BinaryIO, origin: int) -> Layout:
    """Compare the header of a FLAC file with its last frame, and return the file's layout.

    Parameters
    ----------
    content : binary file
        The file.
    origin : int
        Position after any tags at the beginning.
    """
    content.seek(origin)
    info = content.read(STREAM_INFO)
    if len(info) < STREAM_INFO or info[4] & 0x7F:
        return Layout()
    promised = int.from_bytes(info[LENGTH_FIELD : LENGTH_FIELD + 5], "big") & 0xF_FFFF_FFFF
    rate = int.from_bytes(info[18:21], "big") >> 4
    found = _samples_up_to_the_last_frame(content, origin, info)
    if found == 0 or found <= promised < found + LEAST_SECONDS * rate:
        return Layout()
    if found > promised:
        length = (info[LENGTH_FIELD] & 0xF0) << 32 | found
        behind = range(origin + LENGTH_FIELD + 5, content.seek(0, 2))
        parts = range(origin, origin + LENGTH_FIELD), length.to_bytes(5, "big"), behind
        return Layout(parts, n_samples=found, promised=promised / found if promised else 1.0)
    return Layout(n_samples=found, promised=promised / found)


class Frame(NamedTuple):
    """Contents of a frame header."""

    number: int
    n_samples: int
    counts_samples: bool  # whether `number` counts samples rather than frames

    def stop_of(self, following: "Frame") -> int | None:
        """Return the number of samples in the file up to the end of `following`.

        Return None if `following` is not the next frame.
        """
        if following.counts_samples != self.counts_samples:
            return None
        if following.number != self.number + (self.n_samples if self.counts_samples else 1):
            return None
        # If headers count frames, all frames but the last have the same length.
        first = following.number * (1 if self.counts_samples else self.n_samples)
        return first + following.n_samples


def _samples_up_to_the_last_frame(content: BinaryIO, origin: int, info: bytes) -> int:
    """Return the number of samples up to the end of the last frame; 0 if no frame is found.

    Arbitrary bytes may look like a frame header. A header is therefore accepted only if it belongs
    to the first frame, or if the header of the previous frame is found too.
    """
    stop = start_of_trailing_tags(content)
    largest_frame = int.from_bytes(info[15:18], "big")
    n_bytes = min(max(LEAST_TAIL, 4 * largest_frame), LARGEST_TAIL)
    start = max(origin + STREAM_INFO, stop - n_bytes)
    content.seek(start)
    tail = content.read(stop - start) + bytes(LONGEST_HEADER)
    later, place = None, len(tail)
    while (place := tail.rfind(b"\xff", 0, place)) >= 0:
        header = tail[place : place + LONGEST_HEADER]
        frame = _frame(header) if header.startswith(SYNCS) else None
        if frame is None:
            continue
        if later is None and frame.number == 0:
            return frame.n_samples
        n_samples = None if later is None else frame.stop_of(later)
        if n_samples is not None:
            return n_samples
        later = frame
    return 0


def _frame(header: bytes) -> Frame | None:
    """Parse a frame header; return None if it is invalid."""
    if header[3] & 1:
        return None
    n_leading = 8 - (~header[4] & 0xFF).bit_length()
    n_coded = max(1, n_leading)
    number = header[4] & (0x7F >> n_leading)
    for byte in header[5 : 4 + n_coded]:
        number = number << 6 | byte & 0x3F
    position = 4 + n_coded
    size_code, rate_code = header[2] >> 4, header[2] & 15
    n_samples = {0: 0, 1: 192}.get(size_code, 144 << size_code if size_code < 6 else 1 << size_code)
    if size_code in (6, 7):
        n_bytes = size_code - 5
        n_samples = 1 + int.from_bytes(header[position : position + n_bytes], "big")
        position += n_bytes
    position += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if n_samples == 0 or n_leading == 1 or _crc8(header[:position]) != header[position]:
        return None
    return Frame(number, n_samples, bool(header[1] & 1))


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc << 1 & 0xFF ^ (0x07 if crc & 0x80 else 0)
    return crc
