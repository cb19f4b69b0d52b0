"""A fitted composer from a file: what older versions left otherwise, and whether it can be used.

A file may hold anything. That its weights fit the network that they claim to be of is found out
without building it: sizes are compared that cost no memory, before any is taken.
"""

from typing import Any

import numpy as np

from .._parameters import is_integer, is_real
from .._persistence import check_array, check_labels, in_words, is_number, require
from ._keys import N_KEYS
from ._network import EMISSIONS, Network, meta_network
from ._progress import Progress

_LARGEST_WEIGHT = 1e6
"""Far from what is ever learned, and from where products of weights overflow."""

_SCALES = 1e-15, 1e15
"""Of real-valued data, and of its mean; as for weights."""

_SMALLEST = 1e-7
"""What divides traits of characters is always more."""

_COMPONENTS_AT_FIRST = 8
"""Of "gaussian"; now there are twice as many."""

_MOMENTS = {"step", "exp_avg", "exp_avg_sq"}


def convert(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a composer as this version leaves it, from that of any version."""
    weights = state.get("weights_")
    if not isinstance(weights, dict):
        return state
    # 0.1.0.dev0 knew no characters.
    state = {"_characters": (np.empty((0, 0), np.float32), np.empty(0, int)), **state}
    if "key" in weights:
        return state
    # Before there were keys every piece was heard as it came: none is told.
    weights = {**weights, "key": np.zeros((N_KEYS + 1, weights["style"].shape[1]), np.float32)}
    if state["emission_"] == "gaussian":
        for name in ("emission.output.weight", "emission.output.bias"):
            weights[name] = _more_components(weights[name], int(state["n_features_in_"]))
    return {**state, "weights_": weights, "transpose_": False}


def _more_components(rows: np.ndarray, n_features: int) -> np.ndarray:
    """Add Gaussians that are never chosen to the eight that there were at first.

    Rows are log-odds of the components, then means and log-scales of their features.
    """
    if len(rows) != _COMPONENTS_AT_FIRST * (1 + 2 * n_features):
        return rows
    parts = np.split(rows, _COMPONENTS_AT_FIRST * np.array([1, 1 + n_features]))
    added = [np.zeros_like(part) for part in parts]
    if rows.ndim == 1:
        added[0] -= 1e4
    return np.concatenate([each for pair in zip(parts, added, strict=True) for each in pair])


def check_learned(composer: Any) -> None:
    """Raise an error if what the composer has learned is not what it would have learned itself."""
    n_features = composer.n_features_in_
    require("n_features_in_", n_features, is_integer(n_features, 1), "an integer of at least 1")
    require("emission_", composer.emission_, composer.emission_ in EMISSIONS, "an emission")
    knows_keys = composer.transpose_
    least = N_KEYS if knows_keys else 1
    require("transpose_", knows_keys, type(knows_keys) is bool, "True or False")
    require("n_features_in_", n_features, n_features >= least, f"at least {least}")
    require("_peaked", composer._peaked, type(composer._peaked) is bool, "True or False")
    check_labels(composer.styles_)
    network = _check_weights(composer)
    _check_characters(composer, network)
    _check_optimizer(composer._optimizer_state, network)
    _check_history(composer)


def check_resumed(state: dict[str, Any], network: Network) -> None:
    """Raise a ValueError if training of `network` cannot go on from what a checkpoint held."""
    try:
        elapsed = state["elapsed"]
        require("elapsed", elapsed, is_real(elapsed) and elapsed >= 0, "a number of seconds")
        _check_tensors("weights", state["weights"], network)
        require("optimizer", state["optimizer"], state["optimizer"] is not None, "a state")
        _check_optimizer(state["optimizer"], network)
        progress = Progress(**state["progress"])
        if progress.best_weights:
            _check_tensors("best_weights", progress.best_weights, network)
        for name in ("loss_curve", "validation_scores", "recent_losses"):
            curve = getattr(progress, name)
            told = isinstance(curve, list) and all(map(is_number, curve))
            optional = name == "validation_scores" and curve is None
            require(name, curve, told or optional, "a list of numbers")
        for name in ("waited", "n_batches", "n_frames", "n_retries", "n_refused"):
            count = getattr(progress, name)
            require(name, count, is_integer(count, 0), "a count")
        for name in ("nats", "best_score", "untrained_loss"):
            value = getattr(progress, name)
            require(name, value, is_number(value) or (value is None and name != "nats"), "a number")
    except Exception as error:  # a foreign file may hold anything
        raise ValueError(
            f"the checkpoint holds no state of training to go on from ({in_words(error)}): remove "
            "the file, or name another"
        ) from None


def _check_weights(composer: Any) -> Network:
    weights = composer.weights_
    require("weights_", type(weights), isinstance(weights, dict), "a dict")
    recurrent = weights["lstm.weight_hh_l0"]
    hidden_size = recurrent.shape[-1]
    # Of no size there would be nothing that holds a claim to a large one down.
    require("hidden size", recurrent.shape, 0 < hidden_size <= recurrent.size, "above 0")
    network = meta_network(composer.emission_, composer.n_features_in_, weights)
    n_told = len(network.style) - 1
    require(
        "styles_", composer.styles_.tolist(), n_told == len(composer.styles_), f"{n_told} labels"
    )
    _check_tensors("weights_", weights, network)
    return network


def _check_tensors(name: str, weights: Any, network: Network) -> None:
    """Check that all weights of a network are there, as it has them."""
    expected = network.state_dict()
    require(name, sorted(map(str, weights)), weights.keys() == expected.keys(), "complete")
    for key, tensor in expected.items():
        lowest, highest = -_LARGEST_WEIGHT, _LARGEST_WEIGHT
        if key == "emission.scale":
            lowest, highest = _SCALES
        elif key == "emission.location":
            lowest, highest = -_SCALES[1], _SCALES[1]
        shape = tuple(tensor.shape)
        bounds = {"lowest": lowest, "highest": highest}
        check_array(f"{name}[{key!r}]", weights[key], shape, np.float32, **bounds)


def _check_characters(composer: Any, network: Network) -> None:
    if not network.knows_itself:
        return
    spread = composer.weights_["scaling"][1]
    require("spread of characters", float(spread.min()), spread.min() > _SMALLEST, "above 0")
    characters, styles = composer._characters
    shape = max(1, len(characters)), 2 * composer.n_features_in_
    largest = {"lowest": -_LARGEST_WEIGHT, "highest": _LARGEST_WEIGHT}
    check_array("_characters", characters, shape, np.float32, **largest)
    check_array("_characters", styles, shape[:1], np.int64, lowest=0, highest=len(composer.styles_))


def _check_optimizer(state: Any, network: Network) -> None:
    """Check what `partial_fit` goes on from."""
    if state is None:
        return
    n_steps = state["n_steps"]
    require("steps", n_steps, is_integer(n_steps, 0) and n_steps < 2**53, "a count")
    shapes = [tuple(parameter.shape) for parameter in network.parameters()]
    names: dict[int, set[str]] = {}
    for key, array in state["moments"].items():
        number, name = key.split(".")
        names.setdefault(int(number), set()).add(name)
        shape = () if name == "step" else shapes[int(number)]
        # Squares have no sign, and large ones only slow learning down.
        lowest = -_LARGEST_WEIGHT if name == "exp_avg" else 0
        check_array(f"moment {key}", array, shape, np.float32, lowest=lowest, highest=1e30)
    complete = all(each == _MOMENTS for each in names.values())
    require("moments", sorted(names), complete and min(names, default=0) >= 0, "complete")


def _check_history(composer: Any) -> None:
    names = getattr(composer, "feature_names_in_", None)
    if names is not None:
        told = type(names) is np.ndarray and names.shape == (composer.n_features_in_,)
        told = told and all(isinstance(name, str) for name in names.tolist())
        require("feature_names_in_", names, told, "a name for each feature")
    require("n_iter_", composer.n_iter_, is_integer(composer.n_iter_, 0), "a count")
    for name in ("loss_curve_", "validation_scores_"):
        curve = getattr(composer, name)
        if name == "validation_scores_" and curve is None:
            continue
        told = isinstance(curve, list) and all(map(is_number, curve))
        require(name, curve, told, "a list of numbers")
    best = composer.best_validation_score_
    require("best_validation_score_", best, best is None or is_number(best), "a number or None")
