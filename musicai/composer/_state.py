"""Validation of composers and checkpoints that are read from files.

Shapes of weights are checked before memory for the network is allocated.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..base.persistence import Array, check_state
from ..theory.keys import N_KEYS
from ._checks import tie_pitches
from ._fitted import FittedComposer
from ._network import EMISSIONS, Network, meta_network

_MOMENTS = {"step": 0.0, "exp_avg": -np.inf, "exp_avg_sq": 0.0}
"""Arrays that the optimizer keeps for each parameter, with their lowest valid values."""


def fitted_state(composer: FittedComposer) -> Mapping[str, Any]:
    """Return the expected types and shapes of fitted attributes.

    Raises an error if the emission is unknown or does not match other attributes, there are too few
    features for a key, a style has an invalid timing, or weights are outside their valid range.
    """
    if composer.emission_ not in EMISSIONS:
        raise ValueError(f"emission_ is {composer.emission_!r}, not one of {list(EMISSIONS)}")
    if composer.emission_ != tie_pitches(
        composer.emission_.replace("tied ", ""), composer.key_invariant_, composer.n_features_in_
    ):
        raise ValueError(
            f"emission_ is {composer.emission_!r} with key_invariant_={composer.key_invariant_}: "
            "this version models piano rolls differently; fit again"
        )
    if composer.key_invariant_ and composer.n_features_in_ < N_KEYS:
        raise ValueError(f"n_features_in_ is {composer.n_features_in_}, too few to have a key")
    n_styles = len(composer.weights_["style"]) - 1
    network = meta_network(composer.emission_, composer.n_features_in_, composer.weights_)
    expected: dict[str, Any] = {
        "n_features_in_": int,
        "emission_": str,
        "key_invariant_": bool,
        "styles_": Array(object, (n_styles,)),
        "weights_": _weights(network, composer.weights_),
        "n_iter_": int,
        "loss_curve_": _numbers(composer.loss_curve_),
        "validation_curve_": _numbers(composer.validation_curve_, optional=True),
        "best_validation_score_": float | None,
        "_reference": Array(np.float64, (None,)),
        "_n_endings": int,
        "_clocks": Array(np.float64, (None, 5), 0),
        "_traits": [Array(np.float64, (None, None)), Array(np.int64, (None,))],
        "_optimizer_state": _optimizer(composer._optimizer_state, network, untrained_loss=float),
    }
    for style in [None, *composer.styles_.tolist()] if len(composer._clocks) else []:
        composer.timing_of(style)
    if hasattr(composer, "feature_names_in_"):
        expected["feature_names_in_"] = Array(object, ("n_features_in_",))
    if network.has_traits:
        expected["_traits"] = [
            Array(np.float64, ("parts", 2 * composer.n_features_in_)),
            Array(np.int64, ("parts",), 0, n_styles),
        ]
    return expected


def check_resumed(state: dict[str, Any], network: Network) -> None:
    """Raise a ValueError if training of `network` cannot resume from the state in a checkpoint."""
    try:
        weights = _weights(network, state["weights"])
        progress = state["progress"]
        best = progress["best_weights"]
        check_state(
            state,
            {
                "elapsed": float,
                "weights": weights,
                "optimizer": _optimizer(state["optimizer"] or {}, network),
                "progress": {
                    "loss_curve": _numbers(progress["loss_curve"]),
                    "validation_curve": _numbers(progress["validation_curve"], optional=True),
                    "best_score": float | None,
                    "best_weights": _weights(network, best) if best else {},
                    "waited": int,
                    "decay_start": int | None,
                    "n_batches": int,
                    "nats": float,
                    "n_frames": int,
                    "n_retries": int,
                    "n_refused": int,
                    "untrained_loss": float | None,
                    "recent_losses": _numbers(progress["recent_losses"]),
                },
            },
        )
        counts = [progress[name] for name in ("waited", "n_batches", "n_frames", "n_retries")]
        counts.append(progress["decay_start"] or 0)
        if not 0 <= state["elapsed"] < np.inf or min(counts) < 0:
            raise ValueError("seconds or counts are negative")
        if (progress["n_frames"] > 0) != (progress["n_batches"] > 0):
            raise ValueError("frames and batches do not match")
        if (progress["best_score"] is None) != (not best):
            raise ValueError("best score and best weights do not match")
        if (progress["decay_start"] or 0) > len(progress["loss_curve"]):
            raise ValueError("decay_start is after the last epoch")
    except Exception as error:  # an invalid file may contain anything
        raise ValueError(
            f"the checkpoint has no training state to resume from ({str(error)[:300]}): "
            "remove the file, or use another path"
        ) from error


def _weights(network: Network, weights: Mapping[str, np.ndarray]) -> dict[str, Array]:
    """Return the expected types and shapes of weights; check values that must be in a range."""
    for name in ("emission.compass", "chords.emission.compass"):
        if name in weights:
            low, high = np.rint(weights[name])
            if not 0 <= low < high <= network.emission.n_features:
                raise ValueError(f"{name} is not a range of notes")
    for name in ("trait_scale", "emission.scale"):
        if name in weights and not (np.atleast_2d(weights[name])[-1] > 0).all():
            raise ValueError(f"{name} has values that are not positive")
    return {
        name: Array(np.float32, tuple(tensor.shape))
        for name, tensor in network.state_dict().items()
    }


def _optimizer(state: Any, network: Network, **more: Any) -> Any:
    """Return the expected types and shapes of an optimizer state."""
    if state is None:
        return type(None)
    moments = {}
    for number, parameter in enumerate(network.parameters()):
        for name, low in _MOMENTS.items():
            key, shape = f"{number}.{name}", () if name == "step" else tuple(parameter.shape)
            # A parameter has no moments before its first gradient.
            if f"{number}.step" in state.get("moments", ()):
                moments[key] = Array(np.float32, shape, low)
    return {"n_steps": int, "moments": moments, **more}


def _numbers(values: Any, optional: bool = False) -> Any:
    """Return the expected types of a list of numbers; if `optional`, None is valid too."""
    if isinstance(values, list):
        return [float] * len(values)
    return list | None if optional else list
