"""Validation of the extractor's input: lists of MIDI files, and piano rolls."""

from typing import Any

import numpy as np

from ..base.pieces import N_KEYS, Pack, as_collection
from ..files.paths import is_path
from ._music import check_music_or_path, is_music
from ._rolls import MOST_FRAMES


def as_files(X: Any) -> list[Any]:
    """Check a collection of MIDI files, and return it as a list."""
    if is_path(X):
        raise TypeError(f"X is one path, {X!r}, where a list of MIDI files is expected: pass [x]")
    if is_music(X):
        raise TypeError(
            f"X is one {type(X).__name__}, where a list of MIDI files is expected: pass [x]"
        )
    array = X
    if not isinstance(X, (list, tuple)):
        array = X if isinstance(X, np.ndarray) else np.asarray(X, dtype=object)
        if array.ndim != 1 or array.dtype.kind not in "OSUT":
            raise TypeError(
                f"X is of type {type(X).__name__}, where a list of MIDI files is expected: paths "
                "or pretty_midi.PrettyMIDI objects"
            )
    if len(array) == 0:
        raise ValueError("X is an empty list: expected at least one MIDI file")
    for i, file in enumerate(array):
        check_music_or_path(file, f"X[{i}]")
    return list(array)


def as_rolls(X: Any) -> tuple[list[np.ndarray], Pack]:
    """Return the piano rolls in `X`, and a function that converts results to the form of `X`."""
    if is_path(X) or (isinstance(X, (list, tuple)) and len(X) and is_path(X[0])):
        raise TypeError(
            "X holds a path, where piano rolls are expected: call transform to turn MIDI files "
            "into rolls"
        )
    if isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype != object:
        raise ValueError(
            f"X has shape {X.shape}, where a piano roll of shape (n_frames, {N_KEYS}) is expected: "
            "pass X[np.newaxis] for a single frame"
        )
    rolls, pack = as_collection(X)
    for roll in rolls:
        if roll.shape[1] != N_KEYS:
            raise ValueError(
                f"X has frames of {roll.shape[1]} values, where {N_KEYS} are expected: one for "
                "each key from A0 to C8"
            )
        if len(roll) > MOST_FRAMES:
            raise ValueError(
                f"X has a piano roll of {len(roll)} frames, where at most {MOST_FRAMES} are "
                "possible: split it"
            )
    return rolls, pack
