import numpy as np
import pytest

from musicai.metrics import key_stability, recurrence


def test_key_stability_is_high_in_one_key_and_low_for_wandering_music(music, wandering):
    assert key_stability(music) > 0.3
    assert key_stability(wandering) < 0.1


def test_key_stability_of_a_frozen_chord_is_one(frozen):
    assert key_stability(frozen) == 1


def test_the_lag_selects_the_windows_whose_keys_are_compared(music):
    piece = music[0][:108]
    there_and_back = np.concatenate([piece, np.roll(piece, 6, axis=1), piece])
    same = {lag: key_stability(there_and_back, lag=lag) for lag in (108, 216)}
    assert same[216] == 1
    assert same[108] < 0.5


def test_windows_do_not_span_two_pieces(music):
    pieces = [music[0][:216], np.roll(music[0][:216], 6, axis=1)]
    assert key_stability(pieces) == key_stability(pieces[0])


def test_key_stability_refuses_pieces_too_short_for_two_windows(music):
    with pytest.raises(ValueError, match="key_stability needs a piece of 756 frames.*X has none"):
        key_stability(music, lag=648)


@pytest.mark.parametrize("parameters", [{"n_frames": 0}, {"lag": 0}, {"lag": 2.5}])
def test_key_stability_refuses_invalid_parameters(parameters, music):
    with pytest.raises(ValueError, match="must be an integer of at least 1"):
        key_stability(music, **parameters)


def test_recurrence_is_higher_if_passages_are_repeated(music):
    strangers = [np.roll(piece[:200], 6, axis=1) for piece in music]
    once = [np.concatenate(pair) for pair in zip([p[:200] for p in music], strangers, strict=True)]
    twice = [np.tile(piece[:200], (2, 1)) for piece in music]
    assert recurrence(twice) > recurrence(once)


def test_recurrence_is_one_for_a_frozen_chord_and_zero_for_noise(frozen, noise):
    assert recurrence(frozen) == 1
    assert recurrence(noise) == 0


def test_recurrence_compares_only_distant_windows():
    piece = np.concatenate([np.eye(12)[[0] * 30], np.eye(12)[[5] * 30]])
    assert recurrence(piece, n_frames=5, min_distance=35) == 0
    assert recurrence(piece, n_frames=5, min_distance=5) > 0.2


def test_recurrence_equals_the_share_of_similar_pairs_counted_one_by_one(music):
    piece, n, apart = music[0][:90], 10, 25
    shape = piece - piece.mean(axis=1, keepdims=True)
    alike = []
    for first in range(0, len(piece) - n + 1, n):
        for second in range(first + apart, len(piece) - n + 1):
            a, b = shape[first : first + n].ravel(), shape[second : second + n].ravel()
            alike.append(a @ b / np.sqrt(a @ a * (b @ b)) > 0.5)
    assert recurrence(piece, n_frames=n, min_distance=apart) == pytest.approx(np.mean(alike))


def test_recurrence_refuses_a_piece_too_short_for_one_pair(music):
    with pytest.raises(ValueError, match="recurrence needs a piece of 130 frames"):
        recurrence(music[0][:129])
    assert recurrence(music[0][:130]) in (0, 1)  # a single pair


def test_recurrence_refuses_a_similarity_above_one(music):
    with pytest.raises(ValueError, match="similarity must be a number from -1 to 1, got 2"):
        recurrence(music, similarity=2)
