import numpy as np
import pytest

from musicai.metrics import falling_fifths, transition_matrix

C, F, G, A_MINOR = [0, 4, 7], [5, 9, 0], [7, 11, 2], [9, 0, 4]


def chords(*notes, n_frames=6):
    return np.repeat([np.isin(np.arange(12), each) for each in notes], n_frames, axis=0) + 0.0


def test_transitions_are_counted_from_row_to_column():
    matrix = transition_matrix(chords(C, F, G, C, A_MINOR, G, C))
    expected = np.zeros((12, 12))
    for here, there in [(0, 5), (5, 7), (7, 0), (0, 9), (9, 7), (7, 0)]:
        expected[here, there] += 1 / 6
    np.testing.assert_allclose(matrix, expected)


def test_shares_sum_to_one_and_the_diagonal_is_zero(music):
    matrix = transition_matrix(music)
    assert matrix.sum() == pytest.approx(1)
    assert matrix.min() >= 0
    assert not matrix.diagonal().any()


def test_the_duration_of_chords_does_not_matter():
    moves = [C, F, G, C]
    np.testing.assert_array_equal(
        transition_matrix(chords(*moves, n_frames=2)), transition_matrix(chords(*moves))
    )


def test_a_chord_of_one_frame_does_not_count():
    piece = np.concatenate([chords(C), chords(F, n_frames=1), chords(G, C)])
    np.testing.assert_array_equal(transition_matrix(piece), transition_matrix(chords(C, G, C)))


@pytest.mark.parametrize("semitones", range(12))
def test_pieces_are_transposed_to_a_common_key(semitones, music):
    moved = [music[0], np.roll(music[0], semitones, axis=1)]
    np.testing.assert_allclose(transition_matrix(moved), transition_matrix(music[0]))


def test_transitions_are_pooled_over_pieces_but_not_counted_between_them(music):
    np.testing.assert_allclose(transition_matrix([music[0]] * 3), transition_matrix(music[0]))
    np.testing.assert_array_equal(transition_matrix([chords(C), chords(G)]), 0)


@pytest.mark.parametrize("still", [chords(C), np.zeros((9, 12)), np.ones((9, 12)), np.eye(12)[:1]])
def test_music_whose_root_never_moves_gives_zeros(still):
    np.testing.assert_array_equal(transition_matrix(still), 0)
    assert falling_fifths(still) == 0


def test_silence_between_chords_is_not_a_transition():
    piece = np.concatenate([chords(C), np.zeros((5, 12)), chords(C), chords(F)])
    assert falling_fifths(piece) == 1


def test_falling_fifths_are_rarer_in_reversed_or_shuffled_music(music, shuffled, noise):
    backwards = [piece[::-1] for piece in music]
    for other in (backwards, shuffled, noise):
        assert falling_fifths(other) < falling_fifths(music)
    assert falling_fifths(noise) == pytest.approx(1 / 11, abs=0.04)
