"""MPEG files as bytes, for tests."""

import io

import numpy as np
import soundfile

KILOBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
SAMPLES_PER_FRAME = 1152


def encode(samples: np.ndarray, rate: int = 44100, **options) -> bytes:
    """Return an MP3 file whose first frame holds a table."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="MP3", **options)
    return file.getvalue()


def split(data: bytes) -> list[bytes]:
    """Split an MPEG 1 layer III file at 44100 Hz into frames."""
    frames, position = [], 0
    while position < len(data):
        code = data[position + 2]
        n_bytes = 144000 * KILOBITS[code >> 4] // 44100 + (code >> 1 & 1)
        frames.append(data[position : position + n_bytes])
        position += n_bytes
    return frames


def layer_2_frames(n_frames: int) -> bytes:
    """Return silent MPEG 1 layer II frames: 128 kbit/s, mono, 48000 Hz."""
    return n_frames * (b"\xff\xfd\x84\xc0" + bytes(380))


def id3_tag(n_bytes: int, *, stated: int | None = None, content: bytes = b"") -> bytes:
    """Return an ID3v2 tag with `n_bytes` bytes after a header that states `stated` bytes."""
    stated = n_bytes if stated is None else stated
    size = bytes(stated >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\4\0\0" + size + content + bytes(n_bytes - len(content))
