import numpy as np
import pytest

from musicai.chroma._cens import cens, window_length


def random_chroma(n_frames: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.gamma(0.5, size=(n_frames, 12)).astype(np.float32)


@pytest.mark.parametrize("n_frames", [3, 200])
@pytest.mark.parametrize("frame_rate", [1.0, 10.8, 43.07])
def test_cens_matches_librosa(librosa, n_frames, frame_rate):
    constant_q = np.tile(random_chroma(n_frames), 7).T
    chroma = librosa.feature.chroma_cqt(
        C=constant_q, bins_per_octave=12, n_octaves=7, norm=None, tuning=0.0
    ).T
    theirs = librosa.feature.chroma_cens(
        C=constant_q,
        bins_per_octave=12,
        n_octaves=7,
        tuning=0.0,
        win_len_smooth=window_length(frame_rate),
    ).T
    smooth = cens(chroma, frame_rate)
    assert smooth.dtype == np.float32
    ours = librosa.util.normalize(smooth, norm=2, axis=1)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize(
    ("frame_rate", "length"), [(22050 / 512, 41), (22050 / 2048, 11), (3.0, 3), (0.5, 1), (1e-3, 1)]
)
def test_the_averaging_window_has_the_nearest_odd_length(frame_rate, length):
    assert window_length(frame_rate) == length


def test_shares_are_quantized_to_five_levels():
    chroma = np.zeros((1, 12))
    chroma[0, :5] = [50, 25, 15, 8, 2]
    np.testing.assert_allclose(cens(chroma, 1.0)[0, :6], [1, 0.75, 0.5, 0.25, 0, 0])


def test_cens_does_not_depend_on_loudness():
    chroma = random_chroma(50)
    louder = chroma * 2.0 ** np.arange(50, dtype=np.float32)[:, np.newaxis]
    np.testing.assert_array_equal(cens(chroma, 10.8), cens(louder, 10.8))


def test_cens_of_silence_is_zero():
    assert not cens(np.zeros((20, 12), np.float32), 10.8).any()
    chroma = random_chroma(40)
    chroma[10:30] = 0
    smooth = cens(chroma, 10.8)
    assert smooth[14].any()
    assert not smooth[15:25].any()


@pytest.mark.parametrize("n_frames", [0, 1, 2, 5])
def test_short_pieces_keep_their_length(n_frames):
    assert cens(random_chroma(n_frames), 43.07).shape == (n_frames, 12)
