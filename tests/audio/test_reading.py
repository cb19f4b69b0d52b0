import os
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai import ChromaExtractor
from musicai.audio import RecordingError, read_blocks, read_excerpt, write_audio


def read(recording, sr=22050, **options) -> np.ndarray:
    return np.concatenate(list(read_blocks(recording, sr=sr, **options)))


def librosa_load(path, sr) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # audioread imports deprecated modules of Python
        import librosa

        return librosa.load(path, sr=sr)[0]


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("native_rate", [8000, 44100, 48000])
@pytest.mark.parametrize("sr", [22050, 44100])
def test_samples_match_librosa(noise, write, suffix, native_rate, sr):
    path = write(f"noise.{suffix}", noise[:40001], native_rate)
    ours = read(path, sr)
    assert ours.dtype == np.float32
    np.testing.assert_array_equal(ours, librosa_load(path, sr))


@pytest.mark.parametrize("n_channels", [1, 2, 3, 5, 8])
def test_channels_are_averaged(write, n_channels):
    channels = np.random.default_rng(1).uniform(-1, 1, (5000, n_channels)).astype(np.float32)
    path = write("channels.wav", channels, 22050)
    np.testing.assert_allclose(read(path), librosa_load(path, 22050), atol=1e-7)


@pytest.mark.parametrize("sr", [22050, 32000])
@pytest.mark.parametrize("n_channels", [1, 2, 5])
def test_output_can_have_two_channels(write, sr, n_channels):
    channels = np.random.default_rng(1).uniform(-1, 1, (5000, n_channels)).astype(np.float32)
    path = write("channels.wav", channels, 22050)
    found = read(path, sr, channels=2, block_size=700)
    expected = [read(path, sr)] * 2
    if n_channels == 2:
        expected = [read((channel, 22050), sr) for channel in channels.T]
    np.testing.assert_allclose(found, np.stack(expected, axis=1), atol=1e-4)


@pytest.mark.parametrize("native_rate", [22050, 44100, 96000, 11025.5])
def test_samples_do_not_depend_on_block_size(noise, native_rate):
    whole = read((noise, native_rate), block_size=10**7)
    for block_size in (997, 4096, 65536):
        np.testing.assert_array_equal(read((noise, native_rate), block_size=block_size), whole)


@settings(max_examples=50, deadline=None)
@given(n_samples=st.integers(1, 3000), native_rate=st.integers(4000, 192000))
def test_the_length_of_resampled_audio_matches_librosa(n_samples, native_rate):
    resampled = read((np.ones(n_samples, np.float32), native_rate))
    assert len(resampled) == int(np.ceil(n_samples * (22050.0 / native_rate)))


@pytest.mark.parametrize("kind", [str, os.fsencode, lambda path: path])
def test_every_kind_of_path_is_accepted(noise, write, kind):
    path = write("noise.wav", noise, 22050)
    assert len(read(kind(path))) == len(noise)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
def test_files_with_non_unicode_names_are_read(noise, write, tmp_path):
    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9.wav")
    os.rename(write("noise.wav", noise, 22050), name)
    assert len(read(name)) == len(read(os.fsdecode(name))) == len(noise)


def test_arrays_are_assumed_to_have_the_requested_sampling_rate(noise):
    mono = noise[:, 0]
    np.testing.assert_array_equal(read(mono), mono)
    np.testing.assert_array_equal(read((mono, 22050)), mono)
    np.testing.assert_array_equal(read(mono.astype(np.float64)), mono)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32"])
def test_all_pcm_integers_have_the_same_scale(dtype):
    info = np.iinfo(dtype)
    samples = np.array([info.min, 0, info.max], dtype=dtype)
    np.testing.assert_allclose(read(samples), [-1, 0, 1], atol=0.01)
    assert read(samples)[0] == -1


def test_eight_bit_samples_are_centered():
    np.testing.assert_array_equal(read(np.array([0, 128], dtype=np.uint8)), [-1, 0])


def test_the_input_is_not_modified(noise):
    before = noise.copy()
    read((noise, 44100))
    np.testing.assert_array_equal(noise, before)


@pytest.fixture
def broken_file(request, tmp_path):
    path = tmp_path / "song.wav"
    if request.param == "folder":
        path.mkdir()
    elif request.param == "empty":
        path.touch()
    elif request.param == "text":
        path.write_text("la la la" * 1000)
    elif request.param == "header only":
        import soundfile

        soundfile.SoundFile(path, "w", 22050, 1).close()
    return path


@pytest.mark.parametrize(
    ("broken_file", "cause"),
    [
        ("missing", "no such file"),
        ("folder", "folder"),
        ("empty", "empty"),
        ("text", "cannot be decoded"),
        ("header only", "no samples"),
    ],
    indirect=["broken_file"],
)
def test_the_error_names_the_file_and_the_cause(broken_file, cause):
    with pytest.raises(RecordingError, match=cause) as caught:
        read(broken_file)
    assert str(caught.value).startswith(str(broken_file))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_file_truncated_to_its_header_is_rejected(noise, write, suffix):
    path = write(f"noise.{suffix}", noise, 44100)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(RecordingError, match="noise"):
        read(path)


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3"])
def test_a_truncated_file_is_read_with_one_warning(noise, write, suffix):
    path = write(f"noise.{suffix}", noise, 44100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.warns(UserWarning, match=f"noise.{suffix}: the file ends") as caught:
        samples = read(path)
    assert len(caught) == 1
    assert 0.2 < len(samples) / 22050 < 0.8
    assert len(read(path, on_damage=lambda message: None)) == len(samples)


@pytest.mark.parametrize(
    ("recording", "cause"),
    [
        (np.zeros(0), "no samples"),
        (np.array([0.0, np.nan]), "NaN"),
        (np.array([0.0, np.inf]), "infinite"),
        (np.array([0.0, 1e300]), "infinite"),
        ((np.array([np.nan, 0.0]), 44100), "NaN"),
        (np.array(["a", "b"]), "samples are <U1"),
        (np.array([1, 2]), "samples are int64"),
        (np.array([1j, 2]), "samples are complex128"),
        (np.zeros((100, 2)), r"shape \(100, 2\)"),
        ((np.zeros((2, 100)), 44100), r"samples\.T"),
        ((np.zeros((2, 2, 2)), 44100), "shape"),
        ((np.zeros(5), 0), "sampling rate"),
        ((np.zeros(5), "fast"), "sampling rate"),
        ((np.zeros(5), float("nan")), "sampling rate"),
        ((np.zeros(5), 22050, 1), "tuple of 3"),
        ((44100, np.zeros(500)), r"\(int, ndarray\) .* did you mean \(samples, sr\)\?$"),
        (
            (np.int64(44100), np.zeros((9, 2))),
            r"\(int64, ndarray\) .* did you mean \(samples, sr\)",
        ),
        ((44100, [0.0, 0.1]), r"\(int, list\) was given; did you mean \(samples, sr\)"),
        ((44100.0, np.zeros(9, np.int16)), r"\(float, ndarray\) was given; did you mean"),
        ((np.zeros(9), np.zeros(9)), r"\(ndarray, ndarray\) .* the sampling rate .* a number"),
        ((np.zeros(9), [44100] * 1000), r"\(ndarray, list\) .* the sampling rate .* a number"),
        (None, "NoneType"),
        ([0.0, 0.1], "list"),
    ],
)
def test_the_error_names_the_samples_and_the_cause(recording, cause):
    with pytest.raises(RecordingError, match=f"recording 3: .*{cause}"):
        read(recording, name="recording 3")


@pytest.mark.parametrize("pair", [(44100, np.ones(9)), (np.ones(9), 44100), (8000.0, [0.1, 0.2])])
@pytest.mark.parametrize("kind", [tuple, list])
def test_a_single_pair_is_not_a_list_of_recordings(pair, kind):
    types = ", ".join(type(value).__name__ for value in pair)
    message = rf"X is one recording, a pair \({types}\); .*: pass \[\(samples, sr\)\]"
    with pytest.raises(TypeError, match=message):
        ChromaExtractor().transform(kind(pair))


@pytest.mark.parametrize("page", [np.ones(5000), np.ones((50, 2)), [0.1] * 5000, (0.1,) * 5000])
def test_messages_do_not_print_long_arrays(page, tmp_path):
    for use in (
        lambda: next(read_blocks(np.ones(9), sr=page)),
        lambda: read_excerpt(np.ones(9), page, 1, sr=22050),
        lambda: write_audio(tmp_path / "a.wav", np.ones(9), page),
        lambda: next(read_blocks((44100, page), sr=22050)),
        lambda: next(read_blocks((np.ones(9), page), sr=22050)),
        lambda: ChromaExtractor(sr=page).fit(["a.wav"]),
        lambda: ChromaExtractor().transform((44100, page)),
    ):
        with pytest.raises((TypeError, ValueError)) as caught:
            use()
        assert len(str(caught.value)) < 200
        assert "\n" not in str(caught.value)


def test_nan_in_a_file_is_rejected(write):
    samples = np.zeros(100, np.float32)
    samples[50] = np.nan
    import soundfile

    path = write("nan.wav", samples, 22050)
    soundfile.write(path, samples, 22050, subtype="FLOAT")
    with pytest.raises(RecordingError, match=r"nan\.wav: .*NaN"):
        read(path)


def test_recording_errors_can_be_pickled():
    error = pickle.loads(pickle.dumps(RecordingError("song.wav: the file is empty")))
    assert isinstance(error, ValueError)
    assert str(error) == "song.wav: the file is empty"


def test_audio_and_chroma_do_not_import_torch_or_later_stages():
    code = (
        "import sys, musicai.audio; names = set(sys.modules);"
        "assert not names & {'torch', 'sklearn', 'librosa', 'musicai.chroma'};"
        "import musicai.chroma; names = set(sys.modules);"
        "assert not names & {'torch', 'numba', 'musicai.composer'}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("rate", [1e-300, 1.0, 1e300, True])
def test_implausible_sampling_rates_are_rejected(rate):
    with pytest.raises(RecordingError, match="sampling rate"):
        list(read_blocks((np.zeros(3000, np.float32), rate), sr=22050))


@pytest.mark.parametrize("sr", [float("inf"), float("nan"), 1e12, 0, -44100, "fast", None])
def test_invalid_sampling_rates_are_rejected(sr):
    with pytest.raises(ValueError, match="sr must be a number of hertz"):
        next(read_blocks(np.zeros(100), sr=sr))


@pytest.mark.parametrize("channels", [0, 3, 1.5, None])
def test_invalid_channels_are_rejected(channels):
    with pytest.raises(ValueError, match="channels must be 1 or 2"):
        next(read_blocks(np.zeros(100), sr=22050, channels=channels))


@pytest.mark.parametrize("block_size", [0, -1, 2.5, "all", None])
def test_invalid_block_sizes_are_rejected(block_size):
    with pytest.raises(ValueError, match="block_size must be an integer of at least 1"):
        next(read_blocks(np.zeros(100), sr=22050, block_size=block_size))
