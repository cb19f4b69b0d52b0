import numpy as np
import pytest

from musicai.metrics import (
    frame_entropy,
    key_correlation,
    pitch_class_entropy,
    quiet_share,
    scale_consistency,
    triad_fit,
)

FLAT = np.ones((4, 12))
NOTES = np.eye(12)


def test_entropy_is_lowest_for_one_note_and_highest_for_all_twelve():
    assert pitch_class_entropy(NOTES[[3, 3]]) == frame_entropy(NOTES) == 0
    for entropy in (pitch_class_entropy, frame_entropy):
        assert entropy(FLAT) == pytest.approx(np.log2(12))
    assert pitch_class_entropy(NOTES) == pytest.approx(np.log2(12))


def test_entropy_of_two_equally_loud_notes_is_one_bit():
    assert frame_entropy(NOTES[[0]] + NOTES[[7]]) == pytest.approx(1)


@pytest.mark.parametrize("tonic", range(12))
def test_a_major_scale_has_a_scale_consistency_of_one_in_any_key(tonic):
    scale = NOTES[(np.array([0, 2, 4, 5, 7, 9, 11]) + tonic) % 12]
    assert scale_consistency(scale) == pytest.approx(1)


def test_consistency_is_lowest_if_all_notes_are_equally_loud():
    assert scale_consistency(FLAT) == pytest.approx(7 / 12)


def test_wandering_music_has_a_less_clear_key(music, wandering):
    assert key_correlation(wandering) < key_correlation(music) - 0.1
    assert scale_consistency(wandering) < scale_consistency(music) - 0.1
    assert pitch_class_entropy(wandering) > pitch_class_entropy(music) + 0.1


def test_key_correlation_of_flat_chroma_is_zero():
    assert key_correlation(FLAT) == 0


@pytest.mark.parametrize("notes", [[0, 4, 7], [0, 3, 7]])
@pytest.mark.parametrize("root", range(12))
def test_every_triad_fits_perfectly(notes, root):
    chord = np.isin(np.arange(12), (np.array(notes) + root) % 12)[None]
    assert triad_fit(0.3 + 0.5 * chord) == pytest.approx(1)  # scale and offset do not matter


def test_blur_lowers_the_fit_and_the_quiet_share_and_raises_the_entropy(music):
    # A model trained with squared error predicts such blurred frames: means of possible frames.
    blurred = [0.5 * piece + 0.5 * piece.mean(axis=0) for piece in music]
    assert triad_fit(blurred) < triad_fit(music)
    assert frame_entropy(blurred) > frame_entropy(music)
    assert quiet_share(blurred) < quiet_share(music)


def test_triad_fit_refuses_a_piece_of_flat_frames():
    with pytest.raises(ValueError, match="triad_fit needs a frame with unequal values"):
        triad_fit(FLAT)


def test_quiet_share_counts_values_below_the_threshold():
    frame = np.array([[1.0, 0.3, 0.09] + 9 * [0.0]])
    assert quiet_share(frame) == pytest.approx(10 / 12)
    assert quiet_share(frame, threshold=0.5) == pytest.approx(11 / 12)


def test_triad_fit_is_the_mean_of_the_fits_of_single_frames():
    major, cluster = np.isin(np.arange(12), [0, 4, 7]), np.isin(np.arange(12), [0, 1, 2])
    alone = [triad_fit(each[None]) for each in (major, cluster)]
    assert alone[0] == pytest.approx(1)
    assert triad_fit(np.array([major, cluster, cluster])) == pytest.approx(
        (alone[0] + 2 * alone[1]) / 3
    )


def test_values_at_the_threshold_are_not_quiet():
    assert quiet_share(np.array([[1, 0.5, *[0] * 10]]), threshold=0.5) == pytest.approx(10 / 12)
