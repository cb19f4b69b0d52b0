"""Checks of pieces and labels, and choice of the emission that suits the pieces."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from ..base.pieces import Pack, Values, as_collection, is_collection
from ..base.styles import encode_styles, labels_per_piece
from ..base.user_warnings import warn_user
from ..theory.keys import N_KEYS, PIANO_ROLL_WIDTHS
from ..theory.timed_piece import timing_of_piece
from ..theory.timing import Timing
from ..theory.timing_argument import timings_of
from ._data import FEWEST_FRAMES
from ._emission import is_bounded

_SUPPORTS = {
    "bernoulli": "only 0 and 1",
    "chroma": "only values from 0 to 1",
    "logistic": "only values from 0 to 1",
}


def check_pieces(
    composer: BaseEstimator, X: Any, *, name: str = "X", out_of_core: bool = False
) -> tuple[list[np.ndarray], Pack]:
    """Check `X`; return its pieces, and a function that converts results to the form of `X`."""
    pieces, pack, _ = _check(composer, X, reset=False, name=name, out_of_core=out_of_core)
    return pieces, pack


def _check(
    composer: BaseEstimator, X: Any, *, reset: bool, name: str, out_of_core: bool
) -> tuple[list[np.ndarray], Pack, bool]:
    """Do what `check_pieces` does, and also return whether `X` is a collection.

    If `reset` is True, the composer stores the number and names of the features.
    """
    several = is_collection(X)
    # If `X` is a single piece, `validate_data` checks its number of features below.
    width = None if reset or (name == "X" and not several) else composer.n_features_in_
    pieces, pack = as_collection(X, n_features=width, name=name, out_of_core=out_of_core)
    first = X[0] if several else X
    tables = [piece for piece in (X if several else [X]) if hasattr(piece, "columns")]
    for table in [first, *tables] if name == "X" else tables:
        validate_data(composer, table, reset=reset, skip_check_array=True)
        reset = False
    return pieces, pack, several


def check_training(
    composer: BaseEstimator, X: Any, y: Any, timing: Any, *, reset: bool
) -> tuple[list[np.ndarray], list[np.ndarray], list[Timing | None]]:
    """Return the training pieces that have frames, their style labels and their timings.

    Pieces with measured beats, and their labels, are cut to start at the first bar line, or at the
    first beat if the downbeat is unknown.
    """
    pieces, _, several = _check(composer, X, reset=reset, name="X", out_of_core=True)
    labels = labels_per_piece(y, pieces, single=not several)
    timings: list[Timing | None] = [timing_of_piece(piece) for piece in (X if several else [X])]
    if timing is not None:
        timings = [*timings_of(timing, X, pieces)]
    n_frames = sum(map(len, pieces))
    if n_frames < FEWEST_FRAMES:
        raise ValueError(
            f"too few frames to train on: expected at least 2, got {n_frames} "
            f"sample(s) in {len(pieces)} piece(s)"
        )
    # Start training pieces at a bar line, so that composed pieces start at one too.
    starts = [0 if each is None else each.first_bar for each in timings]
    pieces = [piece[start:] for piece, start in zip(pieces, starts, strict=True)]
    labels = [
        each if len(each) == 1 else each[start:]  # one label per piece or per frame
        for each, start in zip(labels, starts, strict=True)
    ]
    filled = [i for i, piece in enumerate(pieces) if len(piece)]
    return [pieces[i] for i in filled], [labels[i] for i in filled], [timings[i] for i in filled]


def check_validation(
    composer: BaseEstimator, X_val: Any, y_val: Any, emission: str, styles: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the validation pieces and the style number of every frame."""
    pieces, _ = check_pieces(composer, X_val, name="X_val", out_of_core=True)
    check_support(pieces, emission, "X_val")
    if not any(map(len, pieces)):
        raise ValueError("X_val holds no frames: all of its pieces are empty")
    labels = labels_per_piece(y_val, pieces, single=not is_collection(X_val), name="y_val")
    return pieces, encode_styles(labels, pieces, styles)


def _support(values: Values) -> str | None:
    """Return the best emission for values in [0, 1], or None if a value is outside this range."""
    if not 0 <= values.lowest <= values.highest <= 1:
        return None
    if values.are_whole:
        return "bernoulli"
    return "chroma" if values.loudest_are_one else "logistic"


def _holds(emission: str, values: Values) -> bool:
    """Return whether an emission for values in [0, 1] can represent `values`."""
    support = _support(values)
    return support is not None and emission in (support, "chroma", "logistic")


def choose_emission(emission: str, pieces: Sequence[np.ndarray], values: Values) -> str:
    """Return the emission to use for `pieces`, whose values are summarized in `values`.

    "auto" becomes the emission that suits the values; "independent" becomes "independent bernoulli"
    or "independent logistic". Any other emission is only checked against the values.
    """
    if emission not in ("auto", "independent"):
        check_support(pieces, emission, "X", values)
        return emission
    support = _support(values)
    if support is not None:
        if emission == "auto":
            return support
        return "independent bernoulli" if values.are_whole else "independent logistic"
    if emission == "independent":
        raise ValueError(
            "emission='independent' needs values in [0, 1], and X holds others: "
            "take emission='mse' or 'gaussian', or scale X"
        )
    if pieces[0].shape[1] in PIANO_ROLL_WIDTHS and values.are_whole and values.lowest >= 0:
        warn_user(
            "pieces look like piano rolls with velocities, which are modeled as real numbers, "
            "without keys: to train on which notes sound, pass (roll > 0)"
        )
    return "gaussian"


def check_support(
    pieces: Sequence[np.ndarray], emission: str, name: str, values: Values | None = None
) -> None:
    """Raise an error if `emission` cannot represent some of the values in `pieces`.

    If `values`, a summary of all pieces, is given, pieces are read only to find the invalid one.
    """
    kind = emission.split()[-1]
    if kind not in _SUPPORTS or (values and _holds(kind, values)):
        return
    for i, piece in enumerate(pieces):
        values = Values.of([piece])
        if len(piece) and not _holds(kind, values):
            raise ValueError(
                f"{name} holds values from {values.lowest:.4g} to {values.highest:.4g} "
                f"(piece {i}), but a composer with the {emission} emission models "
                f"{_SUPPORTS[kind]}"
            )


def choose_key_invariance(key_invariant: bool | str, emission: str, n_features: int) -> bool:
    """Return `key_invariant`, with "auto" resolved.

    "auto" becomes True for chroma and piano rolls, which are recognized by the emission and the
    number of features.
    """
    if key_invariant == "auto":
        if emission.endswith("bernoulli") and n_features in PIANO_ROLL_WIDTHS:
            return True
        return is_bounded(emission) and n_features == N_KEYS
    if key_invariant and n_features < N_KEYS:
        raise ValueError(
            f"key_invariant=True needs features that are pitches in semitones, at least {N_KEYS} "
            f"of them, and X has {n_features}: take key_invariant=False"
        )
    return bool(key_invariant)


def tie_pitches(emission: str, key_invariant: bool, n_features: int) -> str:
    """Return `emission`, with weights shared over pitch if it is for key-invariant piano rolls."""
    is_roll = emission.endswith("bernoulli") and key_invariant and n_features > N_KEYS
    return emission.replace("bernoulli", "tied bernoulli") if is_roll else emission
