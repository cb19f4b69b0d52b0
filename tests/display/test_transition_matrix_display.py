import numpy as np
import pytest

from musicai.display import TransitionMatrixDisplay
from musicai.metrics import transition_matrix


def cadences(key):
    """Return three cadences I, IV, V, I in C major, transposed up by `key` semitones."""
    chords = [np.isin(np.arange(12), notes) for notes in ([0, 4, 7], [5, 9, 0], [7, 11, 2])]
    piece = np.repeat([chords[i] for i in (0, 1, 2, 0) * 3], 8, axis=0)
    return np.roll(piece, key, axis=1).astype(float)


def test_transitions_are_drawn_in_a_common_key():
    pieces = [cadences(0), cadences(5)]
    display = TransitionMatrixDisplay.from_pieces(pieces)
    np.testing.assert_array_equal(display.matrix, transition_matrix(pieces))
    np.testing.assert_array_equal(display.ax_.images[0].get_array(), display.matrix)
    for axis in (display.ax_.xaxis, display.ax_.yaxis):
        names = [label.get_text() for label in axis.get_ticklabels()]
        assert "".join(names) == "CC♯DD♯EFF♯GG♯AA♯B"
    assert display.ax_.get_ylabel() == "from"
    assert display.ax_.get_xlabel().startswith("to")
    assert display.ax_.yaxis_inverted()  # C at the top, as in a matrix


def test_the_color_scale_ends_at_the_largest_or_the_given_share():
    matrix = transition_matrix(cadences(0))
    assert TransitionMatrixDisplay.from_matrix(matrix).ax_.images[0].get_clim() == (
        0,
        matrix.max(),
    )
    display = TransitionMatrixDisplay.from_matrix(matrix, largest=0.6)
    assert display.ax_.images[0].get_clim() == (0, 0.6)
    display.figure_.canvas.draw()
    bar = display.figure_.axes[1]
    assert [label.get_text() for label in bar.get_yticklabels()][:2] == ["0%", "20%"]


def test_pieces_without_transitions_give_a_matrix_of_zeros():
    display = TransitionMatrixDisplay.from_pieces(np.ones((30, 12)))
    assert not display.matrix.any()
    display.figure_.canvas.draw()


def test_errors_describe_the_input():
    with pytest.raises(ValueError, match=r"matrix has shape \(30, 12\) .* use from_pieces"):
        TransitionMatrixDisplay.from_matrix(np.ones((30, 12)))
    with pytest.raises(ValueError, match=r"values from -1 to 0; "):
        TransitionMatrixDisplay.from_matrix(np.eye(12) - 1)
    with pytest.raises(ValueError, match=r"largest must be a share above 0, up to 1, got 5"):
        TransitionMatrixDisplay.from_pieces(np.ones((30, 12)), largest=5)
    with pytest.raises(ValueError, match="X has 88 features"):
        TransitionMatrixDisplay.from_pieces(np.ones((30, 88)))
