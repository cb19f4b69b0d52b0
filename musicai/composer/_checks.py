"""Checks of what is not a piece: parameters, arguments of `sample`, devices, seeds."""

import os
import warnings
from typing import Any

import numpy as np
import torch

from ..base.parameters import (
    COUNT_OR_NONE_RULE,
    COUNT_RULE,
    VERBOSE_RULE,
    Rule,
    check_values,
    is_bool,
    is_integer,
    is_one_of,
    is_real,
)
from ..base.seeds import as_rng


def _is_seed(value: Any) -> bool:
    return is_integer(value, 0) and value < 2**32


def _is_file_name(value: Any) -> bool:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    return value is None or (isinstance(value, str) and value != "")


EMISSION_NAMES = ("auto", "logistic", "bernoulli", "gaussian", "independent", "mse")

_RULES: dict[str, Rule] = {
    # Far beyond what can be trained; what is larger would end in errors of memory, or never.
    "hidden_size": (lambda v: is_integer(v, 1) and v <= 2**16, "an integer from 1 to 65536"),
    "n_layers": (lambda v: is_integer(v, 1) and v <= 100, "an integer from 1 to 100"),
    "dropout": (lambda v: is_real(v) and 0 <= v < 1, "a number in [0, 1)"),
    "emission": (lambda v: is_one_of(v, EMISSION_NAMES), f"one of {EMISSION_NAMES}"),
    "transpose": (lambda v: is_bool(v) or is_one_of(v, ("auto",)), "True, False or 'auto'"),
    "learning_rate": (lambda v: is_real(v) and v > 0, "a positive number"),
    "batch_size": COUNT_RULE,
    "max_iter": COUNT_RULE,
    "max_time": (lambda v: v is None or (is_real(v) and v > 0), "a positive number or None"),
    "early_stopping": (is_bool, "True or False"),
    "validation_fraction": (lambda v: is_real(v) and 0 < v < 1, "a number in (0, 1)"),
    "n_iter_no_change": COUNT_RULE,
    "tol": (lambda v: is_real(v) and v >= 0, "a number of at least 0"),
    "warm_start": (is_bool, "True or False"),
    "checkpoint": (_is_file_name, "a path (str or PathLike) or None"),
    "random_state": (
        lambda v: v is None or isinstance(v, np.random.RandomState) or _is_seed(v),
        "an int from 0 to 2**32 - 1, a numpy.random.RandomState or None",
    ),
    "verbose": VERBOSE_RULE,
}
_SAMPLE_RULES: dict[str, Rule] = {
    "n_frames": COUNT_RULE,
    "n_best": COUNT_RULE,
    "n_draws": COUNT_RULE,
    "n_pieces": COUNT_OR_NONE_RULE,
    "temperature": (lambda v: is_real(v) and v >= 1e-4, "a number of at least 0.0001"),
    "random_state": _RULES["random_state"],
}


def check_parameters(composer: Any) -> None:
    """Refuse parameters of the estimator that make no sense."""
    check_values(composer.get_params(deep=False), _RULES)


def check_sampling(**values: Any) -> None:
    """Refuse arguments of `sample` and its like that make no sense."""
    check_values(values, _SAMPLE_RULES)


def check_unchanged(composer: Any) -> None:
    """Refuse to go on with another network than the one that was learned."""
    learned = {
        "hidden_size": composer.weights_["lstm.weight_hh_l0"].shape[1],
        "n_layers": sum(name.startswith("lstm.weight_hh") for name in composer.weights_),
        "emission": composer.emission_,
        "transpose": composer.transpose_,
    }
    for name, before in learned.items():
        now = getattr(composer, name)
        settled = now == "auto" or (name == "emission" and now == before.split()[0])
        if now != before and not settled:
            raise ValueError(
                f"{name}={now!r} differs from the {before!r} learned so far: leave it as it was, "
                "or fit afresh with warm_start=False"
            )


def choose_device(device: Any) -> torch.device:
    """Return where to compute; a GPU that is not there is replaced by the CPU, with a warning."""
    if isinstance(device, str) and device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        if chosen.type != "cuda":
            torch.zeros(1, device=chosen).cpu()  # some are known by name only
    except (RuntimeError, TypeError, ValueError, AssertionError, ImportError, OverflowError):
        raise ValueError(
            f"device must be 'auto' or a torch device such as 'cpu' or 'cuda', got {device!r}"
        ) from None
    if chosen.type == "cuda" and not torch.cuda.is_available():
        warnings.warn(
            f"device={device!r} was asked for, but there is no CUDA GPU here: the CPU is used; "
            "set_params(device='auto') takes what is there",
            stacklevel=4,
        )
        return torch.device("cpu")
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"device={device!r}: there are only {torch.cuda.device_count()} GPUs here")
    return chosen


def draw_seed(random_state: Any, *stream: int) -> int:
    """Draw one seed, from which all that is random can follow."""
    return int(as_rng(random_state, *stream).randint(2**31))
