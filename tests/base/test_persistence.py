"""Validation of the states of estimators, and its error messages."""

import numpy as np
import pytest

from musicai.base.persistence import Array, check_state

STATE = {
    "width_": 3,
    "score_": np.float32(0.5),
    "none_": None,
    "flag_": True,
    "table_": np.ones((3, 2)),
    "other_": np.ones((2, 2), np.float32),
    "labels_": np.array(["a", 1], object),
    "empty_": np.empty(0, np.int64),
    "parts_": {"a": np.ones(3), "b": 1},
    "pieces_": [np.zeros((2, 3)), np.zeros((5, 3))],
}
EXPECTED = {
    "width_": int,
    "score_": float,
    "none_": float | None,
    "flag_": bool,
    "table_": Array(float, ("width_", "states")),
    "other_": Array(np.float32, ("states", 2), low=0, high=1),
    "labels_": Array(object, ("states",)),
    "empty_": Array(np.int64, (None,)),
    "parts_": {"a": Array(float, ("width_",)), "b": int},
    "pieces_": [Array(float, (2, "width_")), Array(float, (5, "width_"))],
}


def test_a_valid_state_may_have_additional_attributes():
    check_state({**STATE, "more_": 1}, EXPECTED)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width_": 2}, r"table_ is ndarray of float64 of shape \(3, 2\); expected float64 of"),
        ({"width_": 3.0}, "width_ is float 3.0; expected a value of type int"),
        ({"width_": True}, "width_ is bool True"),
        ({"score_": "0.5"}, "score_ is str '0.5'; expected a value of type float"),
        ({"none_": "None"}, r"none_ is str 'None'; expected a value of type float \| None"),
        ({"flag_": 1}, "flag_ is int 1; expected a value of type bool"),
        ({"table_": np.ones((3, 9))}, "other_ .* expected float32 of shape"),
        ({"table_": np.ones((3, 0))}, "table_ is ndarray"),
        ({"table_": [[1.0, 1.0]] * 3}, "table_ is list of length 3"),
        ({"other_": np.ones((2, 2))}, "other_ is ndarray of float64"),
        ({"other_": np.full((2, 2), 2, np.float32)}, "expected finite values from 0 to 1"),
        ({"other_": np.full((2, 2), np.nan, np.float32)}, "expected finite values"),
        ({"labels_": np.array(["a", "a"], object)}, "labels_ has duplicate values"),
        (
            {"parts_": {"a": np.ones(3)}},
            "parts_ is dict of length 1; expected a dict of a, b",
        ),
        ({"parts_": {"a": np.ones(2), "b": 1}}, r"parts_\['a'\] is ndarray"),
        ({"pieces_": [np.zeros((2, 3))]}, "pieces_ is list of length 1; expected a list of 2"),
        ({"pieces_": [np.zeros((2, 3))] * 2}, r"pieces_\[1\] is ndarray"),
    ],
)
def test_errors_name_invalid_attributes(change, message):
    with pytest.raises(ValueError, match=message):
        check_state({**STATE, **change}, EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_errors_name_missing_attributes(name):
    state = {key: value for key, value in STATE.items() if key != name}
    with pytest.raises(ValueError, match=f"{name} is missing"):
        check_state(state, EXPECTED)
