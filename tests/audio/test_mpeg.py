"""MPEG audio can be entered anywhere, and all of its frames are music."""

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
    """Check the length of a recording and that its folder tells the same; return its samples."""
    heard = read(path)
    assert abs(len(heard) - n_samples) <= tolerance
    assert load_recordings(path.parent).durations == pytest.approx([len(heard) / RATE], abs=0.1)
    return heard


def spans_silently(path, n_samples: int, tolerance: int = 0) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return spans(path, n_samples, tolerance)


@pytest.fixture(scope="module")
def music() -> list[bytes]:
    """The frames of a tone that rises for ten seconds, at a constant bit rate; a table first."""
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
def test_it_may_be_entered_anywhere(music, tmp_path_factory, n_cut):
    """As in any recording of a web radio."""
    path = tmp_path_factory.mktemp("radio") / "radio.mp3"
    path.write_bytes(b"".join(music[1:])[n_cut:])
    starts = np.cumsum([0] + [len(frame) for frame in music[1:-1]])
    spans_silently(path, int(np.sum(starts >= n_cut)) * SAMPLES_PER_FRAME)


def test_what_is_heard_behind_a_cut_is_the_music(music, save):
    whole = read(save(*music[1:]))
    heard = read(save(music[100][50:], *music[101:]))
    begun = 3 * SAMPLES_PER_FRAME  # a frame needs bits of those before it
    np.testing.assert_allclose(heard[begun:], whole[100 * SAMPLES_PER_FRAME + begun :], atol=1e-4)


FRONTS = {
    "a zero": b"\0",
    "zeros": bytes(5000),
    "a false header": b"\xff\xfd\xa4\x04" + bytes(300),
    "a header of layer III alone": b"\xff\xfb\x90\x64" + bytes(50),
    "an answer of a server": b"ICY 200 OK\r\nicy-name: Radio\r\nicy-br: 160\r\n\r\n",
    "the head of a WAV file": b"RIFF\0\0\0\0WAVEfmt \x12\0\0\0\x55\0\1\0\x44\xac\0\0",
    "two tags": id3_tag(5000) + id3_tag(200),
    "a tag and a zero": id3_tag(5000) + b"\0",
    "a tag that ends late": id3_tag(5000, said=30_000),
    "a tag that ends early": id3_tag(5000, said=300),
    "a tag larger than the file": id3_tag(500, said=2**28 - 1),
}


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("front", FRONTS)
def test_whatever_stands_in_front(music, save, front, table):
    expected = read(save(*music[not table :]))
    heard = spans_silently(save(FRONTS[front], *music[not table :]), len(expected))
    np.testing.assert_allclose(heard, expected, atol=1e-6)


def test_much_that_is_no_music_is_warned_of(music, save):
    path = save(PICTURE, *music[1:])
    with pytest.warns(UserWarning, match=r"music.mp3: 200004 bytes .* are not MPEG frames"):
        spans(path, (len(music) - 1) * SAMPLES_PER_FRAME)


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("n_bytes", [3000, 60_000])
def test_music_goes_on_behind_a_hole(music, save, table, n_bytes):
    data = b"".join(music[not table :])
    path = save(data[:60_000], bytes(n_bytes), data[60_000 + n_bytes :])
    lost = (n_bytes / 522 + 2) * SAMPLES_PER_FRAME
    with pytest.warns(UserWarning, match=r"music.mp3: \d+ bytes .* are not MPEG frames"):
        heard = read(path)
    assert len(heard) == pytest.approx(10 * RATE - lost, abs=4 * SAMPLES_PER_FRAME)
    last = np.abs(np.fft.rfft(heard[-RATE // 2 :]))
    assert np.argmax(last) * 2 == pytest.approx(300 + 40 * 9.75, abs=20)  # the end of the tone


BETWEEN = {
    "nothing": b"",
    "a tag with a picture": id3_tag(300_000, content=PICTURE),
    "an old tag": b"TAG" + bytes(125),
    "an APE tag": struct.pack("<8sIIII8x", b"APETAGEX", 2000, 70_032, 1, 0xA000_0000)
    + bytes(70_000)
    + struct.pack("<8sIIII8x", b"APETAGEX", 2000, 70_032, 1, 0x8000_0000),
}


@pytest.mark.parametrize("between", BETWEEN)
def test_files_that_were_joined_are_read_to_the_end(music, save, between):
    frames = music[1:]
    n_samples = 2 * len(frames) * SAMPLES_PER_FRAME
    spans_silently(save(*frames, BETWEEN[between], *frames, BETWEEN[between]), n_samples)
    path = save(*music, BETWEEN[between], *music)  # the table is that of the first
    with pytest.warns(UserWarning, match=r"music.mp3: the header gives 10.0 s but .* 20.1 s"):
        spans(path, n_samples + SAMPLES_PER_FRAME)


@pytest.mark.parametrize("n_frames", [1, 100, 300, 2**31, 2**32 - 1])
def test_a_table_that_counts_wrong(music, save, n_frames):
    table = bytearray(music[0])
    place = table.index(b"Info") + 8
    table[place : place + 4] = n_frames.to_bytes(4, "big")
    with pytest.warns(UserWarning, match=r"music.mp3: the (header gives|file ends)"):
        spans(save(table, *music[1:]), 10 * RATE, 3 * SAMPLES_PER_FRAME)


@pytest.mark.parametrize("n_frames", [1, 2, 5])
def test_of_much_that_a_table_promises_little_is_left(music, save, n_frames):
    with pytest.warns(
        UserWarning, match=r"music.mp3: the file ends \d+.\d s before its header says"
    ):
        spans(save(*music[: n_frames + 1]), 0, n_frames * SAMPLES_PER_FRAME)


def test_the_other_table_of_frames(music, save):
    """That of Fraunhofer's encoder, which libsndfile does not know."""
    n_bytes, n_frames = sum(map(len, music)), len(music) - 1
    table = bytearray(music[1][:4] + bytes(len(music[1]) - 4))
    for said in (n_frames, 2 * n_frames):
        table[36:54] = struct.pack(">4sHHHII", b"VBRI", 1, 0, 75, n_bytes, said)
        path = save(table, *music[1:])
        if said == n_frames:
            spans_silently(path, len(music) * SAMPLES_PER_FRAME)
        else:
            with pytest.warns(UserWarning, match="music.mp3: the file ends 10.0 s before"):
                spans(path, len(music) * SAMPLES_PER_FRAME)


def test_music_of_two_kinds(music, save):
    """Only one sampling rate can be read at a time: that of most of the music."""
    other = encode(np.zeros(3 * 32000), 32000)
    path = save(other, *music[1:])
    with pytest.warns(UserWarning, match=r"music.mp3: 3\.\d s of the file have another sampling"):
        spans(path, (len(music) - 1) * SAMPLES_PER_FRAME)


@pytest.mark.parametrize("n_cut", [1, 200, 383])
def test_layer_2(save, n_cut):
    path = save(layer_2_frames(400)[n_cut:])
    assert len(read(path, sr=48000)) == 399 * SAMPLES_PER_FRAME
    assert load_recordings(path.parent).durations == pytest.approx([399 * 0.024])


@pytest.mark.parametrize("front", ["a zero", "a false header"])
@pytest.mark.parametrize("start", [0, 0.5, 4, 9.9])
def test_excerpts_are_those_of_the_whole(music, save, front, start):
    path = save(FRONTS[front], *music[1:150], bytes(9000), *music[160:])
    whole = read(path, on_damage=lambda message: None)
    excerpt = read_excerpt(path, start, 4410, sr=RATE)
    expected = whole[round(start * RATE) :][:4410]
    np.testing.assert_allclose(excerpt[: len(expected)], expected, atol=1e-4)
    assert not excerpt[len(expected) :].any()


def test_a_few_frames_are_no_recording_of_something_else(music, tmp_path):
    path = tmp_path / "noise.wma"
    path.write_bytes(np.random.default_rng(0).bytes(100_000) + b"".join(music[1:20]))
    assert np.isnan(load_recordings(tmp_path).durations).all()
