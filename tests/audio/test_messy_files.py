"""Any file is either read, or rejected with its name, the cause and advice."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai.audio import RecordingError, read_blocks, read_excerpt


def read(path, sr=22050, **options) -> np.ndarray:
    return np.concatenate(list(read_blocks(path, sr=sr, **options)))


def refuse(path) -> str:
    """Check that a file is rejected, and return the message after the file name."""
    with pytest.raises(RecordingError) as caught:
        read(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    assert ";" in text  # advice follows the cause
    return text.removeprefix(f"{path}: ")


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_intact_files_give_no_warning(noise, write, suffix):
    assert len(read(write(f"noise.{suffix}", noise, 44100))) == 44100


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("n_samples", [1, 2, 300])
def test_very_short_recordings_are_read(write, suffix, n_samples):
    assert len(read(write(f"short.{suffix}", np.full(n_samples, 0.5), 22050))) == n_samples


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_silence_is_read_as_zeros(write, suffix):
    samples = read(write(f"silence.{suffix}", np.zeros((44100, 2)), 22050))
    assert len(samples) == 44100
    assert not samples.any()


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_files_without_samples_are_rejected(write, suffix):
    refuse(write(f"empty.{suffix}", np.zeros(0), 22050))


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("native_rate", [8000, 11025, 96000, 192000])
def test_files_of_any_sampling_rate_are_resampled(write, suffix, native_rate):
    time = np.arange(native_rate) / native_rate
    found = read(write(f"sine.{suffix}", 0.5 * np.sin(2 * np.pi * 440 * time), native_rate))
    assert len(found) == 22050
    assert np.argmax(np.abs(np.fft.rfft(found))) == 440


@pytest.mark.parametrize(
    ("suffix", "n_channels"), [("wav", 8), ("flac", 8), ("ogg", 8), ("wav", 99)]
)
def test_many_channels_are_mixed(write, suffix, n_channels):
    time = np.arange(22050) / 22050
    channels = np.zeros((22050, n_channels))
    channels[:, -1] = np.sin(2 * np.pi * 440 * time)
    assert np.argmax(np.abs(np.fft.rfft(read(write(f"many.{suffix}", channels, 22050))))) == 440


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_every_bit_depth_is_scaled_correctly(tmp_path, subtype, n_channels):
    samples = np.random.default_rng(0).uniform(-1, 1, (4000, n_channels))
    path = tmp_path / "noise.wav"
    soundfile.write(path, samples, 22050, subtype=subtype)
    expected = soundfile.read(path, dtype="float32", always_2d=True)[0].mean(axis=1)
    np.testing.assert_array_equal(read(path), expected)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("suffix", ["wav", "aiff"])
def test_files_with_invalid_samples_are_rejected(tmp_path, suffix, value):
    samples = np.zeros(100000)
    samples[70000] = value
    path = tmp_path / f"odd.{suffix}"
    soundfile.write(path, samples, 22050, subtype="DOUBLE")
    assert "NaN, infinite" in refuse(path)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("wrong", ["wav", "mp3", "ogg", "m4a", "txt", "au", "vox", ""])
def test_files_with_a_wrong_suffix_are_read(noise, write, tmp_path, suffix, wrong):
    right = write(f"noise.{suffix}", noise, 44100)
    path = tmp_path / f"wrong.{wrong}"
    path.write_bytes(right.read_bytes())
    assert len(read(path)) == len(read(right)) == 44100


@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a", "txt", "au", "vox", "snd", "gsm", "raw"])
@pytest.mark.parametrize("content", ["text", "bytes", "zeros"])
def test_files_that_are_not_audio_are_rejected(tmp_path, suffix, content):
    path = tmp_path / f"none.{suffix}"
    path.write_bytes(
        {
            "text": b"la la la\n" * 10000,
            "bytes": np.random.default_rng(0).bytes(100000),
            "zeros": bytes(100000),
        }[content]
    )
    message = refuse(path)
    assert "cannot be decoded as audio" in message
    assert "does not exist" not in message  # libsndfile's message for broken MP3s
    assert "whitelist" not in message  # ffmpeg's message for excluded formats


def test_an_mp3_without_frames_is_rejected(tmp_path):
    path = tmp_path / "broken.mp3"
    path.write_bytes(b"\xff\xfb\x90\x64" + np.random.default_rng(1).bytes(50000))
    assert "no MP3 frames" in refuse(path)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
@pytest.mark.parametrize("kind", [bytes, os.fsdecode])
def test_errors_can_show_file_names_that_are_not_unicode(tmp_path, kind):
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.wav")
    with open(path, "wb") as file:
        file.write(b"la" * 5000)
    with pytest.raises(RecordingError, match=r"caf\\(udc|x)e9\.wav: this cannot") as caught:
        read(kind(path))
    str(caught.value).encode()


@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "mp3", "ogg"])
@pytest.mark.parametrize("share", [0.4, 0.9])
def test_truncated_files_give_one_warning(write, suffix, share):
    time = np.arange(20 * 44100) / 44100
    path = write(f"short.{suffix}", 0.5 * np.sin(2 * np.pi * 440 * time), 44100)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.warns(UserWarning, match=rf"short.{suffix}: the file .*truncated") as caught:
        samples = read(path)
    assert len(caught) == 1
    assert (share - 0.2) * 20 < len(samples) / 22050 < (share + 0.1) * 20


@pytest.mark.parametrize("suffix", ["au", "w64", "rf64"])
def test_truncation_that_libsndfile_hides_gives_a_warning(noise, write, suffix):
    path = write(f"short.{suffix}", np.tile(noise, (10, 1)), 44100)
    path.write_bytes(path.read_bytes()[:882000])
    with pytest.warns(
        UserWarning, match=rf"short.{suffix}: the file ends 15.0 s before its header"
    ):
        assert len(read(path)) == pytest.approx(5 * 22050, abs=22)


@pytest.fixture
def mp3_without_table(write):
    """MP3 file without a table: noise at a high bit rate, then a tone at a low bit rate."""
    noise = 0.3 * np.random.default_rng(0).uniform(-1, 1, 44100)
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(40 * 44100) / 44100)
    path = write("music.mp3", np.concatenate([noise, tone]), 44100)
    whole = path.read_bytes()
    assert whole.count(b"Xing") == 1
    path.write_bytes(whole.replace(b"Xing", bytes(4)))
    assert soundfile.info(path).duration < 20  # libsndfile's estimate from the first bit rate
    return path


@pytest.mark.parametrize("tags", [b"", b"ID3\4\0\0\0\1\x7f\x7f" + 32767 * b"Xing"[:1]])
def test_an_mp3_without_a_table_is_read_to_the_end(mp3_without_table, tags):
    mp3_without_table.write_bytes(tags + mp3_without_table.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        music = read(mp3_without_table, 44100)
    assert len(music) / 44100 == pytest.approx(41, abs=0.1)
    assert np.argmax(np.abs(np.fft.rfft(music[-44100:]))) == 440
    excerpt = read_excerpt(mp3_without_table, 8, 4410, sr=44100)
    np.testing.assert_allclose(excerpt, music[8 * 44100 :][:4410], atol=1e-6)


def test_several_ogg_streams_give_a_warning(noise, write):
    """A recorded broadcast is an example; libsndfile reads only the first stream."""
    path = write("chain.ogg", noise, 44100)
    path.write_bytes(path.read_bytes() + write("other.ogg", noise, 44100).read_bytes())
    with pytest.warns(UserWarning, match="chain.ogg: another stream follows the first"):
        assert len(read(path)) == 44100


def test_headers_without_a_length_give_no_warning(noise, write, tmp_path):
    wav = write("noise.wav", noise, 44100)
    data = bytearray(wav.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"  # as in files that were written to a pipe
    wav.write_bytes(data)
    flac = write("noise.flac", noise, 44100)
    data = bytearray(flac.read_bytes())
    data[21] &= 0xF0  # the 36-bit number of samples in STREAMINFO; zero means unknown
    data[22:26] = bytes(4)
    flac.write_bytes(data)
    for path in (wav, flac):
        assert len(read(path)) == 44100


def test_an_ogg_file_without_its_last_page_gives_a_warning(noise, write):
    path = write("noise.ogg", noise, 44100)
    data = path.read_bytes()
    path.write_bytes(data + 500 * b"tag")  # tags may follow the last page
    assert len(read(path)) == 44100
    for end in (len(data) - 1, data.rindex(b"OggS") + 9, data.rindex(b"OggS")):
        path.write_bytes(data[:end])
        with pytest.warns(UserWarning, match="lacks the last page of an Ogg stream"):
            read(path)


def test_gaps_in_an_ogg_file_give_a_warning(write):
    path = write("gap.ogg", 0.1 * np.random.default_rng(0).standard_normal(10 * 44100), 44100)
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(data[:middle] + data[middle + 3000 :])
    with pytest.warns(UserWarning, match="gap.ogg: the file is damaged") as caught:
        assert 8 < len(read(path)) / 22050 < 10
    assert len(caught) == 1


def test_damage_in_a_flac_file_gives_a_warning(write):
    path = write("damaged.flac", 0.1 * np.random.default_rng(0).standard_normal(441000), 44100)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.warns(UserWarning, match=r"the file is damaged after|the file ends"):
        lengths = {len(read(path, block_size=size)) for size in (997, 65536, 10**6)}
    assert len(lengths) == 1
    assert 4.5 < lengths.pop() / 22050 <= 5.1


@pytest.mark.slow
@pytest.mark.parametrize("field", ["frames", "channels", "rate"])
@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_absurd_headers_do_not_increase_memory_use(noise, write, suffix, field):
    path = write(f"absurd.{suffix}", noise, 44100)
    data = bytearray(path.read_bytes())
    if suffix == "wav":
        where = {"frames": slice(40, 44), "channels": slice(22, 24), "rate": slice(24, 28)}[field]
        data[where] = b"\xff" * (where.stop - where.start - 1) + b"\x03"
    else:
        where = {"frames": 22, "channels": 20, "rate": 18}[field]
        data[where] = 0xFF
    path.write_bytes(data)
    code = f"""
import resource, warnings
warnings.simplefilter("ignore")
from musicai.audio import RecordingError, read_blocks
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    for block in read_blocks({str(path)!r}, sr=22050):
        pass
except RecordingError:
    pass
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024
"""
    pytest.importorskip("resource")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_warning_about_a_damaged_file_states_the_cause(noise, write, monkeypatch):
    path = write("noise.wav", noise, 44100)
    real = soundfile.SoundFile.read
    calls = []

    def fail_at_the_end(self, **options):
        calls.append(real(self, **options))
        if len(calls) == 3:
            raise RuntimeError("out of luck")
        return calls[-1]

    monkeypatch.setattr(soundfile.SoundFile, "read", fail_at_the_end)
    with pytest.warns(UserWarning, match=r"damaged after 2.0 s \(out of luck\)"):
        read(path, block_size=40000)


def test_a_function_for_on_damage_replaces_the_warning(noise, write):
    path = write("noise.wav", noise, 44100)
    path.write_bytes(path.read_bytes()[:100000])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(path, on_damage=lambda message: None)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("healthy")
    noise = 0.1 * np.random.default_rng(0).standard_normal(22050)
    paths = [folder / f"noise.{suffix}" for suffix in ("wav", "flac", "ogg", "mp3")]
    for path in paths:
        soundfile.write(path, noise, 22050)
    return paths


@settings(max_examples=60, deadline=None)
@given(
    which=st.integers(0, 3),
    start=st.floats(0, 1, exclude_max=True),
    damage=st.binary(max_size=40),
    lost=st.integers(0, 5000),
)
def test_any_damaged_file_is_read_or_rejected(healthy, which, start, damage, lost):
    """benchmarks/audio/fuzz.py runs the same test for longer."""
    whole = healthy[which].read_bytes()
    begin = int(start**2 * len(whole))  # more often near the header
    path = healthy[which].with_name(f"damaged{healthy[which].suffix}")
    path.write_bytes(whole[:begin] + damage + whole[begin + lost :])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            assert np.isfinite(read(path)).all()
            message = ""
        except RecordingError as error:
            message = str(error)
    assert not message or message.startswith(f"{path}: ")
    assert len(caught) <= 1
