"""Recognition of chords in training pieces, and features that describe chords to the network.

Chords are recognized by :func:`musicai.theory.chord_decoding.decode_alike`.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..theory.chord_decoding import decode_alike
from ..theory.chord_symbols import FREE, moved
from ..theory.keys import N_KEYS, PIANO_ROLL_WIDTHS, pitch_classes
from ..theory.vocabulary import QUALITIES, VOCABULARIES, templates
from ._emission import is_bounded

LOOKAHEAD = 16
"""Number of frames to look ahead for the next chord."""
# Chords are recognized in blocks of `_BLOCK` frames, several blocks at once to save time.
_BLOCK, _BLOCKS_AT_ONCE = 512, 4
_SOON = 4.0  # features of the next chord are divided by e for every 4 frames in between

# The last row stands for no chord; the number FREE selects it.
_TONES = np.vstack([templates(tuple(QUALITIES)), np.zeros(12)]).astype(np.float32)
_ROOTS = np.vstack([np.tile(np.eye(12), (len(QUALITIES), 1)), np.zeros(12)]).astype(np.float32)
_DESCRIBED = np.hstack([_TONES, _ROOTS])

N_CHORD_FEATURES = 2 * _DESCRIBED.shape[1] + 3


def has_chords(emission: str, n_features: int) -> bool:
    """Return whether pieces are chroma or piano rolls, in which chords can be recognized.

    This is inferred from the emission and the number of features.
    """
    return is_bounded(emission) and (n_features == N_KEYS or n_features in PIANO_ROLL_WIDTHS)


def chord_features(numbers: np.ndarray) -> np.ndarray:
    """Return the features that describe the chords of frames to the network.

    Parameters
    ----------
    numbers : ndarray of int of shape (..., 1 + n_frames + LOOKAHEAD)
        Chord number of each frame, from one frame before the excerpt to `LOOKAHEAD` frames after
        it.

    Returns
    -------
    features : ndarray of shape (..., n_frames, N_CHORD_FEATURES), dtype float32
        The columns are the tones and root of the frame's chord; the tones and root of the next
        chord, times a factor; this factor; whether the frame's chord ends with this frame; and
        whether it begins with this frame. The factor is 1 if the next chord begins with the next
        frame, smaller if it begins later, and 0 if no other chord begins within `LOOKAHEAD` frames.
    """
    n_frames = numbers.shape[-1] - 1 - LOOKAHEAD
    now = numbers[..., 1 : n_frames + 1]
    next_chord = now.copy()
    wait = np.full(now.shape, LOOKAHEAD)
    for ahead in range(LOOKAHEAD, 0, -1):
        later = numbers[..., 1 + ahead : 1 + ahead + n_frames]
        changes = later != now
        next_chord[changes] = later[changes]
        wait[changes] = ahead
    changes = next_chord != now
    soon = np.where(changes, np.exp(-(wait - 1) / _SOON), 0).astype(np.float32)
    flags = [soon, changes & (wait == 1), numbers[..., :n_frames] != now]
    return np.concatenate(
        [_DESCRIBED[now], soon[..., None] * _DESCRIBED[next_chord], np.stack(flags, -1)], -1
    ).astype(np.float32)


_PLACES = np.arange(2 * _DESCRIBED.shape[1]).reshape(-1, N_KEYS)
TURNED_CHORDS = np.array(
    [
        [*np.roll(_PLACES, -own, axis=1).ravel(), *range(_PLACES.size, N_CHORD_FEATURES)]
        for own in range(N_KEYS)
    ]
)
"""Indices that rotate chord features to each pitch class, (12, N_CHORD_FEATURES).

Row k rotates tones and roots so that pitch class k comes first.
"""


def until_the_end(numbers: np.ndarray, n_frames: int) -> np.ndarray:
    """Return the chord numbers of a piece with an ending, (n_frames + LOOKAHEAD,).

    The progression repeats a whole number of times, and its last chord then lasts until the end. As
    in training, no chord follows the piece: the last `LOOKAHEAD` numbers are `FREE`.

    Parameters
    ----------
    numbers : ndarray of int of shape (n_frames_of_progression,)
        Chord number of each frame of the progression.
    n_frames : int
        Length of the piece.
    """
    n_times, n_left = divmod(n_frames, len(numbers))
    parts = [numbers] * n_times + [np.full(n_left, numbers[-1]), np.full(LOOKAHEAD, FREE)]
    return np.concatenate(parts)


def chords_of_pieces(pieces: Sequence[np.ndarray], seconds: float) -> list[np.ndarray]:
    """Recognize the chords of each piece; return their numbers, (n_vocabularies, n_frames).

    Parameters
    ----------
    pieces : sequence of ndarray of shape (n_frames, n_features)
        Chroma or piano rolls.
    seconds : float
        Length of a frame in seconds.
    """
    return [_chords_of(piece, seconds) for piece in pieces]


def _chords_of(piece: np.ndarray, seconds: float) -> np.ndarray:
    numbers = np.empty((len(VOCABULARIES), len(piece)), np.int8)
    whole = len(piece) - len(piece) % _BLOCK
    borders = [*range(0, whole, _BLOCK * _BLOCKS_AT_ONCE), whole, len(piece)]
    for start, stop in pairwise(borders):
        if start == stop:
            continue
        length = min(_BLOCK, stop - start)
        chroma = pitch_classes(np.asarray(piece[start:stop], np.float32)).reshape(-1, length, 12)
        for row, vocabulary in zip(numbers, VOCABULARIES, strict=True):
            row[start:stop] = decode_alike(chroma, seconds, vocabulary).ravel()
    return numbers


def numbers_of_excerpt(
    chords: np.ndarray, start: int, stop: int, shift: int, n_frames: int
) -> np.ndarray:
    """Return the chord numbers in and around an excerpt, (1 + n_frames + LOOKAHEAD,).

    The position of the excerpt decides which vocabulary is used. In some excerpts, a major triad
    therefore stands for any chord that contains the triad, and in others for the triad alone.

    Parameters
    ----------
    chords : ndarray of shape (n_vocabularies, n_frames_of_piece)
        Chord number of each frame of the piece in each vocabulary.
    start, stop : int
        First frame of the excerpt, and the frame after its last one.
    shift : int
        Semitones by which the excerpt is transposed.
    n_frames : int
        Length of the excerpt, including its padding.
    """
    of_piece = chords[(start + stop) % len(chords)]
    numbers = np.full(1 + n_frames + LOOKAHEAD, FREE)
    around = of_piece[max(start - 1, 0) : stop + LOOKAHEAD]
    first = int(start == 0)
    numbers[first : first + len(around)] = moved(around.astype(int), shift)[: len(numbers) - first]
    return numbers
