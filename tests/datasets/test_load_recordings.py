import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from musicai import ChromaExtractor
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


def test_recordings_outside_subfolders_have_the_name_of_the_folder_as_style(tmp_path):
    touch(tmp_path / "mine", "loose.wav", "folk/a.wav")
    assert load_recordings(tmp_path / "mine").target == ["folk", "mine"]


def test_hidden_files_are_skipped(tmp_path):
    touch(tmp_path, "a.wav", "._a.wav", ".trash/b.wav", "__MACOSX/a.wav", "folder.wav/c.txt")
    assert found(load_recordings(tmp_path), tmp_path) == ["a.wav"]


def test_a_folder_may_be_excluded(tmp_path):
    touch(tmp_path, "a.wav", "out/b.wav", "out/deep/c.wav", "folk/out/d.wav")
    (tmp_path / "link").symlink_to(tmp_path / "out")
    data = load_recordings(tmp_path, exclude=tmp_path / "out")
    assert found(data, tmp_path) == ["a.wav", "folk/out/d.wav"]
    assert "2 excluded" in data.DESCR
    assert len(load_recordings(tmp_path, exclude=tmp_path / "nowhere").recordings) == 4
    with pytest.raises(FileNotFoundError, match="1 excluded"):
        load_recordings(tmp_path / "out", exclude=tmp_path / "out")


SUFFIXES = {
    "3gp": ("3gp", "aac"),
    "EC3": ("eac3", "eac3"),
    "m4b": ("ipod", "aac"),
    "mkv": ("matroska", "ac3"),
    "mov": ("mov", "aac"),
    "mp2": ("mp2", "mp2"),
    "mp4": ("mp4", "aac"),
    "ogv": ("ogg", "libvorbis"),
    "spx": ("ogg", "libspeex"),
    "WebM": ("webm", "libvorbis"),
}
"""Format and codec by suffix, in ffmpeg's names."""


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_that_need_ffmpeg_are_found(tmp_path, suffix):
    touch(tmp_path, f"a.{suffix}")
    assert found(load_recordings(tmp_path), tmp_path) == [f"a.{suffix}"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_extractor_reads_files_that_need_ffmpeg(tmp_path, suffix):
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("needs the ffmpeg program")
    container, codec = SUFFIXES[suffix]
    path = tmp_path / f"a.{suffix}"
    source = ["-v", "error", "-f", "lavfi", "-i", "sine=440:duration=1", "-c:a", codec]
    if subprocess.run([program, *source, "-f", container, path], capture_output=True).returncode:
        pytest.skip(f"this ffmpeg does not encode {codec}")
    (piece,) = ChromaExtractor().transform(load_recordings(tmp_path).recordings)
    assert piece[5].argmax() == 9


@pytest.mark.parametrize(
    "suffix", ["mp1", "tak", "dsf", "M4V", "f4a", "asf", "wmv", "qt", "weba", "mpga", "ogx"]
)
def test_files_in_rare_formats_are_found(tmp_path, suffix):
    touch(tmp_path, f"a.{suffix}")
    assert found(load_recordings(tmp_path), tmp_path) == [f"a.{suffix}"]


def test_incomplete_downloads_are_skipped_and_counted(tmp_path):
    touch(tmp_path, "a.webm", "b.webm.part", "c.mp3.crdownload", "d.flv", "d.ytdl")
    data = load_recordings(tmp_path)
    assert found(data, tmp_path) == ["a.webm"]
    assert all(f"1 {kind}" in data.DESCR for kind in (".part", ".crdownload", ".flv", ".ytdl"))


def test_skipped_files_are_counted(tmp_path):
    touch(tmp_path, "cd/a.wav", "cd/a.cue", "cd/list.m3u8", "cd/cover.jpg", "back.JPG", "README")
    touch(tmp_path, ".DS_Store", "cd/._a.wav", "__MACOSX/cd/._a.wav", ".git/config")
    text = load_recordings(tmp_path).DESCR
    assert "Skipped: 4 hidden, 2 .jpg, 1 without a suffix, 1 .cue, 1 .m3u8." in text
    touch(tmp_path / "clean", "a.wav")
    assert "Skipped" not in load_recordings(tmp_path / "clean").DESCR


def test_the_error_for_a_folder_without_audio_counts_its_other_files(tmp_path):
    touch(tmp_path, "a.sib", "b.sib", "._c.wav")
    with pytest.raises(
        FileNotFoundError, match=r"in it or its subfolders; it contains 2 \.sib, 1 hid"
    ):
        load_recordings(tmp_path)


needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")


@needs_links
def test_links_to_folders_are_followed(tmp_path):
    touch(tmp_path, "elsewhere/reel.wav", "elsewhere/live/jig.ogg", "music/blues/slow.wav")
    (tmp_path / "music" / "folk").symlink_to(tmp_path / "elsewhere")
    data = load_recordings(tmp_path / "music")
    assert found(data, tmp_path / "music") == [
        "blues/slow.wav",
        "folk/live/jig.ogg",
        "folk/reel.wav",
    ]
    assert data.target == ["blues", "folk", "folk"]


@needs_links
def test_the_search_ends_despite_loops_of_links(tmp_path):
    touch(tmp_path, "folk/a.wav", "blues/b.wav")
    (tmp_path / "folk" / "up").symlink_to(tmp_path)
    (tmp_path / "folk" / "next").symlink_to(tmp_path / "blues")
    (tmp_path / "blues" / "next").symlink_to(tmp_path / "folk")
    data = load_recordings(tmp_path)
    assert found(data, tmp_path) == ["blues/b.wav", "folk/a.wav"]
    assert "Skipped: 3 links to folders already searched." in data.DESCR


@needs_links
def test_linked_folders_are_searched_once(tmp_path):
    touch(tmp_path, "music/a.wav", "outside/b.wav")
    (tmp_path / "music" / "one").symlink_to(tmp_path / "outside")
    (tmp_path / "music" / "two").symlink_to(tmp_path / "outside")
    (tmp_path / "outside" / "back").symlink_to(tmp_path / "music")
    (tmp_path / "outside" / "self").symlink_to(tmp_path / "outside")
    assert found(load_recordings(tmp_path / "music"), tmp_path / "music") == ["a.wav", "one/b.wav"]


@needs_links
def test_links_to_parent_folders_are_not_followed(tmp_path):
    touch(tmp_path, "private/call.wav", "music/folk/a.wav", "elsewhere/b.wav")
    (tmp_path / "music" / "home").symlink_to(tmp_path)
    (tmp_path / "music" / "jazz").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "up").symlink_to("..")
    data = load_recordings(tmp_path / "music")
    assert found(data, tmp_path / "music") == ["folk/a.wav", "jazz/b.wav"]
    assert "Skipped: 2 links to folders already searched." in data.DESCR


@needs_links
def test_overlapping_links_give_no_duplicates(tmp_path):
    touch(tmp_path, "outside/a.wav", "outside/live/b.wav", "music/c.wav")
    (tmp_path / "music" / "1").symlink_to(tmp_path / "outside" / "live")
    (tmp_path / "music" / "2").symlink_to(tmp_path / "outside")
    data = load_recordings(tmp_path / "music")
    assert found(data, tmp_path / "music") == ["1/b.wav", "2/a.wav", "c.wav"]


@needs_links
def test_broken_links_to_recordings_are_skipped(tmp_path):
    touch(tmp_path, "a.wav")
    (tmp_path / "b.mp3").symlink_to(tmp_path / "gone.mp3")
    (tmp_path / "c.wav").symlink_to(tmp_path / "c.wav")
    data = load_recordings(tmp_path)
    assert found(data, tmp_path) == ["a.wav"]
    assert "Skipped: 2 broken links." in data.DESCR


@needs_links
def test_broken_links_to_folders_are_counted(tmp_path):
    touch(tmp_path, "a.wav")
    (tmp_path / "folk").symlink_to(tmp_path / "unmounted")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert "Skipped: 2 broken links." in load_recordings(tmp_path).DESCR


@needs_links
def test_a_link_to_itself_is_rejected(tmp_path):
    (tmp_path / "itself").symlink_to("itself")
    with pytest.raises(FileNotFoundError, match=r"folder '.*itself'"):
        load_recordings(tmp_path / "itself")


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="here every folder can be opened"
)
def test_folders_that_cannot_be_opened_are_counted(tmp_path):
    touch(tmp_path, "music.wav", "locked/music.wav")
    (tmp_path / "locked").chmod(0)
    try:
        text = load_recordings(tmp_path).DESCR
    finally:
        (tmp_path / "locked").chmod(0o700)
    assert "Skipped: 1 folders that cannot be opened." in text


@needs_links
def test_links_to_recordings_are_found(tmp_path):
    touch(tmp_path, "store/1234.flac", "music/b.wav")
    (tmp_path / "music" / "a.flac").symlink_to(tmp_path / "store" / "1234.flac")
    assert found(load_recordings(tmp_path / "music"), tmp_path / "music") == ["a.flac", "b.wav"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_file_names_that_are_not_unicode_are_made_printable(tmp_path):
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


def test_durations_are_read_from_headers(tmp_path):
    touch(tmp_path, "folk/broken.mp3", "blues/z.m4a")
    (tmp_path / "blues" / "noise.wav").write_bytes(bytes(range(256)))
    seconds = {"folk/a.flac": 3.5, "folk/b.ogg": 7, "blues/c.wav": 3600}
    for name, length in seconds.items():
        soundfile.write(tmp_path / name, np.zeros(round(1000 * length), np.float32), 1000)
    data = load_recordings(tmp_path)
    lengths = dict(zip(found(data, tmp_path), data.durations, strict=True))
    for name, length in lengths.items():
        np.testing.assert_allclose(length, seconds.get(name, np.nan), atol=0.05)
    assert "1:00:10 in total (hours:minutes:seconds): blues 1:00:00, folk 0:00:10." in data.DESCR
    assert "shortest is a.flac, 0:00:04; the longest is c.wav, 1:00:00." in data.DESCR
    assert "The length of 3 could not be read." in data.DESCR


def test_a_folder_of_damaged_files_can_be_loaded(tmp_path):
    touch(tmp_path, "a.mp3", "b.wma")
    data = load_recordings(tmp_path)
    assert np.isnan(data.durations).all()
    assert "Their lengths could not be read." in data.DESCR


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("nowhere", FileNotFoundError, r"no folder '.*nowhere': expected a folder of recordings"),
        ("a.txt", NotADirectoryError, r"'.*a.txt' is a file: expected the folder that contains"),
        ("empty", FileNotFoundError, r"no audio in '.*empty': expected files that end in .*\.mp3"),
    ],
)
def test_errors_name_the_folder_or_file(tmp_path, name, error, message):
    touch(tmp_path, "a.txt", "empty/cover.jpg")
    with pytest.raises(error, match=message):
        load_recordings(tmp_path / name)


def test_the_folder_argument_overrides_the_environment_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("MUSICAI_DATA", str(tmp_path / "environment"))
    assert get_data_home(tmp_path / "argument") == tmp_path / "argument"
    assert get_data_home() == tmp_path / "environment"
    monkeypatch.delenv("MUSICAI_DATA")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert get_data_home() == tmp_path / ".cache" / "musicai"
    assert get_data_home().is_dir()


def test_an_invalid_data_home_is_rejected(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match=r"the data home '.*file' is a file"):
        get_data_home(tmp_path / "file")
    with pytest.raises(ValueError, match="folder must be the path of a folder or None, got ''"):
        get_data_home("")
