import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.utils import Bunch

from musicai import Timing
from musicai.display import ComparisonDisplay

RNG = np.random.default_rng(0)
PIECES = {"real": RNG.random((40, 12)), "composed": 2 * RNG.random((30, 12))}


def test_pieces_share_time_and_color_scales():
    display = ComparisonDisplay.from_pieces(PIECES, timing=10)
    assert [ax.get_title("left") for ax in display.axes_] == ["real", "composed"]
    for ax, piece in zip(display.axes_, PIECES.values(), strict=True):
        np.testing.assert_allclose(ax.images[0].get_array(), piece.T, rtol=1e-6)
        assert ax.get_xlim() == (0, 3.95)
        assert ax.images[0].get_clim() == (0, pytest.approx(PIECES["composed"].max()))
    assert [ax.get_xlabel() for ax in display.axes_] == ["", "Time (s)"]
    assert len(display.figure_.axes) == 3  # two pieces and one color bar


def test_marks_are_drawn_only_on_their_piece():
    display = ComparisonDisplay.from_pieces(
        PIECES, timing=Timing.from_tempo(None, frames_per_beat=2), marks={"composed": 5}
    )
    real, composed = display.axes_
    assert not real.lines
    assert {line.get_xdata()[0] for line in composed.lines} == {5}
    assert composed.get_xlabel() == "Beats"


def test_each_piece_can_have_its_own_timing():
    timing = {"real": Timing.from_borders(np.arange(41) / 4), "composed": 10}
    display = ComparisonDisplay.from_pieces(PIECES, timing=timing)
    assert {name: times[-1] for name, times in display.times.items()} == {
        "real": 10,
        "composed": 2.95,
    }
    music = Bunch(timing=Timing.from_rate(10))  # a dict, but with a timing
    assert ComparisonDisplay.from_pieces(PIECES, timing=music).unit == "seconds"
    with pytest.raises(ValueError, match=r"timings are for \['real'\], but pieces are"):
        ComparisonDisplay.from_pieces(PIECES, timing={"real": 10})
    with pytest.raises(ValueError, match="timings have different units: .*'seconds'.*'beats'"):
        ComparisonDisplay.from_pieces(
            PIECES, timing={"real": 10, "composed": Timing.from_tempo(96)}
        )


def test_piano_rolls_show_the_same_range_of_keys():
    low, high = np.zeros((2, 6, 88))
    low[:, 20] = high[:, 60] = 1
    first, second = ComparisonDisplay.from_pieces({"low": low, "high": high}).axes_
    assert first.get_ylim() == second.get_ylim()
    assert first.get_ylim()[0] < 20
    assert first.get_ylim()[1] > 60


def test_errors_describe_the_input():
    with pytest.raises(TypeError, match="pieces are a list; expected a dict of names"):
        ComparisonDisplay.from_pieces(list(PIECES.values()))
    with pytest.raises(ValueError, match=r"marks are for \['other'\], but pieces are"):
        ComparisonDisplay.from_pieces(PIECES, marks={"other": 1})
    with pytest.raises(ValueError, match=r"marks\['real'\] must be numbers within the piece"):
        ComparisonDisplay.from_pieces(PIECES, marks={"real": 41})
    for marks in (np.array([3.0]), 1.0):
        with pytest.raises(TypeError, match="expected a dict of names and positions"):
            ComparisonDisplay.from_pieces(PIECES, marks=marks)
    with pytest.raises(ValueError, match="marks are for"):
        ComparisonDisplay.from_pieces(PIECES, marks={"other": 1, 3: 1})
    with pytest.raises(TypeError, match="axes must be a list of matplotlib Axes, got a Axes"):
        ComparisonDisplay.from_pieces(PIECES, axes=pyplot.figure().subplots())
    with pytest.raises(ValueError, match="empty"):
        ComparisonDisplay.from_pieces({})
    with pytest.raises(ValueError, match=r"pieces\['silent'\] has no frames"):
        ComparisonDisplay.from_pieces({**PIECES, "silent": np.empty((0, 12))})
    with pytest.raises(ValueError, match=r"pieces\['two'\] has 2 with 24 frames"):
        ComparisonDisplay.from_pieces({**PIECES, "two": [np.eye(12), np.eye(12)]})
    with pytest.raises(ValueError, match="88 features per frame where 12"):
        ComparisonDisplay.from_pieces({"a": np.eye(12), "b": np.eye(88)})
    with pytest.raises(ValueError, match="got 1 axes for 2 pieces"):
        ComparisonDisplay.from_pieces(PIECES, axes=[pyplot.figure().subplots()])


def test_several_timings_must_be_in_a_dict():
    with pytest.raises(TypeError, match=r"timing is of type list; .*such as \{'real': extractor\}"):
        ComparisonDisplay.from_pieces(PIECES, timing=[10, 10])
