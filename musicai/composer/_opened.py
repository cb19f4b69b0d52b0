"""A fitted composer from a file: what older versions left otherwise, and whether it can be used.

A file may hold anything. That its weights fit the network that they claim to be of is found out
without building it: sizes are compared that cost no memory, before any is taken.
"""

from dataclasses import fields
from typing import Any

import numpy as np

from ..base.learned_values import cause, check_array, check_labels, in_words, is_number, require
from ..base.parameters import Rule, is_integer, is_real
from ._keys import N_KEYS
from ._network import EMISSIONS, Network, meta_network
from ._progress import Progress

_COMPONENTS_AT_FIRST = 8
"""Of "gaussian"; now there are twice as many."""

_MOMENTS = {"step", "exp_avg", "exp_avg_sq"}

_DIVIDING = {"emission.scale": slice(None), "scaling": slice(1, None)}
"""Weights that data and traits of characters are divided by, and in which rows they are."""


def convert(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a composer as this version leaves it, from that of any version."""
    weights = state.get("weights_")
    if not isinstance(weights, dict):
        return state
    # 0.1.0.dev0 knew no characters.
    state = {"_characters": (np.empty((0, 0), np.float32), np.empty(0, np.int64)), **state}
    if "key" in weights:
        return state
    # Before there were keys every piece was heard as it came: none is told.
    # From a row that is there: a mere claim to a wide one takes no memory.
    untold = np.repeat(np.zeros_like(weights["style"][:1]), N_KEYS + 1, axis=0)
    weights = {**weights, "key": untold}
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


def _are_numbers(curve: Any) -> bool:
    return isinstance(curve, list) and all(map(is_number, curve))


_VALUES: dict[Any, Rule] = {
    int: (lambda v: is_integer(v, 0), "a count"),
    float: (is_number, "a number"),
    float | None: (lambda v: v is None or is_number(v), "a number or None"),
    list[float]: (_are_numbers, "a list of numbers"),
    list[float] | None: (lambda v: v is None or _are_numbers(v), "a list of numbers or None"),
}
"""What values of a type have to be."""


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
        for field in fields(Progress):
            if field.name != "best_weights":
                _check_value(field.name, getattr(progress, field.name), field.type)
        if progress.best_weights:
            _check_tensors("best_weights", progress.best_weights, network)
        begun = progress.n_batches > 0
        require("n_frames", progress.n_frames, (progress.n_frames > 0) == begun, "of its batches")
    except Exception as error:  # a foreign file may hold anything
        raise ValueError(
            f"the checkpoint holds no state of training to go on from ({in_words(error)}): remove "
            "the file, or name another"
        ) from cause(error)


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
        check_array(f"{name}[{key!r}]", weights[key], tuple(tensor.shape), np.float32)
    for key, row in _DIVIDING.items():
        if key in expected:
            least = float(weights[key][row].min())
            require(f"{name}[{key!r}]", least, least > 0, "above 0")


def _check_characters(composer: Any, network: Network) -> None:
    if not network.knows_itself:
        return
    characters, styles = composer._characters
    shape = max(1, len(characters)), 2 * composer.n_features_in_
    check_array("_characters", characters, shape, np.float32)
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
        signless = {} if name == "exp_avg" else {"lowest": 0}
        check_array(f"moment {key}", array, shape, np.float32, **signless)
    complete = all(each == _MOMENTS for each in names.values())
    require("moments", sorted(names), complete and min(names, default=0) >= 0, "complete")


def _check_history(composer: Any) -> None:
    names = getattr(composer, "feature_names_in_", None)
    if names is not None:
        told = type(names) is np.ndarray and names.shape == (composer.n_features_in_,)
        told = told and all(isinstance(name, str) for name in names.tolist())
        require("feature_names_in_", names, told, "a name for each feature")
    for name, kind in {
        "n_iter_": int,
        "loss_curve_": list[float],
        "validation_scores_": list[float] | None,
        "best_validation_score_": float | None,
    }.items():
        _check_value(name, getattr(composer, name), kind)


def _check_value(name: str, value: Any, kind: Any) -> None:
    holds, expected = _VALUES[kind]
    require(name, value, holds(value), expected)
