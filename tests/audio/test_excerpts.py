import numpy as np
import pytest
import soundfile

from musicai.audio import RecordingError, read_blocks, read_excerpt

RATE = 44100


@pytest.fixture
def music():
    """Ten seconds of noise, so that a comparison fails if any sample is misplaced."""
    return np.random.default_rng(0).uniform(-0.4, 0.4, 10 * RATE).astype(np.float32)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("sr", [44100, 22050, 48000, 32000])
def test_excerpts_match_reading_from_the_beginning(music, tmp_path, suffix, sr):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, np.stack([music, music / 2], axis=1), RATE)
    whole = np.concatenate(list(read_blocks(path, sr=sr)))
    for second in (0.0, 0.5, 3.21, 9.0):
        first = round(second * sr)
        start = first / sr
        found = read_excerpt(path, start, 20000, sr=sr)
        expected = whole[first : first + 20000]
        near = np.abs(found[: len(expected)] - expected).max()
        assert near < 1e-3


@pytest.mark.parametrize("rate", [RATE, 22050])
def test_excerpts_of_arrays_match_the_whole_recording(music, rate):
    whole = np.concatenate(list(read_blocks((music, RATE), sr=rate)))
    found = read_excerpt((music, RATE), 2.0, 5000, sr=rate)
    np.testing.assert_allclose(found, whole[2 * rate : 2 * rate + 5000], atol=1e-3)


@pytest.mark.parametrize("rate", [RATE, 32000])
def test_excerpts_keep_two_channels(music, tmp_path, rate):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.stack([music, music[::-1] / 2], axis=1), RATE, "FLOAT")
    whole = np.concatenate(list(read_blocks(path, sr=rate, channels=2)))
    for recording in (path, (np.stack([music, music[::-1] / 2], axis=1), RATE)):
        found = read_excerpt(recording, 2.0, 5000, sr=rate, channels=2)
        np.testing.assert_allclose(found, whole[2 * rate : 2 * rate + 5000], atol=1e-3)
        assert read_excerpt(recording, 99.0, 5, sr=rate, channels=2).shape == (5, 2)


def test_zeros_fill_parts_outside_the_recording(music, tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, music, RATE, "FLOAT")
    for recording in (path, (music, RATE)):
        before = read_excerpt(recording, -1.0, 2 * RATE, sr=RATE)
        np.testing.assert_array_equal(before, np.concatenate([np.zeros(RATE), music[:RATE]]))
        after = read_excerpt(recording, 9.5, RATE, sr=RATE)
        np.testing.assert_array_equal(after[: RATE // 2], music[-RATE // 2 :])
        assert not after[RATE // 2 :].any()
        assert not read_excerpt(recording, 99.0, 50, sr=RATE).any()
        assert not read_excerpt(recording, -99.0, 50, sr=RATE).any()


def test_files_in_which_seeking_fails_are_read_from_the_beginning(music, tmp_path, monkeypatch):
    path = tmp_path / "a.wav"
    soundfile.write(path, music, RATE, "FLOAT")

    def refuse(*args):
        raise RuntimeError("no seeking here")

    monkeypatch.setattr(soundfile.SoundFile, "seek", refuse)
    found = read_excerpt(path, 3.0, 1000, sr=RATE)
    np.testing.assert_array_equal(found, music[3 * RATE : 3 * RATE + 1000])
    assert not read_excerpt(path, -1.0, 10, sr=RATE).any()


def test_errors_name_unreadable_files(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"no audio")
    for name, cause in [("a.wav", "cannot be decoded"), ("b.wav", "no such file")]:
        with pytest.raises(RecordingError, match=rf"{name}.*{cause}"):
            read_excerpt(tmp_path / name, 0.0, 10, sr=RATE)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e13])
def test_invalid_samples_in_an_excerpt_are_rejected(music, tmp_path, value):
    music[5 * RATE] = value
    path = tmp_path / "a.wav"
    soundfile.write(path, music, RATE, "FLOAT")
    for recording, name in [((music, RATE), "the recording"), (path, r"a\.wav")]:
        with pytest.raises(RecordingError, match=rf"{name}: samples are NaN, infinite or beyond"):
            read_excerpt(recording, 4.9, RATE, sr=RATE)
        assert read_excerpt(recording, 1.0, RATE, sr=RATE).any()


@pytest.mark.parametrize("rate", [1e-300, -5, np.nan, 1e300])
def test_implausible_sampling_rates_are_rejected(music, rate):
    with pytest.raises(RecordingError, match=r"the recording: a sampling rate of .* Hz"):
        read_excerpt((music, rate), 0.0, 10, sr=RATE)


@pytest.mark.parametrize(
    ("start", "n_samples", "sr", "message"),
    [
        (np.nan, 5, RATE, "start must be a number of seconds"),
        (0.0, -5, RATE, "n_samples must be an integer of at least 0"),
        (0.0, 2.5, RATE, "n_samples must be an integer of at least 0"),
        (0.0, 5, 0, "sr must be a number of hertz"),
    ],
)
def test_parameters_out_of_range_are_rejected(start, n_samples, sr, message):
    with pytest.raises(ValueError, match=message):
        read_excerpt(np.zeros(RATE), start, n_samples, sr=sr)
