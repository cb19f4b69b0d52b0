"""The model card states what is known about a composer, and says what is not stated."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils import Bunch

from musicai import LSTMComposer
from musicai.composer import model_card
from musicai.metrics import report


def test_the_card_states_training_pieces_and_scores(fitted, chroma):
    music = Bunch(source="a | box\nof tapes", license="CC BY 4.0", titles=["one", "two"])
    rng = np.random.default_rng(0)
    pieces = [rng.random((220, 12)) for _ in range(6)]
    with pytest.warns(UserWarning, match="too few excerpts"):
        judged = report(pieces[:2], pieces[2:4], pieces[4:], timing=10.77)
    card = model_card(fitted, title="Tapes", data=music, scores={"held out": -4.5}, report=judged)
    assert card.startswith("---\nlibrary_name: musicai\n")
    for part in (
        "# Tapes",
        r"| a \| box of tapes |",
        "| CC BY 4.0 |",
        "| pieces | 2 |",
        "| log-likelihood of held out | -4.50 nats per frame |",
        "realism",
        "copied",
    ):
        assert part in card


def test_the_card_marks_missing_details_as_not_stated(fitted):
    card = model_card(fitted)
    assert card.count("not stated") >= 2
    assert "realism" not in card
    with pytest.raises(NotFittedError):
        model_card(LSTMComposer())
