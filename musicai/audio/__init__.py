"""Reading, writing and leveling of audio, and sonification of chroma.

Samples are float32, usually in [-1, 1]: a 1-D array for mono, shape (n_samples, 2) for stereo.
Sampling rates are in hertz. libsndfile decodes WAV, FLAC, Ogg, MP3 and other formats. If the ffmpeg
program is installed, it decodes MP4, WMA, WebM and others. soxr resamples.
"""

from ._errors import RecordingError
from ._excerpts import read_excerpt
from ._level import level_blocks
from ._reading import read_blocks, resample_blocks
from ._sines import sine_bank, sine_blocks
from ._writing import write_audio

__all__ = [
    "RecordingError",
    "level_blocks",
    "read_blocks",
    "read_excerpt",
    "resample_blocks",
    "sine_bank",
    "sine_blocks",
    "write_audio",
]
