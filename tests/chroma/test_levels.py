import numpy as np
import pytest

from musicai import ChromaExtractor

QUIETEST = -120.0


@pytest.mark.parametrize("hop_length", [7, 512, 2000])
def test_levels_are_the_root_mean_square_of_centered_hops(hop_length):
    samples = np.random.default_rng(0).normal(0, 0.1, 3000).astype(np.float32)
    samples[1000:2000] = 0
    (analysis,) = ChromaExtractor(hop_length=hop_length).analyze([samples])
    padded = np.pad(samples.astype(float), (hop_length // 2, 2 * hop_length))
    n_frames = 1 + len(samples) // hop_length
    power = [np.mean(padded[t * hop_length :][:hop_length] ** 2) for t in range(n_frames)]
    expected = 10 * np.log10(np.maximum(power, 10 ** (QUIETEST / 10)))
    np.testing.assert_allclose(analysis.levels, expected, atol=1e-4)


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


def test_the_level_of_a_beat_is_the_mean_power_of_its_frames():
    time = np.arange(20 * 22050) / 22050
    samples = (
        np.exp(-5 * (time % 0.6)) * np.sin(2 * np.pi * 440 * time) * np.linspace(0.1, 1, len(time))
    )
    (frames,) = ChromaExtractor().analyze([samples])
    (beats,) = ChromaExtractor(sync="beat").analyze([samples])
    firsts = np.ceil(beats.timing.borders() * 22050 / 2048 - 1e-6).astype(int)
    assert len(beats.levels) > 20
    for level, first, last in zip(beats.levels, firsts, firsts[1:], strict=False):
        power = np.mean(10 ** (frames.levels[first:last] / 10))
        assert level == pytest.approx(10 * np.log10(power), abs=1e-3)
