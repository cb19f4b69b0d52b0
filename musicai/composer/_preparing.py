"""What precedes training: pieces are checked, their keys estimated, the network is built."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from ..base.styles import as_labels, encode_styles, known_styles
from ..files.interruptions import unique_rows
from ._batches import Collection
from ._characters import describe, mean_and_spread
from ._checkpoint import Checkpoint
from ._checks import check_unchanged
from ._distributed import Group
from ._fingerprint import checksum, fingerprint
from ._inputs import check_training, check_validation
from ._keys import (
    N_KEYS,
    estimate_key,
    is_pitched,
    learns_in_any_key,
    shifts_to_any_key,
    shifts_to_common_key,
)
from ._network import Network, empty_network, learned_network
from ._support import choose_emission


def begin(composer: Any, X: Any, y: Any, styles: Any, *, go_on: bool) -> Collection:
    """Check pieces to learn; settle what the first pieces decide: emission, styles, keys."""
    pieces, labels = check_training(composer, X, y, reset=not go_on)
    told = None if styles is None else known_styles([as_labels(styles)])
    if not go_on:
        composer.emission_ = choose_emission(composer.emission, pieces)
        composer.styles_ = known_styles(labels) if told is None else told
        composer.transpose_ = _settle_transpose(composer, pieces)
    else:
        check_unchanged(composer)
        if told is not None and told.tolist() != composer.styles_.tolist():
            raise ValueError(
                f"styles={styles!r} differ from those of the first call, "
                f"{composer.styles_.tolist()}"
            )
    numbers = encode_styles(labels, pieces, composer.styles_, strict=True)
    return _collect(composer, pieces, numbers)


def begin_watching(composer: Any, X_val: Any, y_val: Any) -> Collection:
    """Check pieces to watch while training."""
    return _collect(composer, *check_validation(composer, X_val, y_val))


def _collect(composer: Any, pieces: list[np.ndarray], styles: list[np.ndarray]) -> Collection:
    """Put together what is learned, and where to it may be moved."""
    if not composer.transpose_:
        return Collection(pieces, styles, [0] * len(pieces), [np.zeros(1, int)] * len(pieces))
    keys = [estimate_key(piece) for piece in pieces]
    if learns_in_any_key(composer.emission_, composer.n_features_in_):
        shifts = [shifts_to_any_key(*each) for each in zip(pieces, keys, strict=True)]
    else:
        shifts = [shifts_to_common_key()[[key]] for key in keys]
    return Collection(pieces, styles, keys, shifts)


def _settle_transpose(composer: Any, pieces: list[np.ndarray]) -> bool:
    if composer.transpose == "auto":
        return is_pitched(pieces, composer.emission_)
    if composer.transpose and composer.n_features_in_ < N_KEYS:
        raise ValueError(
            f"transpose=True needs features that are pitches in semitones, at least {N_KEYS} of "
            f"them, and X has {composer.n_features_in_}: take transpose=False"
        )
    return bool(composer.transpose)


def open_checkpoint(
    composer: Any,
    training: Collection,
    validation: Collection | None,
    *,
    go_on: bool,
    group: Group,
) -> tuple[Checkpoint | None, dict[str, Any] | None]:
    """Open the checkpoint of this fit, in the first process, and read what it holds."""
    if composer.checkpoint is None and group.size == 1:
        return None, None
    described = fingerprint(composer, training, validation)
    start = checksum(composer.weights_.values()) if go_on else None
    group.check_alike(
        {
            **described,
            "checkpoint": composer.checkpoint is not None,
            "the weights to start from": start,
        }
    )
    if composer.checkpoint is None:
        return None, None
    checkpoint = Checkpoint(composer.checkpoint, described, start)
    state = group.share(checkpoint.open)
    return (checkpoint if group.is_first else None), state


def network_to_train(
    composer: Any,
    training: Collection,
    rng: np.random.RandomState,
    *,
    go_on: bool,
    device: torch.device,
) -> Network:
    """Build a network with fresh weights, or go on with those that were learned."""
    if go_on:
        network = learned_network(composer.emission_, composer.n_features_in_, composer.weights_)
        network.dropout = composer.dropout
        return network.to(device)
    network = empty_network(
        composer.emission_,
        n_features=composer.n_features_in_,
        n_styles=len(composer.styles_),
        hidden_size=composer.hidden_size,
        n_layers=composer.n_layers,
        dropout=composer.dropout,
    )
    network.reset_parameters(torch.Generator().manual_seed(int(rng.randint(2**31))))
    network.emission.adapt(training.pieces)
    return network.to(device)


def with_characters(network: Network, training: Collection, *, go_on: bool) -> Collection:
    """Add what the network is told of the character of each piece, where it is.

    The pieces that a network learns first settle the scale.
    """
    if not network.knows_itself:
        return training
    # Who is told of characters learns each piece in one key.
    pieces = zip(training.pieces, training.shifts, strict=True)
    traits = [describe(piece, int(shifts[0])) for piece, shifts in pieces]
    if not go_on:
        network.scaling.copy_(torch.from_numpy(mean_and_spread(traits)))
    mean, spread = network.scaling.cpu().numpy()
    scaled = [((parts - mean) / spread).astype(np.float32) for parts in traits]
    return replace(training, characters=scaled)


def known_characters(
    training: Collection, before: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the characters to choose from and their styles, with those known `before`.

    Where the style changes within a part it counts as one of no stated style.
    """
    if training.characters is None:
        return np.empty((0, 0), np.float32), np.empty(0, np.int64)
    characters = np.concatenate(training.characters)
    styles = np.array(
        [
            part[0] if (part == part[0]).all() else 0
            for labels, parts in zip(training.styles, training.characters, strict=True)
            for part in np.array_split(labels, len(parts))
        ],
        dtype=np.int64,
    )
    if before is not None:
        characters = np.concatenate([before[0], characters])
        styles = np.concatenate([before[1], styles])
    # Music that is learned pass after pass is known once.
    _, rows = unique_rows(np.column_stack([styles, characters]), return_index=True)
    rows.sort()
    return characters[rows], styles[rows]
