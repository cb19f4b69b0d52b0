"""From stretches or passages to sound: joined, shaped and leveled, in constant memory."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ..audio import level_blocks
from ..audio.placing import cut_or_pad
from ..chroma import ChromaExtractor
from ..files.writing import spooled
from ._beat_playing import play_beats
from ._joining import join_stretches
from ._passages import Passage
from ._shaping import gains_towards, shape, silence_between
from ._sources import Source
from ._stretches import Stretch, reader

BLOCK_SIZE = 65536
"""Samples that are passed on at a time."""

FADE_SECONDS = 0.4
"""How long a mosaic takes to die away at its end."""


def play(
    piece: np.ndarray,
    stretches: Sequence[Stretch],
    sources: Sequence[Source],
    *,
    extractor: ChromaExtractor,
    shaping: float,
    sr: int,
    channels: int,
) -> Iterator[np.ndarray]:
    """Make the sound of a piece.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Chroma, a frame for each of the extractor's.
    stretches : sequence of Stretch
        What is played when; without any there is no sound.
    sources : sequence of Source
        The recordings.
    extractor : ChromaExtractor
        How the recordings were analyzed.
    shaping : float
        By how many decibels a pitch class may be lowered; 0 leaves recordings as they are.
    sr : int
        Samples per second.
    channels : {1, 2}
        How many there are to be.

    Yields
    ------
    block : ndarray of shape (n_samples,), or (n_samples, 2) with two channels, dtype float32
        The next samples.
    """
    if not stretches:
        return
    borders = [round(stretch.start * sr) for stretch in stretches]
    borders.append(round(stretches[-1].end * sr))
    read = reader(stretches, sources, sr, channels)
    joined = join_stretches(borders, read, sr=sr)
    finished = finish(piece, joined, extractor=extractor, shaping=shaping, sr=sr)
    for block in level_blocks(finished, sr):
        yield block[:, 0] if channels == 1 else block


def play_on_beats(
    piece: np.ndarray,
    passages: Sequence[Passage],
    sources: Sequence[Source],
    *,
    n_samples: int,
    extractor: ChromaExtractor,
    shaping: float,
    sr: int,
    channels: int,
) -> Iterator[np.ndarray]:
    """Make the sound of a piece on its beats.

    Parameters are those of `play`, but for `passages`, in order, and `n_samples`, for how long to
    play.
    """
    if not passages:
        return

    def read(passage: Passage, first: int, last: int) -> np.ndarray:
        own = sr / passage.rate  # fewer samples, played at the same rate, are faster and higher
        source = sources[passage.recording]
        return source.read(first / own, last - first, own, channels).reshape(-1, channels)

    joined = play_beats(passages, read, start=0, stop=n_samples, sr=sr)
    finished = finish(piece, joined, extractor=extractor, shaping=shaping, sr=sr)
    for block in level_blocks(finished, sr):
        yield block[:, 0] if channels == 1 else block


def finish(
    piece: np.ndarray,
    blocks: Iterable[np.ndarray],
    *,
    extractor: ChromaExtractor,
    shaping: float,
    sr: int,
) -> Iterator[np.ndarray]:
    """Bring the harmony of sound nearer to that of a piece, and let it die away at the end.

    Where the piece is silent it is, too. Parameters are those of `play`; blocks have shape
    (n_samples, n_channels).
    """
    with spooled(blocks) as sound:
        played = sound.blocks(BLOCK_SIZE)
        if shaping > 0:
            gains = gains_towards(piece, sound, sr, extractor, limit=shaping)
            played = shape(sound, gains, frame_rate=extractor.frame_rate, sr=sr)
        played = silence_between(piece, played, hop=sr / extractor.frame_rate)
        yield from cut_or_pad(played, len(sound), min(round(FADE_SECONDS * sr), len(sound) // 2))
