"""Laws of lengths, sampling rates and numbers of channels read from headers."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from musicai.audio.headers import read_durations, read_header
from musicai.audio.recordings import count_channels


def write(path, seconds, rate=8000):
    with open(path, "wb") as file:
        soundfile.write(file, np.zeros(round(rate * seconds), np.float32), rate, format="FLAC")
    return path


@pytest.mark.parametrize("kind", [str, os.fsencode, lambda path: path])
def test_any_kind_of_path_is_accepted(tmp_path, kind):
    paths = [kind(write(tmp_path / f"{i}.flac", i, rate=1000 * i)) for i in (2, 3)]
    np.testing.assert_allclose(read_durations(paths), [2, 3])
    assert [read_header(path).sr for path in paths] == [2000, 3000]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_headers_of_files_with_non_unicode_names_are_read(tmp_path):
    path = write(os.path.join(os.fsencode(tmp_path), b"caf\xe9.flac"), 2)
    np.testing.assert_allclose(read_durations([path]), [2])
    assert read_header(path).sr == 8000


@pytest.mark.parametrize("n_channels", [1, 2, 5])
def test_channels_are_counted(tmp_path, n_channels):
    samples = np.zeros((800, n_channels), np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 8000)
    for recording in (tmp_path / "a.wav", (samples, 8000)):
        assert count_channels(recording) == n_channels
    for recording in (samples[:, 0], tmp_path / "gone.wav", samples[:0, 0]):
        assert count_channels(recording) == 1


def test_files_that_are_not_recordings_have_no_header(tmp_path):
    for name in ("noise.wav", "bare.raw"):
        (tmp_path / name).write_bytes(bytes(range(256)))
    (tmp_path / "empty.mp3").touch()
    paths = [tmp_path / name for name in ("noise.wav", "bare.raw", "empty.mp3", "gone.ogg", "")]
    assert np.isnan(read_durations(paths)).all()
    assert [read_header(path) for path in paths] == [None] * 5


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no mkfifo")
def test_pipes_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "a.wav")
    assert np.isnan(read_durations([tmp_path / "a.wav"])).all()
    assert read_header(tmp_path / "a.wav") is None


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_ffmpeg_reads_lengths_and_channels_of_formats_unknown_to_libsndfile(tmp_path):
    write(tmp_path / "a.flac", 2)
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "near").symlink_to(tmp_path / "far" / "deep")
    # Because `near` is a link, this path is in the folder `far` rather than in `tmp_path`.
    path = tmp_path / "near" / ".." / "caf\xe9 a:b.m4a"
    command = ["ffmpeg", "-v", "error", "-i", tmp_path / "a.flac", path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    np.testing.assert_allclose(read_durations([path]), [2], atol=0.1)
    assert read_header(path) is None
    command[4:5] = ["a.flac", "-ac", "2"]
    subprocess.run([*command[:-1], "b.m4a"], check=True, stdin=subprocess.DEVNULL, cwd=tmp_path)
    assert [count_channels(each) for each in (path, tmp_path / "b.m4a")] == [1, 2]
