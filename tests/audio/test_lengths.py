"""The length of a recording is that of its samples, even if its header is wrong."""

import io
import struct
import warnings

import numpy as np
import pytest
import soundfile

from musicai.audio import RecordingError, read_blocks, read_excerpt
from musicai.datasets import load_recordings

RATE = 8000
SECONDS = 20
W64_NAME = bytes.fromhex("f3acd3118cd100c04f8edb8a")
NOISE = np.random.default_rng(0).bytes(6 * 2 * RATE)


def read(path, **options) -> np.ndarray:
    return np.concatenate(list(read_blocks(path, sr=RATE, **options)))


def check(path, expected, *, warning: str | None) -> None:
    """Check a recording's samples, its duration, an excerpt at its end, and its warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = read(path)
    messages = [str(each.message).removeprefix(f"{path}: ") for each in caught]
    assert [warning in each for each in messages] == ([True] if warning else []), messages
    np.testing.assert_array_equal(found, expected)
    seconds = len(expected) / RATE
    np.testing.assert_allclose(load_recordings(path.parent).durations, seconds, atol=0.02)
    excerpt = read_excerpt(path, seconds - 1, RATE, sr=RATE)
    np.testing.assert_array_equal(excerpt, expected[-RATE:])


TONE = 0.5 * np.sin(0.3 * np.arange(SECONDS * RATE))


def encode(format: str, subtype: str | None = None, samples=TONE, **options) -> bytearray:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, subtype, format=format, **options)
    return bytearray(file.getvalue())


def decode(data: bytes) -> np.ndarray:
    return soundfile.read(io.BytesIO(data), dtype="float32")[0]


@pytest.fixture
def save(tmp_path):
    def write(suffix: str, *parts: bytes):
        path = tmp_path / f"music.{suffix}"
        path.write_bytes(b"".join(parts))
        return path

    return write


FIELDS = {
    # Key: suffix and kind. Value: arguments for soundfile, position and format of the length field,
    # and number of bytes other than samples that the field includes.
    "wav": (("WAV",), lambda data: data.index(b"data") + 4, "<I", 0),
    "wav of floats": (("WAV", "FLOAT"), lambda data: data.index(b"data") + 4, "<I", 0),
    "wav of 24 bits": (("WAVEX", "PCM_24"), lambda data: data.index(b"data") + 4, "<I", 0),
    "wav of ADPCM": (("WAV", "IMA_ADPCM"), lambda data: data.index(b"data") + 4, "<I", 0),
    "wav of mu-law": (("WAV", "ULAW"), lambda data: data.index(b"data") + 4, "<I", 0),
    "rf64": (("RF64",), lambda data: data.index(b"ds64") + 16, "<Q", 0),
    "w64": (("W64",), lambda data: data.index(b"data") + 16, "<Q", 24),
    "aiff": (("AIFF",), lambda data: data.index(b"SSND") + 4, ">I", 8),
    "aifc": (("AIFF", "FLOAT"), lambda data: data.index(b"SSND") + 4, ">I", 8),
    "au": (("AU",), lambda data: 8, ">I", 0),
    "caf": (("CAF",), lambda data: data.index(b"data") + 4, ">Q", 4),
}


@pytest.mark.parametrize("share", [0, 0.1, 0.9])
@pytest.mark.parametrize("outer", [True, False])
@pytest.mark.parametrize("kind", FIELDS)
def test_files_that_were_never_closed_are_read_to_the_end(save, kind, share, outer):
    """The header gives 0 or an earlier length of the samples, and perhaps 0 for the whole file."""
    arguments, place, form, more = FIELDS[kind]
    data = encode(*arguments)
    expected = decode(data)
    where = place(data)
    (length,) = struct.unpack_from(form, data, where)
    struct.pack_into(form, data, where, int(share * (length - more)) // 4 * 4 + more)
    if outer and data[:4] in (b"RIFF", b"FORM"):
        data[4:8] = bytes(4)
    path = save(kind.partition(" ")[0], data)
    check(path, expected, warning=f"the header gives {share * SECONDS:.1f} s but the file holds 20")


def test_an_unclosed_big_endian_wav_is_read(save):
    data = encode("WAV", endian="BIG")
    expected = decode(data)
    data[4:8] = data[40:44] = bytes(4)
    check(save("wav", data), expected, warning="the header gives 0.0 s but the file holds 20.0 s")


@pytest.mark.parametrize("stated", [0, 1, RATE, 10 * RATE])
@pytest.mark.parametrize("front", [b"", b"ID3\4\0\0\0\0\0\x7f" + bytes(127)])
def test_an_unclosed_flac_is_read_to_the_end(save, front, stated):
    data = encode("FLAC")
    expected = decode(data)
    data[21:26] = (data[21] >> 4 << 36 | stated).to_bytes(5, "big")
    warning = (
        f"the header gives {stated / RATE:.1f} s but the file holds 20.0 s" if stated else None
    )
    check(save("flac", front, data, b"TAG" + bytes(125)), expected, warning=warning)


@pytest.mark.parametrize("share", [0.3, 0.8])
@pytest.mark.parametrize(
    "format", ["WAV", "AIFF", "AU", "W64", "RF64", "CAF", "FLAC", "OGG", "MP3"]
)
def test_durations_of_truncated_files_match_the_samples_read(save, format, share):
    noise = 0.1 * np.random.default_rng(0).standard_normal(SECONDS * RATE)
    data = encode(format, samples=noise)
    path = save(format.lower(), data[: int(share * len(data))])
    seconds = len(read(path, on_damage=lambda message: None)) / RATE
    assert 0.1 * SECONDS < seconds < 0.9 * SECONDS
    np.testing.assert_allclose(load_recordings(path.parent).durations, seconds, atol=0.6)


@pytest.mark.parametrize("n_values", [0, 1, 3])
@pytest.mark.parametrize("format", ["WAV", "AIFF", "AU", "W64", "FLAC", "OGG", "MP3"])
def test_durations_of_nearly_empty_files_match_the_samples_read(save, format, n_values):
    file = io.BytesIO()
    soundfile.write(file, np.zeros(n_values), RATE, format=format)
    path = save(format.lower(), file.getvalue())
    if n_values:
        assert load_recordings(path.parent).durations == pytest.approx(len(read(path)) / RATE)
        return
    assert np.isnan(load_recordings(path.parent).durations).all()
    with pytest.raises(RecordingError):
        read(path)


def test_a_wav_of_more_than_4_gib_is_read(tmp_path):
    """This length does not fit into the 32-bit field of the header."""
    path, length, loud = tmp_path / "long.wav", 2**32 + 2**16, b"\0\x40" * RATE
    data = encode("WAV")
    data[4:8] = data[40:44] = struct.pack("<I", length % 2**32)
    with open(path, "wb") as file:
        file.write(data)
        file.seek(44 + length - len(loud))  # on most disks the gap takes no space
        file.write(loud)
    if path.stat().st_blocks > 2**20:
        path.unlink()
        pytest.skip("files have no holes on this disk")
    seconds = length / 2 / RATE
    assert load_recordings(tmp_path).durations == pytest.approx([seconds])
    np.testing.assert_array_equal(read_excerpt(path, seconds - 0.5, 100, sr=RATE), 0.5)


def chunk(name: bytes, content: bytes, form: str = "<I") -> bytes:
    return name + struct.pack(form, len(content)) + content + bytes(len(content) % 2)


ID3 = b"ID3\4\0\0\0\5\0\0" + NOISE[: 5 * 128 * 128]
APE = struct.pack("<8sIIII8x", b"APETAGEX", 2000, 50_032, 1, 1 << 31)
BEHIND = {
    "an ID3 tag with a picture": ID3,
    "an APE tag": APE + NOISE[:50_000] + APE,
    "an APE tag without a header": NOISE[:50_000] + APE.replace(b"\x80", b"\0"),
    "a tag that is cut off": ID3[:60_000],
    "two tags": ID3 + b"TAG" + bytes(125),
    "lyrics and a tag": b"LYRICSBEGIN" + NOISE[:20_000] + b"020011LYRICS200TAG" + bytes(125),
    "a picture": b"\xff\xd8\xff\xe0" + NOISE,
    "zeros": bytes(100_000),
    "a few bytes": b"\r\n",
}
CHUNKS = {
    "an ID3 tag in a chunk": chunk(b"id3 ", ID3),
    "a list": chunk(b"LIST", b"INFOICMT" + struct.pack("<I", 50_001) + NOISE[:50_001]),
    "chunks that nobody knows": chunk(b"abcd", NOISE[:30_001]) + chunk(b"efgh", NOISE[:30_000]),
    "a list that is cut off": b"LIST" + struct.pack("<I", 900_000) + b"INFO" + NOISE,
    "a chunk and a tag": chunk(b"LIST", b"INFO" + NOISE[:40_000]) + ID3,
}


@pytest.mark.parametrize("what", [*BEHIND, *CHUNKS])
def test_data_after_the_samples_of_a_wav_is_not_audio(save, what):
    data = encode("WAV")
    check(save("wav", data, {**BEHIND, **CHUNKS}[what]), decode(data), warning=None)


@pytest.mark.parametrize("what", CHUNKS)
def test_data_after_an_unclosed_wav_is_not_audio(save, what):
    data = encode("WAV")
    expected = decode(data)
    data[40:44] = bytes(4)
    with pytest.raises(RecordingError, match="it contains no samples"):
        read(save("wav", data[:44], CHUNKS[what]))
    path = save("wav", data, b"TAG" + bytes(125))
    check(path, expected, warning="the header gives 0.0 s but the file holds 20.0 s")


@pytest.mark.parametrize("what", BEHIND)
@pytest.mark.parametrize("format", ["AIFF", "AU", "W64", "CAF", "FLAC"])
def test_data_after_the_samples_of_formats_other_than_wav_is_not_audio(save, format, what):
    data = encode(format)
    check(save(format.lower(), data, BEHIND[what]), decode(data), warning=None)


def test_chunks_after_the_samples_of_formats_other_than_wav_are_not_audio(save):
    junk = b"junk" + W64_NAME + struct.pack("<Q", 24 + 40_000) + NOISE[:40_000]
    for format, behind in {
        "W64": junk,
        "AIFF": chunk(b"ANNO", NOISE[:60_000], ">I"),  # libsndfile refuses to open it
        "CAF": b"free" + struct.pack(">Q", 40_000) + NOISE[:40_000],
    }.items():
        data = encode(format)
        path = save(format.lower(), data, behind)
        check(path, decode(data), warning=None)
        path.unlink()


def test_a_second_recording_in_the_file_gives_a_warning(save):
    data = encode("WAV")
    warning = "another recording follows the first in this file, and was not read"
    check(save("wav", data, data), decode(data), warning=warning)


def test_a_second_recording_that_follows_without_padding_gives_a_warning(save):
    data = encode("W64", samples=TONE[:-1])
    warning = "another recording follows the first in this file, and was not read"
    check(save("w64", data, data), decode(data), warning=warning)


def test_samples_in_a_second_chunk_give_a_warning(save):
    data = encode("WAV")
    warning = "more samples follow in another chunk of this file, and were not read"
    check(save("wav", data, chunk(b"data", NOISE)), decode(data), warning=warning)


@pytest.mark.parametrize(
    ("kind", "length"),
    [("wav", 1), ("wav of 24 bits", 2), ("au", 1), ("au", 2**31), ("aiff", 9)],
)
def test_implausible_lengths_count_as_missing(save, kind, length):
    arguments, field, form, _ = FIELDS[kind]
    data = encode(*arguments)
    expected = decode(data)
    struct.pack_into(form, data, field(data), length)
    warning = None if length == 2**31 else "the header gives 0.0 s but the file holds 20.0 s"
    check(save(kind.split()[0], data), expected, warning=warning)


def test_excerpts_reflect_changes_to_the_file(save):
    data = encode("WAV")
    for share in (0, 0.5, 1):
        changed = bytearray(data[: 44 + int(share * (len(data) - 44))] + data[44:])
        changed[40:44] = bytes(4)
        path = save("wav", changed)
        expected = np.concatenate([decode(data)[: int(share * SECONDS * RATE)], decode(data)])
        for start in (1, len(expected) / RATE - 1):
            excerpt = read_excerpt(path, start, RATE, sr=RATE)
            np.testing.assert_array_equal(excerpt, expected[int(start * RATE) :][:RATE])
