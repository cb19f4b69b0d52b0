import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from musicai.metrics import memorization
from musicai.metrics._memorization import copied_chunks


@pytest.mark.parametrize("semitones", [0, 1, 11])
@pytest.mark.parametrize("start", [0, 13])
def test_a_copy_of_any_passage_is_found_in_any_key(semitones, start, music):
    copy = np.roll(music[3][start : start + 100], semitones, axis=1)
    assert memorization(copy, music) == 1


def test_a_noisy_copy_is_found(music):
    rng = np.random.default_rng(0)
    noisy = np.clip(music[3] + rng.normal(0, 0.03, music[3].shape), 0, 1)
    assert memorization(noisy, music) == 1


def test_noise_is_not_counted_as_a_copy(music, noise):
    rng = np.random.default_rng(0)
    assert memorization(noise, music) == 0
    half = [music[0][: 22 * 5], as_noise(rng, 22 * 5)]
    assert memorization(half, music) == pytest.approx(0.5)


def test_all_of_the_training_music_is_searched(music):
    training = [np.empty((0, 12)), music[2], music[3]]
    assert copied_chunks(music[3], training, n_frames=22, similarity=0.98, n_windows=7).all()


def test_memorization_agrees_with_a_brute_force_search(music, more_music):
    piece, learned = more_music[0][:200], music[0][:200]
    copies = []
    for start in range(0, 200 - 10 + 1, 10):
        chunk = piece[start : start + 10].ravel()
        cosines = [
            chunk @ other / np.sqrt(chunk @ chunk * (other @ other))
            for semitones in range(12)
            for at in range(191)
            for other in [np.roll(learned[at : at + 10], semitones, axis=1).ravel()]
        ]
        copies.append(max(cosines) > 0.95)
    assert 0 < np.mean(copies) < 1
    assert memorization(piece, learned, n_frames=10, similarity=0.95) == np.mean(copies)


def test_silence_is_not_a_copy_of_silence(music):
    with_silence = np.concatenate([music[0][:44], np.zeros((44, 12))])
    assert memorization(with_silence, [np.zeros((60, 12)), music[0]]) == 1
    assert memorization(music[0], np.zeros((60, 12))) == 0


def test_short_training_music_has_no_copies_and_short_pieces_are_refused(music):
    assert memorization(music[0], music[0][:21]) == 0
    with pytest.raises(ValueError, match="needs 22 frames in succession that sound: X has none"):
        memorization(music[0][:21], music)


@pytest.mark.parametrize("parameters", [{"n_frames": 0}, {"similarity": 1.2}])
def test_memorization_refuses_invalid_parameters(parameters, music):
    with pytest.raises(ValueError, match=f"{next(iter(parameters))} must be"):
        memorization(music, music, **parameters)


def as_noise(rng, n_frames):
    return rng.random((n_frames, 12))


@given(
    seed=st.integers(0, 2**32 - 1),
    n_frames=st.integers(1, 9),
    similarity=st.floats(0.3, 0.97),
    noise=st.floats(0, 0.4),
    few=st.sampled_from([1, 10**9]),  # compare everything pair by pair, or by products of matrices
)
@settings(max_examples=60, deadline=None)
def test_copied_chunks_agree_with_a_comparison_of_all_pairs(seed, n_frames, similarity, noise, few):
    rng = np.random.default_rng(seed)
    learned = rng.random((60, 12)) ** 3
    piece = np.roll(learned[7:43], rng.integers(12), axis=1)
    piece = np.clip(piece + noise * rng.normal(size=piece.shape), 0, 1).astype(np.float32)
    windows = [
        np.lib.stride_tricks.sliding_window_view(frames, n_frames, axis=0)
        for frames in (piece, learned)
    ]
    chunks, others = (each / np.linalg.norm(each, axis=(1, 2), keepdims=True) for each in windows)
    rotations = [np.roll(chunks[::n_frames], semitones, axis=1) for semitones in range(12)]
    products = [np.tensordot(each, others, ((1, 2), (1, 2))) for each in rotations]
    best = np.max(products, axis=(0, 2))
    assume(np.abs(best - similarity).min() > 1e-5)
    found = copied_chunks(piece, learned, n_frames=n_frames, similarity=similarity, few=few)
    np.testing.assert_array_equal(found, best > similarity)


@pytest.mark.parametrize("scale", [1e-40, 1e-25, 1, 1e25, 1e38])
def test_loudness_does_not_hide_copies(scale):
    learned = np.random.default_rng(0).random((100, 12))
    for similarity in (0.98, 1.0):
        assert memorization(scale * learned[7:73], learned, similarity=similarity) == 1
        assert memorization(learned[7:73], scale * learned, similarity=similarity) == 1


def test_chunks_longer_than_the_training_music_are_not_copies():
    learned = np.random.default_rng(0).random((100, 12))
    with pytest.raises(ValueError, match="frames in succession that sound: X has none"):
        memorization(learned, learned, n_frames=10**20)
    assert memorization(learned, learned[:20], n_frames=50) == 0


@pytest.mark.parametrize("few", [1, 10**9])
@pytest.mark.parametrize(("n_chunks", "n_windows"), [(1, 3), (2, 10**6), (7, 16), (10**6, 1)])
def test_block_sizes_and_few_do_not_change_which_chunks_are_copies(n_chunks, n_windows, few):
    rng = np.random.default_rng(0)
    learned = rng.random((80, 12)) ** 3
    fresh = rng.random((60, 12)) ** 3
    piece = np.concatenate([fresh[:30], np.roll(learned[11:41], 5, axis=1), fresh[30:]])
    sizes = {"n_chunks": n_chunks, "n_windows": n_windows, "few": few}
    found = copied_chunks(piece, learned, n_frames=3, similarity=0.98, **sizes)
    np.testing.assert_array_equal(found, np.repeat([False, True, False], 10))
