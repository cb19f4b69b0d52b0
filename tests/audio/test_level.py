import tempfile
from pathlib import Path

import numpy as np
import pytest

from musicai.audio import level_blocks

FULL = Path("/dev/full")


def level(blocks) -> np.ndarray:
    return np.concatenate(list(level_blocks(iter(blocks))))


@pytest.mark.parametrize("shape", [(200_003,), (200_003, 2), (50_001, 3)])
@pytest.mark.parametrize("scale", [1e-30, 1, 1e9])
def test_as_loud_as_a_normal_recording(shape, scale):
    samples = scale * np.sin(1 + np.arange(np.prod(shape)) / 7).reshape(shape)
    heard = level(np.array_split(samples, 7))
    assert heard.dtype == np.float32
    assert heard.shape == shape
    assert 20 * np.log10(np.sqrt(np.mean(heard.astype(float) ** 2))) == pytest.approx(-16, abs=0.01)
    ratios = heard / samples.astype(np.float32)
    np.testing.assert_allclose(ratios, ratios.flat[0], rtol=1e-5)


def test_peaks_are_not_clipped():
    samples = np.zeros(10000)
    samples[5000] = 3
    heard = level([samples])
    assert np.abs(heard).max() == pytest.approx(0.98)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_cut_into_blocks_does_not_matter(n_channels):
    samples = np.random.default_rng(0).standard_normal((150_000, n_channels))
    cuts = [[samples], np.array_split(samples, 1000), [samples[:1], samples[1:1], samples[1:]]]
    for cut in cuts[1:]:
        np.testing.assert_array_equal(level(cut), level(cuts[0]))


def test_silence_stays_silence():
    assert not level([np.zeros(9), np.zeros(9)]).any()
    assert list(level_blocks([])) == []


def test_other_channels_are_refused():
    with pytest.raises(ValueError, match=r"\(9, 2\) where .*same channels"):
        level([np.ones(9), np.ones((9, 2))])


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("n_blocks", [1, 50])
def test_full_disk(n_blocks, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda buffering: FULL.open("w+b", buffering))
    with pytest.raises(OSError, match="temporary file .*No space left on device.*TMPDIR"):
        level(n_blocks * [np.ones(100)])
