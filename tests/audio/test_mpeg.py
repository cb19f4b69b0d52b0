"""MPEG audio is read to its last frame, wherever it begins."""

import struct
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicai.audio import read_blocks, read_excerpt
from musicai.datasets import load_recordings

from .mpeg_files import SAMPLES_PER_FRAME, encode, id3_tag, layer_2_frames, split

RATE = 44100
PICTURE = b"\xff\xd8\xff\xe0" + np.random.default_rng(0).bytes(200_000)


def read(path, sr=RATE, **options) -> np.ndarray:
    return np.concatenate(list(read_blocks(path, sr=sr, **options)))


def spans(path, n_samples: int, tolerance: int = 0) -> np.ndarray:
    """Check the length of a recording, as read and from `load_recordings`; return its samples."""
    found = read(path)
    assert abs(len(found) - n_samples) <= tolerance
    assert load_recordings(path.parent).durations == pytest.approx([len(found) / RATE], abs=0.1)
    return found


def spans_silently(path, n_samples: int, tolerance: int = 0) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return spans(path, n_samples, tolerance)


@pytest.fixture(scope="module")
def music() -> list[bytes]:
    """MP3 frames of a ten-second rising tone at a constant bit rate; the first holds a table."""
    time = np.arange(10 * RATE) / RATE
    tone = 0.5 * np.sin(2 * np.pi * (300 * time + 20 * time**2))
    return split(encode(tone, bitrate_mode="CONSTANT", compression_level=0.5))


@pytest.fixture
def save(tmp_path):
    def write(*parts: bytes):
        path = tmp_path / "music.mp3"
        path.write_bytes(b"".join(parts))
        return path

    return write


@settings(max_examples=40, deadline=None)
@given(n_cut=st.integers(0, 100_000))
def test_mpeg_audio_may_begin_within_a_frame(music, tmp_path_factory, n_cut):
    """Recordings of internet radio usually begin in the middle of a frame."""
    path = tmp_path_factory.mktemp("radio") / "radio.mp3"
    path.write_bytes(b"".join(music[1:])[n_cut:])
    starts = np.cumsum([0] + [len(frame) for frame in music[1:-1]])
    spans_silently(path, int(np.sum(starts >= n_cut)) * SAMPLES_PER_FRAME)


def test_audio_after_a_truncated_frame_is_intact(music, save):
    whole = read(save(*music[1:]))
    found = read(save(music[100][50:], *music[101:]))
    begun = 3 * SAMPLES_PER_FRAME  # a frame may need bits of earlier frames
    np.testing.assert_allclose(found[begun:], whole[100 * SAMPLES_PER_FRAME + begun :], atol=1e-4)


FRONTS = {
    "a zero": b"\0",
    "zeros": bytes(5000),
    "a false header": b"\xff\xfd\xa4\x04" + bytes(300),
    "a header of layer III alone": b"\xff\xfb\x90\x64" + bytes(50),
    "an answer of a server": b"ICY 200 OK\r\nicy-name: Radio\r\nicy-br: 160\r\n\r\n",
    "the head of a WAV file": b"RIFF\0\0\0\0WAVEfmt \x12\0\0\0\x55\0\1\0\x44\xac\0\0",
    "two tags": id3_tag(5000) + id3_tag(200),
    "a tag and a zero": id3_tag(5000) + b"\0",
    "a tag that ends late": id3_tag(5000, stated=30_000),
    "a tag that ends early": id3_tag(5000, stated=300),
    "a tag larger than the file": id3_tag(500, stated=2**28 - 1),
}


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("front", FRONTS)
def test_data_before_the_first_frame_is_skipped(music, save, front, table):
    expected = read(save(*music[not table :]))
    found = spans_silently(save(FRONTS[front], *music[not table :]), len(expected))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_skipping_much_data_gives_a_warning(music, save):
    path = save(PICTURE, *music[1:])
    with pytest.warns(UserWarning, match=r"music.mp3: 200004 bytes .* are not MPEG frames"):
        spans(path, (len(music) - 1) * SAMPLES_PER_FRAME)


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("n_bytes", [3000, 60_000])
def test_frames_after_a_gap_are_read(music, save, table, n_bytes):
    data = b"".join(music[not table :])
    path = save(data[:60_000], bytes(n_bytes), data[60_000 + n_bytes :])
    lost = (n_bytes / 522 + 2) * SAMPLES_PER_FRAME
    with pytest.warns(UserWarning, match=r"music.mp3: \d+ bytes .* are not MPEG frames"):
        found = read(path)
    assert len(found) == pytest.approx(10 * RATE - lost, abs=4 * SAMPLES_PER_FRAME)
    last = np.abs(np.fft.rfft(found[-RATE // 2 :]))
    assert np.argmax(last) * 2 == pytest.approx(300 + 40 * 9.75, abs=20)  # pitch at the end


BETWEEN = {
    "nothing": b"",
    "a tag with a picture": id3_tag(300_000, content=PICTURE),
    "an old tag": b"TAG" + bytes(125),
    "an APE tag": struct.pack("<8sIIII8x", b"APETAGEX", 2000, 70_032, 1, 0xA000_0000)
    + bytes(70_000)
    + struct.pack("<8sIIII8x", b"APETAGEX", 2000, 70_032, 1, 0x8000_0000),
}


@pytest.mark.parametrize("between", BETWEEN)
def test_joined_files_are_read_to_the_end(music, save, between):
    frames = music[1:]
    n_samples = 2 * len(frames) * SAMPLES_PER_FRAME
    spans_silently(save(*frames, BETWEEN[between], *frames, BETWEEN[between]), n_samples)
    path = save(*music, BETWEEN[between], *music)  # the table covers only the first file
    with pytest.warns(UserWarning, match=r"music.mp3: the header gives 10.0 s but .* 20.1 s"):
        spans(path, n_samples + SAMPLES_PER_FRAME)


@pytest.mark.parametrize("n_frames", [1, 100, 300, 2**31, 2**32 - 1])
def test_a_wrong_table_gives_a_warning(music, save, n_frames):
    table = bytearray(music[0])
    place = table.index(b"Info") + 8
    table[place : place + 4] = n_frames.to_bytes(4, "big")
    with pytest.warns(UserWarning, match=r"music.mp3: the (header gives|file ends)"):
        spans(save(table, *music[1:]), 10 * RATE, 3 * SAMPLES_PER_FRAME)


@pytest.mark.parametrize("n_frames", [1, 2, 5])
def test_a_file_much_shorter_than_its_table_says_gives_a_warning(music, save, n_frames):
    with pytest.warns(
        UserWarning, match=r"music.mp3: the file ends \d+.\d s before its header says"
    ):
        spans(save(*music[: n_frames + 1]), 0, n_frames * SAMPLES_PER_FRAME)


def test_vbri_tables_are_read(music, save):
    """Fraunhofer's encoder writes VBRI tables, which libsndfile does not recognize."""
    n_bytes, n_frames = sum(map(len, music)), len(music) - 1
    table = bytearray(music[1][:4] + bytes(len(music[1]) - 4))
    for stated in (n_frames, 2 * n_frames):
        table[36:54] = struct.pack(">4sHHHII", b"VBRI", 1, 0, 75, n_bytes, stated)
        path = save(table, *music[1:])
        if stated == n_frames:
            spans_silently(path, len(music) * SAMPLES_PER_FRAME)
        else:
            with pytest.warns(UserWarning, match="music.mp3: the file ends 10.0 s before"):
                spans(path, len(music) * SAMPLES_PER_FRAME)


def test_two_sampling_rates_in_one_file_give_a_warning(music, save):
    """Only frames with the more frequent sampling rate are read."""
    other = encode(np.zeros(3 * 32000), 32000)
    path = save(other, *music[1:])
    with pytest.warns(
        UserWarning, match=r"music.mp3: 3\.\d s of the file have a different sampling"
    ):
        spans(path, (len(music) - 1) * SAMPLES_PER_FRAME)


@pytest.mark.parametrize("n_cut", [1, 200, 383])
def test_mpeg_layer_2_is_read(save, n_cut):
    path = save(layer_2_frames(400)[n_cut:])
    assert len(read(path, sr=48000)) == 399 * SAMPLES_PER_FRAME
    assert load_recordings(path.parent).durations == pytest.approx([399 * 0.024])


@pytest.mark.parametrize("front", ["a zero", "a false header"])
@pytest.mark.parametrize("start", [0, 0.5, 4, 9.9])
def test_excerpts_match_the_whole_recording(music, save, front, start):
    path = save(FRONTS[front], *music[1:150], bytes(9000), *music[160:])
    whole = read(path, on_damage=lambda message: None)
    excerpt = read_excerpt(path, start, 4410, sr=RATE)
    expected = whole[round(start * RATE) :][:4410]
    np.testing.assert_allclose(excerpt[: len(expected)], expected, atol=1e-4)
    assert not excerpt[len(expected) :].any()


def test_a_few_mpeg_frames_in_noise_do_not_make_a_recording(music, tmp_path):
    path = tmp_path / "noise.wma"
    path.write_bytes(np.random.default_rng(0).bytes(100_000) + b"".join(music[1:20]))
    assert np.isnan(load_recordings(tmp_path).durations).all()
