"""Playback of segments or passages in constant memory, from joining to the final loudness."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ..audio import level_blocks
from ..audio.placing import cut_or_pad
from ..chroma import ChromaExtractor
from ..files.writing import spooled
from ._corpus import speed
from ._joining import Read, join_passages, join_segments
from ._segments import Passage, Segment
from ._shaping import gains_towards, shape, silence_between
from ._sources import Source

BLOCK_SIZE = 65536
"""Number of samples in a block of sound."""

FADE_SECONDS = 0.4
"""Maximum length of a mosaic's fade-out, in seconds. The fade-out takes at most half the mosaic."""


def play_segments(
    segments: Sequence[Segment], sources: Sequence[Source], *, sr: int, channels: int
) -> Iterator[np.ndarray]:
    """Play one or more segments; return an iterator over blocks of shape (n_samples, channels)."""
    borders, read = segment_reader(segments, sources, sr=sr, channels=channels)
    return join_segments(borders, read, sr=sr)


def segment_reader(
    segments: Sequence[Segment], sources: Sequence[Source], *, sr: int, channels: int
) -> tuple[list[int], Read]:
    """Return the first two arguments of `join_segments`: the segments' borders and their reader."""

    def read(number: int, first: int, last: int) -> np.ndarray:
        segment = segments[number]
        rate = speed(segment.semitones)
        begin = segment.source_start + (first / sr - segment.start) * rate
        # Samples that are read at `sr / rate` and played at `sr` play `rate` times as fast.
        samples = sources[segment.recording].read(begin, last - first, sr / rate, channels)
        return samples * np.float32(10 ** (segment.gain / 20))

    borders = [round(segment.start * sr) for segment in segments]
    borders.append(round(segments[-1].end * sr))
    return borders, read


def play_passages(
    passages: Sequence[Passage],
    sources: Sequence[Source],
    *,
    n_samples: int,
    sr: int,
    channels: int,
) -> Iterator[np.ndarray]:
    """Play passages for `n_samples` samples; return an iterator over blocks of the sound."""

    def read(passage: Passage, first: int, last: int) -> np.ndarray:
        own = sr / passage.rate
        return sources[passage.recording].read(first / own, last - first, own, channels)

    return join_passages(passages, read, n_samples=n_samples, sr=sr)


def finish(
    piece: np.ndarray,
    blocks: Iterable[np.ndarray],
    *,
    extractor: ChromaExtractor,
    shaping: float,
    sr: int,
) -> Iterator[np.ndarray]:
    """Apply shaping, silence and a fade-out to a mosaic, and normalize its loudness.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Chroma of the piece at the frames of the extractor.
    blocks : iterable of ndarray of shape (n_samples, n_channels)
        Sound of the joined segments or passages.
    extractor : ChromaExtractor
        Extractor of the recordings.
    shaping : float
        Maximum attenuation of a pitch class, in decibels; 0 means no shaping.
    sr : int
        Samples per second.

    Yields
    ------
    block : ndarray of shape (n_samples,), or (n_samples, 2) with two channels, dtype float32
        The next samples.
    """
    with spooled(blocks) as sound:
        played = sound.blocks(BLOCK_SIZE)
        if shaping > 0:
            gains = gains_towards(piece, sound, sr, extractor, limit=shaping)
            played = shape(sound, gains, frame_rate=extractor.frame_rate, sr=sr)
        played = silence_between(piece, played, hop=sr / extractor.frame_rate)
        faded = cut_or_pad(played, len(sound), min(round(FADE_SECONDS * sr), len(sound) // 2))
        for block in level_blocks(faded, sr):
            yield block[:, 0] if block.shape[1] == 1 else block
