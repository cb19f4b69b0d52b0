"""The key of a piece, which is heard and not told.

Music moved by a semitone is music. So the composer works in a common key: what it learns is moved
there, and what it samples is moved from there to the key that is asked for. Of a piece that it
hears it does not know the key: all twelve are tried side by side, and how well each foresees the
piece tells how likely it is (Bayes' rule, with equal probabilities to begin with).

Piano rolls are few and exact, and a network would soon know them by heart. So they are learned in
all keys, each excerpt moved to one by chance, and the network is mostly told which; it is the
common key that it is then asked for. Chroma, which is never the same twice, does not need it.

A key is a number from 0 (C major or A minor, the common key) to 11 (B major or G sharp minor).
Features are moved round: what leaves at one end comes in at the other. For chroma this is what
transposition means. For a piano roll it is one where no note leaves the keyboard, and else it still
gives different frames for different frames, so that probabilities sum to one.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.pieces import frame_blocks
from ..theory.keys import common_tonic
from ..theory.spelling import PITCH_CLASS_OF

N_KEYS = 12
COMMON_KEY = 0
UNTOLD_KEY = N_KEYS  # follows the keys

_FARTHEST_DOWN = 5  # semitones; from there on it is nearer to go up
# A piano has 88 keys from A0 on, MIDI 128 notes from C on.
_LOWEST_PITCH_CLASS = {88: 9, 128: 0}
PIANO_ROLL_WIDTHS = frozenset(_LOWEST_PITCH_CLASS)

_TO_RELATIVE_MAJOR = 3  # semitones from a minor key up to the major key of the same notes


def is_pitched(pieces: Sequence[np.ndarray], emission: str) -> bool:
    """Tell whether `pieces` look like chroma, or like piano rolls, by their width and values."""
    n_features = pieces[0].shape[1]
    if emission.endswith("bernoulli") and n_features in PIANO_ROLL_WIDTHS:
        return True
    return emission.endswith(("bernoulli", "logistic")) and n_features == N_KEYS


def shifts_to_common_key() -> np.ndarray:
    """Return by how many semitones music in each of the twelve keys is moved, the nearest way."""
    keys = np.arange(N_KEYS)
    return np.where(keys <= _FARTHEST_DOWN, -keys, N_KEYS - keys)


def learns_in_any_key(emission: str, n_features: int) -> bool:
    """Tell whether pieces are learned in all keys, as piano rolls are, or in the common one."""
    return emission.endswith("bernoulli") and n_features > N_KEYS


def shifts_to_any_key(piece: np.ndarray, key: int) -> np.ndarray:
    """Return by how many semitones `piece` may be moved to be learned in all keys.

    Of a piano roll no note leaves the keyboard, unless it takes that to get to the common key.
    """
    if piece.shape[1] == N_KEYS:
        return np.sort(shifts_to_common_key())
    sounding = np.zeros(piece.shape[1], bool)
    for block in frame_blocks(piece):
        sounding |= block.any(0)
    room_below = int(sounding.argmax()) if sounding.any() else len(sounding)
    room_above = int(sounding[::-1].argmax()) if sounding.any() else len(sounding)
    down, up = min(_FARTHEST_DOWN, room_below), min(N_KEYS - 1 - _FARTHEST_DOWN, room_above)
    return np.union1d(np.arange(-down, up + 1), shifts_to_common_key()[key])


def estimate_key(piece: np.ndarray) -> int:
    """Estimate the key of `piece` by its pitch classes, as Krumhansl and Schmuckler do."""
    n_features = piece.shape[1]
    total = sum(
        (block.sum(0, dtype=np.float64) for block in frame_blocks(piece)), np.zeros(n_features)
    )
    pitch_classes = (np.arange(n_features) + _LOWEST_PITCH_CLASS.get(n_features, 0)) % N_KEYS
    return int(common_tonic(np.bincount(pitch_classes, total, N_KEYS)))


def key_number(key: Any) -> int:
    """Return the number of a key by its name, such as "C", "F#", "Bb major", "Am" or "C# minor".

    A small letter by itself is a minor key, as musicians write it.
    """
    if isinstance(key, str) and (number := _parse(key)) is not None:
        return number
    raise ValueError(
        "key must be the name of a major or minor key, such as 'C', 'F#', 'Bb' or 'Am', "
        f"got {key!r}"
    )


def _parse(name: str) -> int | None:
    tonic, _, mode = name.strip().partition(" ")
    if not mode and tonic.endswith("m") and len(tonic) > 1:
        tonic, mode = tonic[:-1], "minor"
    note = (tonic[:1].upper() + tonic[1:]).replace("♯", "#").replace("♭", "b")
    if note not in PITCH_CLASS_OF or mode not in ("", "major", "minor"):
        return None
    if not mode:
        mode = "minor" if tonic[0].islower() else "major"
    minor = _TO_RELATIVE_MAJOR if mode == "minor" else 0
    return (PITCH_CLASS_OF[note] + minor) % N_KEYS
