import sys

import matplotlib
import numpy as np
import pytest

from musicai.display import ChromagramDisplay

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_shows_the_frames_over_seconds_and_pitch_classes():
    piece = np.random.default_rng(0).random((30, 12), dtype=np.float32)
    ax = ChromagramDisplay.from_piece(piece, frame_rate=10, title="noise").ax_
    np.testing.assert_array_equal(ax.images[0].get_array(), piece.T)
    assert ax.images[0].get_extent() == [0, 3, -0.5, 11.5]
    assert "".join(labels(ax.yaxis)) == "CC♯DD♯EFF♯GG♯AA♯B"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("seconds", "pitch class")
    assert ax.get_title("left") == "noise"


def test_draws_on_the_ax_it_is_given_and_again_elsewhere():
    from matplotlib import pyplot

    figure, (first, second) = pyplot.subplots(2)
    display = ChromagramDisplay.from_piece(np.eye(12), frame_rate=1, ax=first)
    assert display.ax_ is first
    assert display.plot(second) is display
    assert display.ax_ is second
    assert display.figure_ is figure


def test_other_features_have_no_pitch_names():
    ax = ChromagramDisplay.from_piece(np.eye(88), frame_rate=4).ax_
    assert ax.get_ylabel() == "feature"
    assert "C♯" not in labels(ax.yaxis)


def test_colours_darken_evenly_from_paper_to_ink():
    ax = ChromagramDisplay.from_piece(np.eye(12), frame_rate=1).ax_
    grey = ax.images[0].get_cmap()(np.linspace(0, 1, 64))[:, :3] @ [0.299, 0.587, 0.114]
    assert grey[0] == pytest.approx(1, abs=1e-3)
    assert grey[-1] < 0.2
    assert np.all(np.diff(grey) < 0)


def test_errors_say_what_came():
    with pytest.raises(ValueError, match=r"frame_rate must be a positive .* got 0"):
        ChromagramDisplay.from_piece(np.eye(12), frame_rate=0)
    with pytest.raises(ValueError, match=r"draws one piece .* got 2 with 24 frames"):
        ChromagramDisplay.from_piece([np.eye(12), np.eye(12)], frame_rate=1)


def test_without_matplotlib_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install musicai\[plot\]"):
        ChromagramDisplay.from_piece(np.eye(12), frame_rate=1)
