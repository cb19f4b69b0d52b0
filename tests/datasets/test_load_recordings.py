import os
import sys

import numpy as np
import pytest
import soundfile

from musicai.datasets import get_data_home, load_recordings


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(data, folder):
    return [path.relative_to(folder).as_posix() for path in data.recordings]


def test_subfolders_are_styles(tmp_path):
    touch(tmp_path, "folk/b.ogg", "folk/live/a.MP3", "blues/c.wav", "blues/d.m4a", "blues/x.jpg")
    data = load_recordings(tmp_path)
    assert found(data, tmp_path) == ["blues/c.wav", "blues/d.m4a", "folk/b.ogg", "folk/live/a.MP3"]
    assert data.target == ["blues", "blues", "folk", "folk"]
    assert data.target_names == ["blues", "folk"]
    assert "4 recordings, in the styles blues, folk." in data.DESCR


def test_a_flat_folder_has_no_styles(tmp_path):
    touch(tmp_path, "2.flac", "1.wav", "notes/read me.txt")
    data = load_recordings(str(tmp_path))
    assert found(data, tmp_path) == ["1.wav", "2.flac"]
    assert data.titles == ["1", "2"]
    assert data.target is None
    assert data.target_names == []


def test_a_recording_beside_the_subfolders_has_the_style_of_the_folder(tmp_path):
    touch(tmp_path / "mine", "loose.wav", "folk/a.wav")
    assert load_recordings(tmp_path / "mine").target == ["folk", "mine"]


def test_passes_by_what_no_one_meant(tmp_path):
    touch(tmp_path, "a.wav", "._a.wav", ".trash/b.wav", "__MACOSX/a.wav", "folder.wav/c.txt")
    assert found(load_recordings(tmp_path), tmp_path) == ["a.wav"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_names_that_are_not_text(tmp_path):
    touch(tmp_path, "folk/a.wav")
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    with open(folder + b"/\xff.wav", "wb"):
        pass
    data = load_recordings(tmp_path)
    assert data.target == [r"caf\udce9", "folk"]
    assert data.titles == [r"\udcff", "a"]
    assert all(path.exists() for path in data.recordings)
    (data.DESCR + "".join(data.target)).encode()


def test_lengths_are_read_from_headers(tmp_path):
    touch(tmp_path, "folk/broken.mp3", "blues/z.m4a")
    (tmp_path / "blues" / "noise.wav").write_bytes(bytes(range(256)))
    seconds = {"folk/a.flac": 3.5, "folk/b.ogg": 7, "blues/c.wav": 3600}
    for name, length in seconds.items():
        soundfile.write(tmp_path / name, np.zeros(round(1000 * length), np.float32), 1000)
    data = load_recordings(tmp_path)
    lengths = dict(zip(found(data, tmp_path), data.durations, strict=True))
    for name, length in lengths.items():
        np.testing.assert_allclose(length, seconds.get(name, np.nan), atol=0.05)
    assert "1:00:10 in all (hours:minutes:seconds): blues 1:00:00, folk 0:00:10." in data.DESCR
    assert "shortest is a.flac, 0:00:04; the longest is c.wav, 1:00:00." in data.DESCR
    assert "Of 3 the length could not be read." in data.DESCR


def test_a_folder_of_damage_is_still_a_folder_of_recordings(tmp_path):
    touch(tmp_path, "a.mp3", "b.wma")
    data = load_recordings(tmp_path)
    assert np.isnan(data.durations).all()
    assert "Their lengths could not be read." in data.DESCR


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("nowhere", FileNotFoundError, r"no folder '.*nowhere': expected a folder of recordings"),
        ("a.txt", NotADirectoryError, r"'.*a.txt' is a file: expected the folder that holds"),
        ("empty", FileNotFoundError, r"no audio in '.*empty': expected files that end in .*\.mp3"),
    ],
)
def test_errors_name_the_folder(tmp_path, name, error, message):
    touch(tmp_path, "a.txt", "empty/cover.jpg")
    with pytest.raises(error, match=message):
        load_recordings(tmp_path / name)


def test_data_home_is_the_argument_or_the_environment_or_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MUSICAI_DATA", str(tmp_path / "environment"))
    assert get_data_home(tmp_path / "argument") == tmp_path / "argument"
    assert get_data_home() == tmp_path / "environment"
    monkeypatch.delenv("MUSICAI_DATA")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert get_data_home() == tmp_path / ".cache" / "musicai"
    assert get_data_home().is_dir()


def test_a_data_home_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match=r"the data home '.*file' is a file"):
        get_data_home(tmp_path / "file")
    with pytest.raises(ValueError, match="folder must be the path of a folder or None, got ''"):
        get_data_home("")
