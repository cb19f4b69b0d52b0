import io
import os
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from musicai.audio import _writing, write_audio


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".WAV"])
@pytest.mark.parametrize("channels", [1, 2])
def test_written_files_can_be_read(noise, tmp_path, suffix, channels):
    samples = noise[:, 0] if channels == 1 else noise
    path = tmp_path / f"noise{suffix}"
    write_audio(path, samples, 44100)
    read, sr = soundfile.read(path)
    assert sr == 44100
    assert read.shape == samples.shape
    if suffix in (".wav", ".flac"):
        np.testing.assert_allclose(read, samples, atol=2**-15)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("size", [4096, 70000])
def test_a_reused_buffer_is_copied(noise, tmp_path, size):
    """`soundfile.blocks(file, out=buffer)` yields the same buffer every time."""
    samples, buffer = noise[:, 0], np.empty(size, np.float32)

    def blocks():
        for start in range(0, len(samples) - size + 1, size):
            buffer[:] = samples[start : start + size]
            yield buffer

    write_audio(tmp_path / "a.wav", blocks(), 44100)
    read, _ = soundfile.read(tmp_path / "a.wav")
    np.testing.assert_allclose(read, samples[: len(read)], atol=2**-15)


def test_long_ogg_files_are_written(tmp_path):
    time = np.arange(60 * 44100) / 44100
    write_audio(tmp_path / "long.ogg", 0.5 * np.sin(2 * np.pi * 220 * time), 44100)
    assert soundfile.info(tmp_path / "long.ogg").frames == len(time)


@pytest.mark.parametrize(
    ("name", "samples", "sr", "cause"),
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
def test_a_failure_keeps_the_existing_file(tmp_path, name, samples, sr, cause):
    path = tmp_path / name
    path.write_bytes(b"before")
    with pytest.raises(ValueError, match=cause) as caught:
        write_audio(path, samples, sr)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interruption_leaves_no_partial_file(noise, tmp_path, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(soundfile.SoundFile, "write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_audio(tmp_path / "noise.wav", noise, 44100)
    assert not list(tmp_path.iterdir())


def test_the_error_names_a_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write_audio(tmp_path / "nowhere" / "noise.wav", np.zeros(9), 44100)


def test_files_get_default_permissions(tmp_path):
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
def test_input_that_would_crash_libsndfile_is_rejected(tmp_path, shape, rate, message):
    with pytest.raises(ValueError, match=message):
        write_audio(tmp_path / "a.ogg", np.zeros(shape), rate)
    assert not list(tmp_path.iterdir())


FORMATS = ["wav", "flac", "ogg", "mp3"]


def in_memory(samples, format: str) -> io.BytesIO:
    file = io.BytesIO()
    write_audio(file, samples, 44100, format=format)
    return file


@pytest.mark.parametrize("format", FORMATS)
def test_file_objects_and_blocks_give_the_same_samples_as_arrays(noise, tmp_path, format):
    found = [
        soundfile.read(io.BytesIO(in_memory(samples, format).getvalue()))[0]
        for samples in (noise, iter(np.array_split(noise, 9)), iter([noise[:1], noise[1:]]))
    ]
    write_audio(tmp_path / f"noise.{format.upper()}", noise, 44100)
    write_audio(str(tmp_path / "noise").encode(), noise, 44100, format=format)
    found += [soundfile.read(path)[0] for path in tmp_path.iterdir()]
    assert len(found) == 5
    for samples in found:
        np.testing.assert_array_equal(samples, found[0])


def test_a_format_is_required_without_a_suffix_and_overrides_a_suffix(noise, tmp_path):
    with pytest.raises(ValueError, match="the BytesIO has no suffix.*pass format='wav'"):
        write_audio(io.BytesIO(), noise, 44100)
    with pytest.raises(ValueError, match="song.wav: format must be one of .* got 'aac'"):
        write_audio(tmp_path / "song.wav", noise, 44100, format="aac")
    write_audio(tmp_path / "song.wav", noise, 44100, format="flac")
    assert soundfile.info(tmp_path / "song.wav").format == "FLAC"


def test_long_audio_is_written_in_constant_memory(tmp_path):
    def blocks():
        for _ in range(300):
            yield np.zeros(40000)

    tracemalloc.start()
    write_audio(tmp_path / "long.flac", blocks(), 22050)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert soundfile.info(tmp_path / "long.flac").frames == 300 * 40000  # 96 MB as float64
    assert peak < 5e6


@pytest.mark.parametrize(
    ("blocks", "cause"),
    [
        ([], "the iterator has no samples"),
        ([np.zeros(0), np.zeros(0)], "the iterator has no samples"),
        ([np.zeros(5), np.zeros((5, 2))], r"\(5, 2\) where .*same channels"),
        ([np.zeros((5, 2)), np.zeros((5, 3))], r"\(5, 3\) where .*same channels"),
        ([np.zeros(5), [np.inf]], "NaN or infinity"),
        ([np.zeros(5), [-1.01]], r"peak at 1\.01 .*level_blocks"),
        ([np.zeros(5), ["la"]], "expected floats"),
        ([0.1, 0.2], "expected floats"),
        ([np.zeros((5, 12))], "looks like chroma"),
    ],
)
def test_invalid_blocks_are_rejected(tmp_path, blocks, cause):
    with pytest.raises(ValueError, match=f"a.wav: .*{cause}"):
        write_audio(tmp_path / "a.wav", iter(blocks), 22050)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, OSError(5, "lost", "disk")])
def test_errors_in_a_generator_of_blocks_are_raised(tmp_path, error):
    def blocks():
        yield np.zeros(99999)
        raise error

    with pytest.raises(error if isinstance(error, type) else OSError) as caught:
        write_audio(tmp_path / "a.ogg", blocks(), 22050)
    assert caught.value is error or isinstance(error, type)
    assert not list(tmp_path.iterdir())


def test_errors_explain_likely_mistakes(noise, tmp_path):
    path = tmp_path / "a.wav"
    with pytest.raises(TypeError, match=r"in this order; got \(ndarray, .*Path, int"):
        write_audio(noise, path, 44100)
    with pytest.raises(TypeError, match="in this order"):
        write_audio(path, 44100, noise)
    with pytest.raises(TypeError, match="a path or a file object"):
        write_audio(None, noise, 44100)
    with pytest.raises(ValueError, match=r"a.wav: .*\(40, 12\).*chroma: .*chroma_to_audio"):
        write_audio(path, np.ones((40, 12)), 44100)
    with pytest.raises(ValueError, match=r"a.wav: .*pass iter\(blocks\)"):
        write_audio(path, [np.zeros(5), np.zeros(7)], 44100)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("format", ["wav", "flac", "mp3"])  # Ogg has random serial numbers
def test_other_systems_write_the_same_bytes_as_posix(noise, tmp_path, monkeypatch, format):
    """On other systems, libsndfile writes through the buffered file object."""
    write_audio(tmp_path / "a", noise, 44100, format=format)
    monkeypatch.setattr(_writing, "os", SimpleNamespace(**{**vars(os), "name": "nt"}))
    write_audio(tmp_path / "b", noise, 44100, format=format)
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("room", ["half", "all but a byte", "none"])
def test_a_full_disk_gives_one_clear_error(noise, tmp_path, format, room):
    """The disk is full at the start, in the middle or at the last byte of the file.

    Without any room, the encoder cannot be opened. The last byte is written only when the encoder
    is closed.
    """
    resource = pytest.importorskip("resource")
    size = len(in_memory(noise, format).getvalue())
    path = tmp_path / f"song.{format}"
    room_bytes = {"half": size // 2, "all but a byte": size - 1, "none": 0}[room]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, limits[1]))
    try:
        with pytest.raises(OSError, match=f"too large.*make room.*song.{format}"):
            write_audio(path, noise, 44100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())
