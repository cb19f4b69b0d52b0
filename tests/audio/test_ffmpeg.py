import os
import re
import shutil
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
import soundfile

from musicai import ChromaExtractor
from musicai.audio import RecordingError, read_blocks
from musicai.audio import ffmpeg as programs
from musicai.datasets import load_recordings

ffmpeg = pytest.mark.skipif(programs.find_ffmpeg() is None, reason="needs the ffmpeg program")
POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows has no such names, nor this shell")
MP4 = b"\0\0\0\x20ftypM4A " + bytes(100)


def read(path, sr=44100, **options) -> np.ndarray:
    return np.concatenate(list(read_blocks(path, sr=sr, **options)))


@pytest.fixture(scope="module")
def encoded(tmp_path_factory):
    """Function that encodes ten seconds of stereo noise, once per codec, and returns the path."""
    folder = tmp_path_factory.mktemp("encoded")
    noise = 0.1 * np.random.default_rng(0).standard_normal((441000, 2))
    soundfile.write(folder / "noise.wav", noise.clip(-1, 1), 44100)

    def encode(suffix: str, codec: str, *options: str):
        path = folder / f"{codec}.{suffix}"
        if not path.exists():
            source = ["-i", folder / "noise.wav", "-c:a", codec, *options]
            program = [programs.find_ffmpeg(), "-nostdin", "-v", "error"]
            subprocess.run([*program, *source, path], check=True)
        return path

    return encode


@pytest.fixture
def processes(monkeypatch):
    """List of the ffmpeg processes that have been started."""
    started = []

    class Watched(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            started.append(self)

    monkeypatch.setattr(programs.subprocess, "Popen", Watched)
    return started


@ffmpeg
@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("m4a", "aac"), ("m4a", "alac"), ("wma", "wmav2"), ("mka", "flac"), ("aac", "aac")],
)
def test_ffmpeg_decodes_formats_unknown_to_libsndfile(encoded, processes, suffix, codec):
    path = encoded(suffix, codec)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        samples = read(path)
    assert processes
    assert samples.dtype == np.float32
    assert abs(len(samples) - 441000) < 5000  # codecs pad both ends to whole blocks
    assert 0.05 < samples.std() < 0.1  # the mean of two channels of noise


@ffmpeg
def test_lossless_formats_decode_exactly(encoded):
    wav = encoded("m4a", "alac").with_name("noise.wav")
    for block_size in (997, 65536):
        found = read(encoded("m4a", "alac"), 22050, block_size=block_size)
        np.testing.assert_array_equal(found, read(wav, 22050))


@ffmpeg
@POSIX
@pytest.mark.parametrize("name", [b"caf\xe9.m4a", b"-i.m4a", b"http:x.m4a", b"%03d 'a\n.m4a"])
def test_file_names_are_never_taken_for_options_or_urls(encoded, tmp_path, monkeypatch, name):
    shutil.copy(encoded("m4a", "aac"), os.path.join(os.fsencode(tmp_path), name))
    monkeypatch.chdir(tmp_path)
    assert len(read(name)) == len(read(os.fsdecode(name))) == len(read(encoded("m4a", "aac")))


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{song}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile {song}\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
    "<Period><AdaptationSet><Representation><BaseURL>{song}</BaseURL></Representation>"
    "</AdaptationSet></Period></MPD>",
}


@ffmpeg
@pytest.mark.parametrize("suffix", ["m4a", "m3u8", "wav"])
@pytest.mark.parametrize("kind", PLAYLISTS)
def test_playlists_do_not_open_other_files(encoded, tmp_path, kind, suffix):
    shutil.copy(encoded("m4a", "aac"), tmp_path / "song.m4a")
    path = tmp_path / f"list.{suffix}"
    path.write_text(PLAYLISTS[kind].format(song="song.m4a"))
    with pytest.raises(RecordingError, match=f"list.{suffix}: this cannot be decoded"):
        read(path)


@ffmpeg
@pytest.mark.parametrize(
    ("suffix", "codec"), [("mp4", "aac"), ("aac", "aac"), ("wma", "wmav2"), ("tta", "tta")]
)
@pytest.mark.parametrize("share", [1, 0.6])
def test_durations_match_the_decoded_length(encoded, tmp_path, suffix, codec, share):
    whole = encoded(suffix, codec, *(["-movflags", "+faststart"] if suffix == "mp4" else []))
    path = tmp_path / "a.m4a"
    path.write_bytes(whole.read_bytes()[: int(share * whole.stat().st_size)])
    seconds = len(read(path, on_damage=lambda message: None)) / 44100
    np.testing.assert_allclose(load_recordings(tmp_path).durations, seconds, atol=0.6)


@ffmpeg
def test_the_duration_of_a_video_is_that_of_its_audio(encoded, tmp_path):
    film = ["-f", "lavfi", "-i", "color=size=16x16:duration=30", "-i", encoded("m4a", "aac")]
    command = [programs.find_ffmpeg(), "-nostdin", "-v", "error", *film, tmp_path / "film.mka"]
    subprocess.run(command, check=True)
    np.testing.assert_allclose(load_recordings(tmp_path).durations, 10, atol=0.3)


@ffmpeg
def test_decoding_errors_name_the_file_and_the_cause(tmp_path):
    path = tmp_path / "song.m4a"
    path.write_text("la la la" * 1000)
    with pytest.raises(RecordingError, match=r"\(libsndfile: .*; ffmpeg: \w.*\)") as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).count(str(path)) == 1
    assert "\n" not in str(caught.value)


@ffmpeg
def test_a_video_without_audio_is_rejected(tmp_path):
    path = tmp_path / "film.mp4"
    film = ["-f", "lavfi", "-i", "color=size=16x16:duration=1", path]
    subprocess.run([programs.find_ffmpeg(), "-nostdin", "-v", "error", *film], check=True)
    with pytest.raises(RecordingError, match="film.mp4: .*there is no audio in it"):
        read(path)


@ffmpeg
def test_a_truncated_file_is_read_with_one_warning(encoded, tmp_path):
    whole = encoded("mp4", "aac", "-movflags", "+faststart").read_bytes()  # with the index first
    path = tmp_path / "song.m4a"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.warns(UserWarning, match=r"song.m4a: the file may be truncated") as caught:
        samples = read(path)
    assert len(caught) == 1
    assert 3 < len(samples) / 44100 < 7
    assert len(read(path, on_damage=lambda message: None)) == len(samples)


@ffmpeg
@pytest.mark.parametrize("stop_after", [0, 1])
def test_the_ffmpeg_process_ends_when_reading_stops(encoded, processes, stop_after):
    blocks = read_blocks(encoded("m4a", "aac"), sr=22050, block_size=64)
    for _ in range(1 + stop_after):
        next(blocks)
    blocks.close()
    assert [process.returncode is not None for process in processes] == [True]


@ffmpeg
def test_the_ffmpeg_process_ends_after_reading_and_after_errors(encoded, processes, tmp_path):
    read(encoded("m4a", "aac"))
    (tmp_path / "text.m4a").write_text("la la la" * 1000)
    with pytest.raises(RecordingError):
        read(tmp_path / "text.m4a")
    assert [process.returncode is not None for process in processes] == [True, True]


@ffmpeg
def test_an_unfinished_read_does_not_block_other_threads(encoded):
    path = encoded("m4a", "aac")
    lengths = []
    unfinished = read_blocks(path, sr=44100, block_size=64)
    next(unfinished)
    threads = [
        threading.Thread(target=lambda: lengths.append(len(read(path, 44100)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    unfinished.close()
    assert lengths == 4 * [len(read(path, 44100))]


@POSIX
def test_many_messages_do_not_block_ffmpeg(tmp_path, monkeypatch):
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho the cause >&2\nyes many words | head -n 100000 >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    (tmp_path / "song.m4a").write_text("la")
    with pytest.raises(RecordingError, match="ffmpeg: the cause"):
        read(tmp_path / "song.m4a")


@POSIX
def test_killing_ffmpeg_is_not_reported_as_damage(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.au", np.zeros(500), 22050, subtype="FLOAT")
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    program = tmp_path / "ffmpeg"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    for end in ("kill -9 $$", "exit 255"):
        program.write_text(f"#!/bin/sh\ncat {tmp_path}/a.au\n{end}\n")
        program.chmod(0o700)
        with pytest.raises(RecordingError, match="a.m4a: ffmpeg was stopped .*; read it again"):
            read(tmp_path / "a.m4a")


TERMINAL = """
import os, signal, sys, warnings
from musicai.audio import read_blocks

warnings.simplefilter("error")
received = []
signal.signal(signal.SIGINT, lambda *_: received.append(True))
blocks = read_blocks(sys.argv[1], sr=44100, block_size=1000)
n_samples = len(next(blocks))
os.killpg(0, signal.SIGINT)  # like a terminal
print(n_samples + sum(map(len, blocks)), len(received))
"""


@ffmpeg
@POSIX
def test_ctrl_c_in_a_terminal_does_not_truncate_a_recording(tmp_path):
    """ffmpeg must not receive Ctrl-C, because its end would look like the end of the file."""
    soundfile.write(tmp_path / "a.wav", np.zeros(60 * 44100), 44100)
    path = tmp_path / "a.m4a"
    encode = [programs.find_ffmpeg(), "-v", "error", "-i", tmp_path / "a.wav", "-c:a", "alac", path]
    subprocess.run(encode, check=True)
    command = [sys.executable, "-c", TERMINAL, path]
    ran = subprocess.run(command, capture_output=True, text=True, start_new_session=True)
    assert ran.stdout == f"{60 * 44100} 1\n", ran.stderr


def test_the_error_says_that_ffmpeg_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "song.m4a"
    path.write_bytes(MP4)
    with pytest.raises(
        RecordingError,
        match=r"song.m4a: this cannot be decoded without the ffmpeg program \(.*\); install ffmpeg "
        r"\(apt, brew or winget install ffmpeg\), or convert it to WAV, FLAC, Ogg or MP3",
    ):
        read(path)


def test_ffmpeg_is_not_recommended_for_files_it_cannot_read(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "song.m4a"
    path.write_text("la la la" * 1000)
    with pytest.raises(RecordingError, match=r"song.m4a: this cannot be .*; repair it") as caught:
        read(path)
    assert "install" not in str(caught.value)


BEGINNINGS = {
    "a.m4a": MP4,
    "b.mka": b"\x1a\x45\xdf\xa3\x01" + bytes(100),
    "c.wma": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(100),
    "d.aac": b"ID3\4\0\0\0\0\0\5" + bytes(5) + b"\xff\xf1\x50\x80" + bytes(100),
    "e.ac3": b"\x0b\x77" + bytes(100),
    "f.wav": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x61\1" + bytes(100),
}


@pytest.fixture
def album(tmp_path, monkeypatch):
    """Folder with a recording, six files that need ffmpeg (hidden here), and a file of zeros."""
    monkeypatch.setenv("PATH", str(tmp_path))
    soundfile.write(tmp_path / "g.flac", np.zeros(22050), 22050)
    for name, beginning in BEGINNINGS.items():
        (tmp_path / name).write_bytes(beginning)
    (tmp_path / "noise.mp3").write_bytes(bytes(100))
    return tmp_path


LACK = (
    r"6 of 8 recordings \(.*a.m4a to .*f.wav\) cannot be read without the ffmpeg program; install"
)


def test_loading_a_folder_warns_once_about_missing_ffmpeg(album):
    with pytest.warns(UserWarning, match=LACK) as caught:
        data = load_recordings(album)
    assert len(caught) == 1
    assert "6 of 8 recordings" in data.DESCR
    assert np.isfinite(data.durations).sum() == 1


def test_the_extractor_warns_once_about_missing_ffmpeg(album):
    paths = sorted(album.iterdir())
    with pytest.raises(RecordingError, match=LACK):
        ChromaExtractor().transform(paths)
    with pytest.warns(UserWarning, match="left out") as caught:
        pieces = ChromaExtractor(on_error="warn", n_jobs=2).transform(paths)
    messages = [str(warning.message) for warning in caught]
    assert len(messages) == 2  # the first message is about the file that is not audio
    assert [re.search(f"left out: {LACK}", text) is not None for text in messages] == [False, True]
    assert [len(piece) > 0 for piece in pieces] == [path.name == "g.flac" for path in paths]
    with pytest.raises(RecordingError, match=r"a.m4a: this cannot be decoded without"):
        ChromaExtractor().transform(paths[:1])
