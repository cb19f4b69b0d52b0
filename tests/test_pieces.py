import numpy as np
import pytest

from musicai._pieces import as_collection

PIECES = [np.ones((n, 12)) for n in (3, 4, 4)]


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize(
    "nested", [PIECES, PIECES[1:]], ids=["of unequal lengths", "of one length"]
)
def test_a_list_that_is_nested_once_too_often(nested, number):
    X = [*PIECES[:number], nested]
    with pytest.raises(
        ValueError,
        match=rf"real\[{number}\] is list of 3 dimensions where a piece of shape .* is expected: "
        "one list of pieces is enough",
    ):
        as_collection(X, name="real")
