"""What a fitted composer has learned, as those who ask it need it: its network, styles and keys."""

from typing import Any

import numpy as np

from ..base.styles import style_weights
from ._checks import choose_device
from ._keys import shifts_to_common_key
from ._network import Network, learned_network

Weights = dict[str, np.ndarray]


def open_network(composer: Any, weights: Weights | None = None) -> Network:
    """Build the network that was learned, whatever the parameters are by now."""
    network = learned_network(
        composer.emission_, composer.n_features_in_, weights or composer.weights_
    )
    return network.to(choose_device(composer.device))


def told_style(composer: Any, style: Any) -> tuple[Weights, int]:
    """Return weights whose table of styles ends with the style or blend, and its number there."""
    table = composer.weights_["style"]
    blend = style_weights(style, composer.styles_).astype(np.float32) @ table
    return {**composer.weights_, "style": np.vstack([table, blend])}, len(table)


def key_shifts(composer: Any) -> np.ndarray:
    """Return by how many semitones a piece is moved for each key that it may be in."""
    return shifts_to_common_key() if composer.transpose_ else np.zeros(1, int)
