import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import get_window

from musicai.chroma._frames import cut_frames, hann_window


@pytest.mark.parametrize("n_samples", [1, 4095, 4096, 100_000])
@pytest.mark.parametrize(("frame_length", "hop_length"), [(4096, 512), (64, 64), (64, 100)])
@pytest.mark.parametrize("n_blocks", [1, 7])
def test_frames_are_centered_on_multiples_of_the_hop_length(
    n_samples, frame_length, hop_length, n_blocks
):
    samples = np.random.default_rng(0).standard_normal(n_samples).astype(np.float32)
    blocks = np.array_split(samples, n_blocks)
    batches = cut_frames(
        blocks, frame_length=frame_length, hop_length=hop_length, batch_samples=3 * frame_length
    )
    padded = np.pad(samples, frame_length // 2)
    expected = sliding_window_view(padded, frame_length)[::hop_length]
    frames = np.concatenate([batch.copy() for batch in batches])
    np.testing.assert_array_equal(frames, expected)
    assert len(frames) == 1 + n_samples // hop_length


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [2, 16, 344, 2048, 4098, 16384, 99991])
def test_the_hann_window_matches_scipy(length, dtype):
    expected = get_window("hann", length).astype(dtype)
    np.testing.assert_array_equal(hann_window(length, dtype), expected)
