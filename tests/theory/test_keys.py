import numpy as np
import pytest

from musicai.theory.keys import KEY_PROFILES, common_tonic, in_common_key, key_scores

MAJOR_SCALE = np.isin(np.arange(12), [0, 2, 4, 5, 7, 9, 11]).astype(float)


def test_profiles_of_a_mode_are_rotations_with_their_maximum_at_the_tonic():
    assert KEY_PROFILES.shape == (24, 12)
    for key, profile in enumerate(KEY_PROFILES):
        assert profile.argmax() == key % 12
        mode = KEY_PROFILES[12 * (key // 12)]
        np.testing.assert_array_equal(profile, np.roll(mode, key % 12))
    assert KEY_PROFILES[0, 4] > KEY_PROFILES[0, 3]  # major third
    assert KEY_PROFILES[12, 3] > KEY_PROFILES[12, 4]  # minor third


def test_key_scores_are_correlations():
    chroma = np.random.default_rng(0).random((5, 12))
    expected = np.corrcoef(chroma, KEY_PROFILES)[:5, 5:]
    np.testing.assert_allclose(key_scores(chroma), expected, atol=1e-12)
    np.testing.assert_allclose(key_scores(3 * chroma[0] + 1), expected[0], atol=1e-12)


@pytest.mark.parametrize("key", range(24))
def test_each_profile_scores_highest_for_its_own_key(key):
    scores = key_scores(KEY_PROFILES[key])
    assert scores.argmax() == key
    assert scores[key] == pytest.approx(1)


@pytest.mark.parametrize("tonic", range(12))
def test_transposing_chroma_rolls_its_key_scores(tonic):
    scores = key_scores(np.roll(MAJOR_SCALE, tonic)).reshape(2, 12)
    in_c = key_scores(MAJOR_SCALE).reshape(2, 12)
    np.testing.assert_allclose(scores, np.roll(in_c, tonic, axis=1), atol=1e-12)
    assert scores[0].argmax() == tonic


def test_flat_chroma_scores_zero_in_every_key():
    np.testing.assert_array_equal(key_scores(np.zeros(12)), 0)
    np.testing.assert_array_equal(key_scores(np.full((2, 12), np.float32(0.1))), 0)


@pytest.mark.parametrize("semitones", range(12))
def test_common_tonic_is_the_distance_from_c_major_or_a_minor(semitones):
    major, minor = KEY_PROFILES[0], KEY_PROFILES[12 + 9]
    moved = np.roll([major, minor], semitones, axis=1)
    np.testing.assert_array_equal(common_tonic(moved), semitones)
    assert common_tonic(moved[0]) == semitones


@pytest.mark.parametrize("semitones", range(12))
def test_a_piece_is_transposed_to_the_common_key(semitones):
    rng = np.random.default_rng(0)
    piece = KEY_PROFILES[0] * rng.random((30, 1))
    moved = np.roll(piece, semitones, axis=1)
    np.testing.assert_array_equal(in_common_key(moved), piece)


def test_key_scores_of_each_row_are_independent_of_other_rows():
    quiet, loud = 1e-12 * KEY_PROFILES[3], 1e12 * KEY_PROFILES[20]
    together = key_scores([quiet, loud])
    np.testing.assert_allclose(together, [key_scores(quiet), key_scores(loud)], atol=1e-12)
    assert together.argmax(axis=1).tolist() == [3, 20]


@pytest.mark.parametrize("level", [0.1, 0.3, 0.7, 1.1, 1e-7])
def test_a_flat_frame_has_no_key_despite_rounding_errors(level):
    np.testing.assert_array_equal(key_scores(np.full(12, level)), 0)
