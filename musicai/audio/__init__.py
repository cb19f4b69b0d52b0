"""Sound in and out: recordings read block by block, audio written, chroma played by sines.

Samples are float32 in [-1, 1], one channel as a 1-D array, two as one of shape (n_samples, 2).
Sampling rates are in hertz. Files go through libsndfile (WAV, FLAC, Ogg, MP3 and what else it
knows), others through the ffmpeg program where there is one (MP4, WMA, WebM); resampling is soxr's.
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
