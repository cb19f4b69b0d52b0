import numpy as np
import pytest
import soundfile

from musicai.audio import write_audio


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".WAV"])
@pytest.mark.parametrize("channels", [1, 2])
def test_what_is_written_can_be_read(noise, tmp_path, suffix, channels):
    samples = noise[:, 0] if channels == 1 else noise
    path = tmp_path / f"noise{suffix}"
    write_audio(path, samples, 44100)
    read, sampling_rate = soundfile.read(path)
    assert sampling_rate == 44100
    assert read.shape == samples.shape
    if suffix in (".wav", ".flac"):
        np.testing.assert_allclose(read, samples, atol=2**-15)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_long_ogg(tmp_path):
    time = np.arange(60 * 44100) / 44100
    write_audio(tmp_path / "long.ogg", 0.5 * np.sin(2 * np.pi * 220 * time), 44100)
    assert soundfile.info(tmp_path / "long.ogg").frames == len(time)


@pytest.mark.parametrize(
    ("name", "samples", "sampling_rate", "cause"),
    [
        ("song.aac", np.zeros(9), 22050, r"\.aac"),
        ("song", np.zeros(9), 22050, "suffix"),
        ("song.wav", np.array([0, np.nan]), 22050, "NaN"),
        ("song.wav", np.array([0, -np.inf]), 22050, "NaN or infinity"),
        ("song.wav", np.array([0, -1.5]), 22050, "peak at 1.5"),
        ("song.wav", np.zeros(0), 22050, "shape"),
        ("song.wav", np.zeros((1, 2, 3)), 22050, "shape"),
        ("song.wav", np.zeros((2, 9)), 22050, r"samples\.T"),
        ("song.wav", np.array(["a"]), 22050, "type"),
        ("song.wav", np.array([1, -2], dtype=np.int16), 22050, "type int16"),
        ("song.mp3", np.zeros(9), 12345, "12345"),
        ("song.wav", np.zeros(9), "fast", "fast"),
    ],
)
def test_failure_leaves_things_as_they_were(tmp_path, name, samples, sampling_rate, cause):
    path = tmp_path / name
    path.write_bytes(b"before")
    with pytest.raises(ValueError, match=cause) as caught:
        write_audio(path, samples, sampling_rate)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_interruption_leaves_nothing_behind(noise, tmp_path, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(soundfile.SoundFile, "write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_audio(tmp_path / "noise.wav", noise, 44100)
    assert not list(tmp_path.iterdir())


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write_audio(tmp_path / "nowhere" / "noise.wav", np.zeros(9), 44100)


def test_permissions_are_those_of_a_new_file(tmp_path):
    (tmp_path / "plain").touch()
    write_audio(tmp_path / "noise.wav", np.zeros(9), 44100)
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


@pytest.mark.parametrize(
    ("shape", "rate", "message"),
    [
        ((999, 256), 22050, "256 channels; at most 8"),
        ((99,), 250000, "from 1 to 192000, got 250000"),
        ((99,), True, "got True"),
    ],
)
def test_what_would_crash_libsndfile_is_refused(tmp_path, shape, rate, message):
    with pytest.raises(ValueError, match=message):
        write_audio(tmp_path / "a.ogg", np.zeros(shape), rate)
    assert not list(tmp_path.iterdir())
