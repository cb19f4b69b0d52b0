"""Which values each emission knows, and which emission suits which values."""

import warnings
from collections.abc import Sequence

import numpy as np

from ..base.pieces import frame_blocks
from ._keys import PIANO_ROLL_WIDTHS


def choose_emission(emission: str, pieces: Sequence[np.ndarray]) -> str:
    """Resolve "auto" and "independent" by the values of `pieces`, and check the others."""
    if emission not in ("auto", "independent"):
        check_support(pieces, emission, "X")
        return emission
    for name in ("bernoulli", "logistic"):
        if all(_SUPPORTS[name][0](piece) for piece in pieces):
            return name if emission == "auto" else f"independent {name}"
    if emission == "independent":
        raise ValueError(
            "emission='independent' needs values in [0, 1], and X holds others: "
            "take emission='mse' or 'gaussian', or scale X"
        )
    if pieces[0].shape[1] in PIANO_ROLL_WIDTHS and all(map(_is_count, pieces)):
        warnings.warn(
            "pieces look like piano rolls with velocities, and are learned as real numbers, "
            "without keys: learn which notes sound, (roll > 0)",
            stacklevel=5,
        )
    return "gaussian"


def check_support(pieces: Sequence[np.ndarray], emission: str, name: str) -> None:
    """Refuse values that have no probability under `emission`."""
    kind = emission.removeprefix("independent ")
    if kind not in _SUPPORTS:
        return
    holds, values = _SUPPORTS[kind]
    for i, piece in enumerate(pieces):
        if not holds(piece):
            raise ValueError(
                f"{name} holds values from {piece.min():.4g} to {piece.max():.4g} (piece {i}), "
                f"where a composer with the {emission} emission knows {values}"
            )


def frames_peak_at_one(pieces: Sequence[np.ndarray]) -> bool:
    """Tell whether the loudest feature of every sounding frame is exactly 1."""
    sounds = False
    for piece in pieces:
        for block in frame_blocks(piece):
            loudest = block.max(1)
            if not np.isin(loudest, (0, 1)).all():
                return False
            sounds = sounds or bool(loudest.any())
    return sounds


def _is_binary(piece: np.ndarray) -> bool:
    return all(((block == 0) | (block == 1)).all() for block in frame_blocks(piece))


def _is_unit(piece: np.ndarray) -> bool:
    return all(block.min() >= 0 and block.max() <= 1 for block in frame_blocks(piece))


def _is_count(piece: np.ndarray) -> bool:
    return all(((block >= 0) & (block == np.rint(block))).all() for block in frame_blocks(piece))


_SUPPORTS = {
    "bernoulli": (_is_binary, "only 0 and 1"),
    "logistic": (_is_unit, "only values from 0 to 1"),
}
