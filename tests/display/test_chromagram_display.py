import numpy as np
import pytest
from matplotlib import pyplot

from musicai import ChromaExtractor, PianoRollExtractor, Timing
from musicai.display import ChromagramDisplay, ComparisonDisplay

RNG = np.random.default_rng(0)


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_the_image_shows_frames_by_time_and_pitch_class():
    piece = RNG.random((30, 12), dtype=np.float32)
    ax = ChromagramDisplay.from_piece(piece, timing=10).ax_
    np.testing.assert_array_equal(ax.images[0].get_array(), piece.T)
    assert tuple(ax.images[0].get_extent()) == (0, 2.95, -0.5, 11.5)
    assert "".join(labels(ax.yaxis)) == "CC♯DD♯EFF♯GG♯AA♯B"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Time (s)", "Pitch class")


@pytest.mark.parametrize(
    ("timing", "unit", "label", "end"),
    [
        (None, "frames", "Frames", 30),
        (10, "seconds", "Time (s)", 2.95),
        (Timing.from_borders(np.arange(31) ** 2), "seconds", "Time", 900),
        (ChromaExtractor(hop_length=2205), "seconds", "Time (s)", 2.95),
        (Timing.from_tempo(96), "beats", "Beats", 30),
        (ChromaExtractor(sync="beat"), "beats", "Beats", 30),
        (PianoRollExtractor(steps_per_beat=4), "beats", "Beats", 7.5),
        (Timing.from_beats(np.arange(31) / 2 + 7, frames_per_beat=2), "beats", "Beats", 15),
    ],
)
def test_the_unit_of_the_time_axis_depends_on_the_timing(timing, unit, label, end):
    display = ChromagramDisplay.from_piece(RNG.random((30, 12)), timing=timing)
    assert (display.unit, display.ax_.get_xlabel()) == (unit, label)
    assert display.ax_.get_xlim() == (0, end)
    np.testing.assert_allclose(display.times[[0, -1]], [0, end])


@pytest.mark.parametrize(
    ("seconds", "last"), [(100, "1:30"), (900, "15:00"), (2 * 3600, "1:40:00")]
)
def test_long_axes_show_minutes(seconds, last):
    timing = Timing.from_borders(np.linspace(0, seconds, 31))
    ax = ChromagramDisplay.from_piece(RNG.random((30, 12)), timing=timing).ax_
    ax.figure.draw_without_rendering()
    assert labels(ax.xaxis)[0] == "0:00"
    assert last in labels(ax.xaxis)


SHARPS, FLATS = "CC♯DD♯EFF♯GG♯AA♯B", "CD♭DE♭EFG♭GA♭AB♭B"


@pytest.mark.parametrize(
    ("key", "names"), [(None, SHARPS), ("Eb", FLATS), ("F# minor", SHARPS), ("Dm", FLATS)]
)
def test_pitch_classes_are_named_with_sharps_or_flats_according_to_the_key(key, names):
    piece = RNG.random((30, 12))
    alone = ChromagramDisplay.from_piece(piece, key=key)
    several = ComparisonDisplay.from_pieces({"a": piece}, key=key)
    for ax in (alone.ax_, several.axes_[0], alone.plot(key=key).ax_):
        assert "".join(labels(ax.yaxis)) == names
    with pytest.raises(ValueError, match="key must be the name of a major or minor key"):
        alone.plot(key="H")


def test_the_width_of_frames_is_proportional_to_their_duration():
    times = [0, 1, 3, 7, 7.5]
    display = ChromagramDisplay.from_piece(np.eye(12)[:4], timing=Timing.from_borders(times))
    image = display.ax_.images[0]
    np.testing.assert_array_equal(image.get_array(), np.eye(12)[:4].T)
    display.figure_.canvas.draw()
    pixels, *_ = image.make_image(display.figure_.canvas.get_renderer())
    ends = [
        np.flatnonzero(pixels[row, :, :3].sum(axis=1) < 300).max() for row in label_rows(pixels)
    ]
    np.testing.assert_allclose(ends / np.max(ends), np.array(times[1:]) / 7.5, atol=0.02)


def label_rows(pixels):
    """Return the pixel rows at the centers of the first four features; row 0 is at the bottom."""
    return ((np.arange(4) + 0.5) * len(pixels) / 12).astype(int)


def test_long_pieces_are_averaged_for_drawing():
    piece = RNG.random((20001, 12))
    _, ax = pyplot.subplots(figsize=(4, 2))
    display = ChromagramDisplay.from_piece(piece, timing=10, ax=ax)
    image = ax.images[0].get_array()
    assert 200 < image.shape[1] <= 4 * 150
    assert image.mean() == pytest.approx(piece.mean(), abs=1e-3)
    assert ax.get_xlim() == (0, 2000.05)
    assert display.piece.shape == (20001, 12)


def test_piano_rolls_show_octaves_and_the_keys_in_use():
    roll = np.zeros((8, 88))
    roll[0, 39] = roll[4, 51] = 1  # C4, C5
    ax = ChromagramDisplay.from_piece(roll, timing=Timing.from_tempo(None, frames_per_beat=4)).ax_
    assert ax.get_ylabel() == "Note"
    shown = dict(zip(labels(ax.yaxis), ax.get_yticks(), strict=True))
    assert (shown["C4"], shown["C5"], shown["C8"]) == (39, 51, 87)
    low, high = ax.get_ylim()
    assert 20 < low < 39 - 2
    assert 51 + 2 < high < 70
    silent = ChromagramDisplay.from_piece(np.zeros((8, 88))).ax_
    assert silent.get_ylim() == (-0.5, 87.5)


def test_features_that_are_not_pitches_have_no_names():
    ax = ChromagramDisplay.from_piece(np.eye(40), timing=4).ax_
    assert ax.get_ylabel() == "Feature"
    assert not {"C♯", "C4"} & set(labels(ax.yaxis))


def test_the_color_scale_includes_values_below_zero_and_above_one():
    image = ChromagramDisplay.from_piece([[-2.0, 0, 3]]).ax_.images[0]
    assert image.get_clim() == (-2, 3)


def test_marks_are_vertical_lines():
    ax = ChromagramDisplay.from_piece(np.eye(12), timing=1, marks=[3, 5]).ax_
    assert {line.get_xdata()[0] for line in ax.lines} == {3, 5}
    assert not ChromagramDisplay.from_piece(np.eye(12), timing=1).ax_.lines


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("timing", [None, 10.77, Timing.from_borders([0, 1])])
def test_a_single_frame_can_be_drawn(timing):
    ChromagramDisplay.from_piece(np.eye(12)[:1], timing=timing).figure_.canvas.draw()


@pytest.mark.parametrize(
    ("timing", "error", "message"),
    [
        (0, ValueError, r"timing must be a positive .* got 0"),
        (np.arange(13), TypeError, r"or seconds as Timing\.from_borders"),
        (Timing.from_borders(np.arange(12)), ValueError, "timing has 11 frames but X has 12"),
        (Timing.from_borders(np.zeros(13)), ValueError, "timing has no duration"),
    ],
)
def test_errors_describe_the_input(timing, error, message):
    with pytest.raises(error, match=message):
        ChromagramDisplay.from_piece(np.eye(12), timing=timing)


def test_a_timing_may_begin_after_zero():
    times = np.arange(41) + 30.0
    display = ChromagramDisplay.from_piece(
        np.random.default_rng(0).random((40, 12)),
        timing=Timing.from_borders(times),
        marks=[40, 70],
    )
    assert display.ax_.get_xlim() == (30, 70)
    np.testing.assert_array_equal(display.times, times)


@pytest.mark.parametrize("marks", [-1, 13, "abc", np.nan, [3, None], {"a": 1}])
def test_marks_must_be_within_the_piece(marks):
    with pytest.raises(ValueError, match="marks must be numbers within the piece, from 0 to 12"):
        ChromagramDisplay.from_piece(np.eye(12), marks=marks)


def test_only_a_single_piece_is_accepted():
    with pytest.raises(ValueError, match=r"draws one piece .* piece has 2 with 24 frames"):
        ChromagramDisplay.from_piece([np.eye(12), np.eye(12)], timing=1)
    with pytest.raises(ValueError, match=r"draws one piece .* piece has 1 with 0 frames"):
        ChromagramDisplay.from_piece([np.zeros((0, 12))], timing=1)


def test_arrays_with_frames_in_columns_are_rejected():
    with pytest.raises(ValueError, match=r"12 frames of 572 .* did you mean piece\.T\?"):
        ChromagramDisplay.from_piece(RNG.random((12, 572)))
    for shape in ((572, 12), (12, 12), (12, 88), (12, 128)):
        assert ChromagramDisplay.from_piece(RNG.random(shape)).piece.shape == shape


def test_binary_rolls_have_no_color_bar():
    roll = np.eye(88)[30:50]
    assert len(ChromagramDisplay.from_piece(roll).figure_.axes) == 1
    assert len(ChromagramDisplay.from_piece(roll / 2).figure_.axes) == 2
    pieces = {"a": roll, "b": roll[:7]}
    assert len(ComparisonDisplay.from_pieces(pieces).figure_.axes) == 2
    pieces["b"] = roll / 2
    assert len(ComparisonDisplay.from_pieces(pieces).figure_.axes) == 3


@pytest.mark.parametrize("timing", [[Timing.from_rate(10)], [0.0, 1.0, 2.0], np.arange(13)])
def test_lists_of_timings_are_rejected(timing):
    for piece in (np.eye(12), [np.eye(12)]):
        with pytest.raises(TypeError, match="expected the timing of one piece: pass its Timing"):
            ChromagramDisplay.from_piece(piece, timing=timing)
