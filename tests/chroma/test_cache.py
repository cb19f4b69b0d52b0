import os
import re
from pathlib import Path

import joblib
import numpy as np
import pytest
import soundfile

from musicai import ChromaExtractor
from musicai.audio import RecordingError


def entries(memory) -> list[Path]:
    """Return the files of cached analyses in a folder."""
    return sorted(Path(memory).rglob("output.pkl"))


def mark(memory) -> None:
    """Mark cached chroma with a -1, to distinguish it from a new analysis."""
    for entry in entries(memory):
        analysis = joblib.load(entry)
        analysis.chroma[0, 0] = -1
        joblib.dump(analysis, entry, compress=1)


def is_marked(piece) -> bool:
    return piece[0, 0] == -1


@pytest.fixture
def path(make_music, tmp_path) -> Path:
    file = tmp_path / "music.wav"
    soundfile.write(file, make_music(22050, seconds=2), 22050)
    return file


@pytest.fixture(params=["str", "path", "bytes", "Memory"])
def memory(request, tmp_path):
    folder = tmp_path / "cache"
    kinds = {"str": str, "path": Path, "bytes": os.fsencode}
    if request.param == "Memory":
        return joblib.Memory(folder, verbose=0)
    return kinds[request.param](folder)


def test_a_cached_recording_is_not_analyzed_again(path, memory, tmp_path):
    (first,) = ChromaExtractor(memory=memory).transform([path])
    (plain,) = ChromaExtractor().transform([path])
    np.testing.assert_array_equal(first, plain)
    (second,) = ChromaExtractor(memory=memory).transform([str(path)])
    np.testing.assert_array_equal(second, plain)
    mark(tmp_path / "cache")
    (third,) = ChromaExtractor(memory=memory, n_jobs=2).fit_transform([os.fsencode(path)])
    assert is_marked(third)
    assert len(entries(tmp_path / "cache")) == 1


def test_samples_are_cached_by_content(make_music, tmp_path):
    extractor = ChromaExtractor(memory=tmp_path)
    music = make_music(22050, seconds=1)
    recordings = [music, music.copy(), (music, 22050), (music, 44100), 0.5 * music]
    extractor.transform(recordings)
    assert len(entries(tmp_path)) == 4  # a tuple and an array have different keys
    mark(tmp_path)
    assert all(map(is_marked, extractor.transform(recordings)))


def test_files_can_be_cached_by_content(path, tmp_path):
    extractor = ChromaExtractor(memory=tmp_path / "cache", memory_key="content")
    extractor.transform([path])
    mark(tmp_path / "cache")
    (tmp_path / "elsewhere").mkdir()
    moved = path.rename(tmp_path / "elsewhere" / "other name.wav")
    os.utime(moved, (1, 1))
    (tmp_path / "cache").rename(tmp_path / "elsewhere" / "cache")
    extractor.set_params(memory=tmp_path / "elsewhere" / "cache")
    assert is_marked(extractor.transform([moved])[0])
    # Change the content but not the path and the size.
    data = bytearray(moved.read_bytes())
    data[-2:] = b"\x01\x02"
    moved.write_bytes(data)
    (other,) = extractor.transform([moved])
    assert not is_marked(other)
    assert len(entries(tmp_path / "elsewhere" / "cache")) == 2
    by_path = ChromaExtractor(memory=tmp_path / "elsewhere" / "cache")
    assert not is_marked(by_path.transform([moved])[0])


def test_unreadable_files_raise_errors_if_cached_by_content(tmp_path):
    extractor = ChromaExtractor(memory=tmp_path / "cache", memory_key="content")
    for name in ("gone.wav", ".", "a\0b.wav"):
        with pytest.raises(RecordingError):
            extractor.transform([str(tmp_path / name)])
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.wav")
        with pytest.raises(RecordingError, match=r"pipe\.wav: this is not a regular file"):
            extractor.transform([tmp_path / "pipe.wav"])
    with pytest.raises(ValueError, match="memory_key must be 'path' or 'content', got 'name'"):
        ChromaExtractor(memory_key="name").transform([np.zeros(9)])


@pytest.mark.parametrize(
    "parameters",
    [
        {"kind": "stft"},
        {"kind": "cens"},
        {"sr": 16000},
        {"hop_length": 1024},
        {"n_fft": 8192},
        {"norm": 2},
        {"tuning": 0.0},
        {"kind": "stft", "exact": True},
        {"sync": "beat"},
    ],
)
def test_parameters_that_change_the_result_change_the_cache_key(path, tmp_path, parameters):
    kind = parameters.get("kind", "cqt") if len(parameters) > 1 else "cqt"
    ChromaExtractor(memory=tmp_path, kind=kind).transform([path])
    mark(tmp_path)
    (piece,) = ChromaExtractor(memory=tmp_path, **parameters).transform([path])
    assert not is_marked(piece)
    assert len(entries(tmp_path)) == 2


def test_parameters_that_do_not_change_the_result_keep_the_cache_key(path, tmp_path):
    ChromaExtractor(memory=tmp_path).transform([path])
    mark(tmp_path)
    (piece,) = ChromaExtractor(
        memory=tmp_path, n_jobs=2, verbose=0, on_error="warn", sr=22050.0, hop_length=np.int64(2048)
    ).transform([path])
    assert is_marked(piece)


def test_memory_mapped_samples_have_the_same_cache_key_as_arrays(make_music, tmp_path):
    """joblib passes large arrays to processes as memory-mapped files."""
    samples = make_music(22050, seconds=1)
    np.save(tmp_path / "samples.npy", samples)
    extractor = ChromaExtractor(memory=tmp_path / "cache")
    extractor.transform([samples])
    mark(tmp_path / "cache")
    (piece,) = extractor.transform([np.load(tmp_path / "samples.npy", mmap_mode="r")])
    assert is_marked(piece)


def test_a_changed_file_is_analyzed_again(path, make_music, tmp_path):
    extractor = ChromaExtractor(memory=tmp_path / "cache")
    extractor.transform([path])
    mark(tmp_path / "cache")
    soundfile.write(path, make_music(22050, seed=1, seconds=2), 22050)
    os.utime(path, ns=(0, 10**15))  # a later modification time
    (new,) = extractor.transform([path])
    (expected,) = ChromaExtractor().transform([path])
    np.testing.assert_array_equal(new, expected)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_a_damaged_cache_entry_is_replaced(path, tmp_path, damage):
    extractor = ChromaExtractor(memory=tmp_path / "cache")
    (piece,) = extractor.transform([path])
    (entry,) = entries(tmp_path / "cache")
    content = bytearray(entry.read_bytes())
    if damage == "truncated":
        del content[len(content) // 2 :]
    elif damage == "flipped":
        content[len(content) // 2] ^= 1
    else:
        content.clear()
    entry.write_bytes(content)
    np.testing.assert_array_equal(extractor.transform([path])[0], piece)
    mark(tmp_path / "cache")
    assert is_marked(extractor.transform([path])[0])


def test_cache_entries_of_an_unexpected_type_are_ignored(path, tmp_path):
    extractor = ChromaExtractor(memory=tmp_path / "cache")
    (piece,) = extractor.transform([path])
    (entry,) = entries(tmp_path / "cache")
    joblib.dump({"chroma": None}, entry)
    np.testing.assert_array_equal(extractor.transform([path])[0], piece)


def test_a_path_through_a_link_is_not_normalized(make_music, tmp_path):
    """Because home/album is a link to another folder, home/album/.. is not home."""
    (tmp_path / "disk/album").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    (tmp_path / "home/album").symlink_to(tmp_path / "disk/album")
    for seed, folder in enumerate(("disk", "home")):
        music = make_music(22050, seed=seed, seconds=1)
        soundfile.write(tmp_path / folder / "a.wav", music, 22050)
        os.utime(tmp_path / folder / "a.wav", ns=(0, 10**15))
    extractor = ChromaExtractor(memory=tmp_path / "cache")
    (there,) = extractor.transform([f"{tmp_path}/home/album/../a.wav"])
    (here,) = extractor.transform([f"{tmp_path}/home/a.wav"])
    assert not np.array_equal(there, here)


def test_masked_arrays_are_accepted_with_a_cache(make_music, tmp_path):
    music = make_music(22050, seconds=1)
    masked = np.ma.masked_array(music, music > 2)
    (piece,) = ChromaExtractor(memory=tmp_path).transform([masked])
    np.testing.assert_array_equal(piece, ChromaExtractor().transform([music])[0])


def test_errors_are_not_cached(path, tmp_path):
    extractor = ChromaExtractor(memory=tmp_path / "cache")
    content = path.read_bytes()
    path.write_bytes(b"no music")
    with pytest.raises(RecordingError, match=r"music\.wav"):
        extractor.transform([path])
    path.write_bytes(content)
    assert len(extractor.transform([path])[0]) == 22
    assert len(entries(tmp_path / "cache")) == 1


def test_analyses_before_an_error_are_cached(path, tmp_path):
    extractor = ChromaExtractor(memory=tmp_path / "cache")
    with pytest.raises(RecordingError):
        extractor.transform([path, tmp_path / "gone.wav"])
    mark(tmp_path / "cache")
    assert is_marked(extractor.transform([path])[0])


def test_a_cached_truncated_file_still_gives_a_warning(path, tmp_path):
    path.write_bytes(path.read_bytes()[:-50000])
    extractor = ChromaExtractor(memory=tmp_path / "cache")
    relative = os.path.relpath(path)
    for name in (str(path), relative):
        with pytest.warns(UserWarning, match=f"^{re.escape(name)}: the file ends"):
            extractor.transform([name])
    assert len(entries(tmp_path / "cache")) == 1


def test_an_invalid_cache_folder_is_rejected(path, tmp_path):
    with pytest.raises(ValueError, match="memory cannot be used as a folder"):
        ChromaExtractor(memory=path / "cache").transform([path])
    with pytest.raises(ValueError, match="memory must be"):
        ChromaExtractor(memory=3).transform([path])
