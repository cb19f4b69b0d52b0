"""Pieces and labels on their way into the composer: checked here, refused with a reason."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from ..base.pieces import Pack, as_collection, is_collection
from ..base.styles import encode_styles, labels_per_piece
from ._support import check_support


def check_pieces(
    composer: BaseEstimator,
    X: Any,
    *,
    reset: bool = False,
    name: str = "X",
    out_of_core: bool = False,
) -> tuple[list[np.ndarray], Pack]:
    """Return the pieces of `X` and how to pack results for them.

    With `reset` their width and feature names become the composer's; else they must agree.
    """
    several = is_collection(X)
    width = composer.n_features_in_ if several and not reset else None
    pieces, pack = as_collection(X, n_features=width, name=name, out_of_core=out_of_core)
    # scikit-learn's own check of names and width, in the words that its users know.
    validate_data(composer, X[0] if several else X, reset=reset, skip_check_array=True)
    if several:
        _check_names(composer, X)
    if not reset:
        check_support(pieces, composer.emission_, name)
    return pieces, pack


def _check_names(composer: BaseEstimator, X: Any) -> None:
    """Refuse data frames whose columns are not those that were learned, in their order."""
    for piece in X if is_collection(X) else [X]:
        if hasattr(piece, "columns"):
            validate_data(composer, piece, reset=False, skip_check_array=True)


def check_training(
    composer: BaseEstimator, X: Any, y: Any, *, reset: bool
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the pieces to learn, without those that have no frames, and their style labels."""
    pieces, _ = check_pieces(composer, X, reset=reset, out_of_core=True)
    labels = labels_per_piece(y, pieces, single=not is_collection(X))
    n_frames = sum(map(len, pieces))
    if n_frames < 2:
        raise ValueError(
            f"too few frames to learn what follows what: expected at least 2, got {n_frames} "
            f"sample(s) in {len(pieces)} piece(s)"
        )
    filled = [i for i, piece in enumerate(pieces) if len(piece)]
    return [pieces[i] for i in filled], [labels[i] for i in filled]


def check_validation(
    composer: BaseEstimator, X_val: Any, y_val: Any
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the pieces to watch while training, and the numbers of their styles."""
    pieces, _ = as_collection(
        X_val, n_features=composer.n_features_in_, name="X_val", out_of_core=True
    )
    _check_names(composer, X_val)
    check_support(pieces, composer.emission_, "X_val")
    if not any(map(len, pieces)):
        raise ValueError("X_val holds no frames: all of its pieces are empty")
    labels = labels_per_piece(y_val, pieces, single=not is_collection(X_val))
    return pieces, encode_styles(labels, pieces, composer.styles_)


def check_prime(composer: BaseEstimator, prime: Any, n_pieces: int | None) -> list[np.ndarray]:
    """Return a prime for each piece to compose, or one for all; no frames mean no prime."""
    width = composer.n_features_in_
    if prime is None:
        return [np.zeros((0, width), np.float32)]
    primes, _ = as_collection(prime, n_features=width, name="prime")
    _check_names(composer, prime)
    check_support(primes, composer.emission_, "prime")
    if not is_collection(prime):
        return primes
    if n_pieces not in (None, len(primes)):
        raise ValueError(
            f"prime holds {len(primes)} pieces and n_pieces={n_pieces}: give a single prime for "
            "all, or leave n_pieces out"
        )
    return primes
