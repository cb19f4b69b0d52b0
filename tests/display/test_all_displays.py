"""Laws of all displays."""

import sys

import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.base import BaseEstimator

from musicai.display import (
    ChromagramDisplay,
    ComparisonDisplay,
    SelfSimilarityDisplay,
    TrainingCurveDisplay,
    TransitionMatrixDisplay,
)

PIECE = np.random.default_rng(0).random((60, 12), dtype=np.float32)


class Composer(BaseEstimator):
    """Stub with the attributes of a fitted composer."""

    loss_curve_ = (40.0, 35.0, 33.0, 32.0)
    validation_curve_ = (-41.0, -36.0, -35.0, -35.5)
    emission_ = "logistic"

    def fit(self, X, y=None):
        """Do nothing; scikit-learn recognizes an estimator by this method."""

    def __sklearn_is_fitted__(self):
        return True


MAKE = {
    "chromagram": lambda **kwargs: ChromagramDisplay.from_piece(PIECE, **kwargs),
    "self-similarity": lambda **kwargs: SelfSimilarityDisplay.from_piece(PIECE, **kwargs),
    "transitions": lambda **kwargs: TransitionMatrixDisplay.from_pieces([PIECE], **kwargs),
    "matrix": lambda **kwargs: TransitionMatrixDisplay.from_matrix(np.eye(12) / 12, **kwargs),
    "training": lambda **kwargs: TrainingCurveDisplay.from_estimator(Composer(), **kwargs),
}


def comparison(ax=None, **kwargs):
    return ComparisonDisplay.from_pieces({"a": PIECE}, axes=None if ax is None else [ax], **kwargs)


@pytest.mark.parametrize("make", [*MAKE.values(), comparison], ids=[*MAKE, "comparison"])
def test_displays_draw_on_given_axes_and_redraw_on_others(make):
    figure, (first, second) = pyplot.subplots(2)
    figures = pyplot.get_fignums()
    display = make(ax=first)
    drawn_on = display.axes_[0] if make is comparison else display.ax_
    assert drawn_on is first
    assert display.figure_ is figure
    assert first.has_data()
    again = display.plot([second] if make is comparison else second)
    assert again is display
    assert second.has_data()
    assert pyplot.get_fignums() == figures


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_displays_create_one_figure(make):
    display = make(title="a title")
    assert pyplot.get_fignums() == [display.figure_.number]
    assert display.ax_.get_title("left") == "a title"


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_titles_are_shown_as_plain_text(make):
    display = make(title="$a_b$ $ \udcff $$")
    display.figure_.draw_without_rendering()
    assert display.ax_.get_title("left") == "$a_b$ $ \\udcff $$"


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_unsuitable_axes_are_rejected(make):
    polar = pyplot.figure().add_subplot(projection="polar")
    for ax in (polar, polar.figure, [polar], "ax"):
        with pytest.raises(TypeError, match="ax must be a matplotlib Axes with straight axes"):
            make(ax=ax)
    assert not polar.has_data()


@pytest.mark.parametrize("name", ["chromagram", "self-similarity", "matrix"])
def test_axis_limits_fit_the_image(name):
    expected = MAKE[name]().ax_
    used = pyplot.figure().subplots()
    used.plot([-500, 500], [-500, 500])
    found = MAKE[name](ax=used).ax_
    assert found.get_xlim() == expected.get_xlim()
    assert found.get_ylim() == expected.get_ylim()


@pytest.mark.parametrize("make", [*MAKE.values(), comparison], ids=[*MAKE, "comparison"])
def test_the_error_without_matplotlib_says_how_to_install_it(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"needs matplotlib: pip install matplotlib"):
        make()


@pytest.mark.parametrize("name", ["chromagram", "self-similarity", "matrix"])
def test_the_color_bar_is_optional(name):
    assert len(MAKE[name]().figure_.axes) == 2
    assert len(MAKE[name](colorbar=False).figure_.axes) == 1


@pytest.mark.parametrize("figsize", [(3, 2), (12, 9)])
@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_all_text_is_inside_the_figure(make, figsize):
    figure, ax = pyplot.subplots(figsize=figsize, layout="compressed")
    make(ax=ax)
    figure.draw_without_rendering()
    figure.draw_without_rendering()  # the layout of square axes needs two passes
    seen = figure.get_tightbbox()
    assert seen.x0 >= -0.01
    assert seen.y0 >= -0.01
    assert seen.x1 <= figsize[0] + 0.01
    assert seen.y1 <= figsize[1] + 0.01


def darkness(rgb):
    """Return the darkness of colors for normal vision and deuteranopia (Machado et al., 2009)."""
    deuteranopia = [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
    return 1 - rgb @ [0.299, 0.587, 0.114], 1 - (rgb @ np.transpose(deuteranopia)) @ [
        0.299,
        0.587,
        0.114,
    ]


def test_colors_darken_evenly_for_normal_and_color_blind_vision():
    colors = MAKE["chromagram"]().ax_.images[0].get_cmap()(np.linspace(0, 1, 64))[:, :3]
    for seen in darkness(colors):
        assert seen[0] == pytest.approx(0, abs=1e-3)
        assert seen[-1] > 0.8
        assert np.all(np.diff(seen) > 0)
        assert np.diff(seen).max() < 0.05


def test_training_and_validation_lines_differ_in_lightness_and_dashes():
    from matplotlib.colors import to_rgb

    training, validation = MAKE["training"]().ax_.lines[:2]
    for seen in darkness(np.array([to_rgb(line.get_color()) for line in (training, validation)])):
        assert abs(seen[0] - seen[1]) > 0.25
    assert training.get_linestyle() != validation.get_linestyle()
