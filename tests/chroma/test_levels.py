import numpy as np
import pytest

from musicai import ChromaExtractor
from musicai.chroma._frames import QUIETEST, FrameLevels, levels_between


def measure(samples, hop_length, block_size, n_frames):
    levels = FrameLevels(hop_length)
    for start in range(0, len(samples), block_size):
        levels.add(samples[start : start + block_size])
    return levels.finish(n_frames)


@pytest.mark.parametrize("hop_length", [1, 7, 512])
def test_root_mean_square_of_the_hop_about_each_frame(hop_length):
    samples = np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    n_frames = 1 + len(samples) // hop_length
    found = measure(samples, hop_length, 1000, n_frames)
    half = hop_length // 2
    padded = np.pad(samples.astype(float), (half, 2 * hop_length))
    power = [np.mean(padded[t * hop_length :][:hop_length] ** 2) for t in range(n_frames)]
    np.testing.assert_allclose(found, 10 * np.log10(np.maximum(power, 1e-12)), atol=1e-4)


@pytest.mark.parametrize("block_size", [1, 100, 2048, 9999])
def test_blocks_are_no_matter(block_size):
    samples = np.random.default_rng(1).standard_normal(9000).astype(np.float32)
    expected = measure(samples, 512, 3000, 18)
    np.testing.assert_array_equal(measure(samples, 512, block_size, 18), expected)


@pytest.mark.parametrize("kind", ["cqt", "stft", "cens"])
@pytest.mark.parametrize("sync", [None, "beat"])
def test_every_frame_of_an_analysis_has_a_level(kind, sync):
    samples = 0.1 * np.sin(2 * np.pi * 440 * np.arange(5 * 22050) / 22050)
    samples[-22050:] = 0
    (analysis,) = ChromaExtractor(kind=kind, sync=sync).analyze([samples])
    assert analysis.levels.shape == (len(analysis.chroma),)
    assert analysis.levels.max() == pytest.approx(20 * np.log10(0.1 / np.sqrt(2)), abs=2)
    if sync is None:
        assert analysis.levels[-3:].max() == QUIETEST


def test_levels_of_intervals_are_means_of_power():
    levels = np.array([0, -10, -20, -30], dtype=np.float32)
    found = levels_between(levels, 1.0, np.array([0.0, 1.5, 4.0]))
    np.testing.assert_allclose(found, [10 * np.log10(0.55), 10 * np.log10(0.0055)], rtol=1e-5)
