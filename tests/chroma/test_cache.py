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
    """Return the files of the analyses that are kept in a folder."""
    return sorted(Path(memory).rglob("output.pkl"))


def mark(memory) -> None:
    """Make chroma in a folder recognizable: what is returned with a -1 was not analyzed anew."""
    for entry in entries(memory):
        analysis = joblib.load(entry)
        analysis.chroma[0, 0] = -1
        joblib.dump(analysis, entry, compress=1)


def was_kept(piece) -> bool:
    return piece[0, 0] == -1


@pytest.fixture
def path(make_music, tmp_path) -> Path:
    file = tmp_path / "music.wav"
    soundfile.write(file, make_music(22050, seconds=2), 22050)
    return file


@pytest.fixture(params=["str", "path", "bytes", "Memory"])
def memory(request, tmp_path):
    folder = tmp_path / "kept"
    kinds = {"str": str, "path": Path, "bytes": os.fsencode}
    if request.param == "Memory":
        return joblib.Memory(folder, verbose=0)
    return kinds[request.param](folder)


def test_a_recording_is_analyzed_once(path, memory, tmp_path):
    (first,) = ChromaExtractor(memory=memory).transform([path])
    (plain,) = ChromaExtractor().transform([path])
    np.testing.assert_array_equal(first, plain)
    (second,) = ChromaExtractor(memory=memory).transform([str(path)])
    np.testing.assert_array_equal(second, plain)
    mark(tmp_path / "kept")
    (third,) = ChromaExtractor(memory=memory, n_jobs=2).fit_transform([os.fsencode(path)])
    assert was_kept(third)
    assert len(entries(tmp_path / "kept")) == 1


def test_samples_are_known_by_their_content(make_music, tmp_path):
    extractor = ChromaExtractor(memory=tmp_path)
    music = make_music(22050, seconds=1)
    recordings = [music, music.copy(), (music, 22050), (music, 44100), 0.5 * music]
    extractor.transform(recordings)
    assert len(entries(tmp_path)) == 4  # the tuple is another recording for the cache
    mark(tmp_path)
    assert all(map(was_kept, extractor.transform(recordings)))


def test_files_are_known_by_their_content_where_asked(path, tmp_path):
    extractor = ChromaExtractor(memory=tmp_path / "kept", memory_key="content")
    extractor.transform([path])
    mark(tmp_path / "kept")
    (tmp_path / "elsewhere").mkdir()
    moved = path.rename(tmp_path / "elsewhere" / "other name.wav")
    os.utime(moved, (1, 1))
    (tmp_path / "kept").rename(tmp_path / "elsewhere" / "kept")
    extractor.set_params(memory=tmp_path / "elsewhere" / "kept")
    assert was_kept(extractor.transform([moved])[0])
    # Another content at the same place, of the same size.
    data = bytearray(moved.read_bytes())
    data[-2:] = b"\x01\x02"
    moved.write_bytes(data)
    (other,) = extractor.transform([moved])
    assert not was_kept(other)
    assert len(entries(tmp_path / "elsewhere" / "kept")) == 2
    by_path = ChromaExtractor(memory=tmp_path / "elsewhere" / "kept")
    assert not was_kept(by_path.transform([moved])[0])


def test_what_cannot_be_read_is_not_known_by_its_content(tmp_path):
    extractor = ChromaExtractor(memory=tmp_path / "kept", memory_key="content")
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
def test_parameters_that_change_the_result_are_told_apart(path, tmp_path, parameters):
    kind = parameters.get("kind", "cqt") if len(parameters) > 1 else "cqt"
    ChromaExtractor(memory=tmp_path, kind=kind).transform([path])
    mark(tmp_path)
    (piece,) = ChromaExtractor(memory=tmp_path, **parameters).transform([path])
    assert not was_kept(piece)
    assert len(entries(tmp_path)) == 2


def test_other_parameters_and_types_are_not_told_apart(path, tmp_path):
    ChromaExtractor(memory=tmp_path).transform([path])
    mark(tmp_path)
    (piece,) = ChromaExtractor(
        memory=tmp_path, n_jobs=2, verbose=0, on_error="warn", sr=22050.0, hop_length=np.int64(2048)
    ).transform([path])
    assert was_kept(piece)


def test_large_samples_are_known_in_processes(make_music, tmp_path):
    """Which get them from joblib as files, mapped into memory."""
    samples = make_music(22050, seconds=1)
    np.save(tmp_path / "samples.npy", samples)
    extractor = ChromaExtractor(memory=tmp_path / "kept")
    extractor.transform([samples])
    mark(tmp_path / "kept")
    (piece,) = extractor.transform([np.load(tmp_path / "samples.npy", mmap_mode="r")])
    assert was_kept(piece)


def test_a_changed_file_is_analyzed_anew(path, make_music, tmp_path):
    extractor = ChromaExtractor(memory=tmp_path / "kept")
    extractor.transform([path])
    mark(tmp_path / "kept")
    soundfile.write(path, make_music(22050, seed=1, seconds=2), 22050)
    os.utime(path, ns=(0, 10**15))  # as if some time had gone by
    (new,) = extractor.transform([path])
    (expected,) = ChromaExtractor().transform([path])
    np.testing.assert_array_equal(new, expected)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_a_damaged_entry_is_made_anew(path, tmp_path, damage):
    extractor = ChromaExtractor(memory=tmp_path / "kept")
    (piece,) = extractor.transform([path])
    (entry,) = entries(tmp_path / "kept")
    content = bytearray(entry.read_bytes())
    if damage == "truncated":
        del content[len(content) // 2 :]
    elif damage == "flipped":
        content[len(content) // 2] ^= 1
    else:
        content.clear()
    entry.write_bytes(content)
    np.testing.assert_array_equal(extractor.transform([path])[0], piece)
    mark(tmp_path / "kept")
    assert was_kept(extractor.transform([path])[0])


def test_what_is_no_analysis_is_passed_by(path, tmp_path):
    extractor = ChromaExtractor(memory=tmp_path / "kept")
    (piece,) = extractor.transform([path])
    (entry,) = entries(tmp_path / "kept")
    joblib.dump({"chroma": None}, entry)
    np.testing.assert_array_equal(extractor.transform([path])[0], piece)


def test_a_file_behind_a_link_is_itself(make_music, tmp_path):
    """home/album leads elsewhere, so home/album/.. is not home."""
    (tmp_path / "disk/album").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    (tmp_path / "home/album").symlink_to(tmp_path / "disk/album")
    for seed, folder in enumerate(("disk", "home")):
        music = make_music(22050, seed=seed, seconds=1)
        soundfile.write(tmp_path / folder / "a.wav", music, 22050)
        os.utime(tmp_path / folder / "a.wav", ns=(0, 10**15))
    extractor = ChromaExtractor(memory=tmp_path / "kept")
    (there,) = extractor.transform([f"{tmp_path}/home/album/../a.wav"])
    (here,) = extractor.transform([f"{tmp_path}/home/a.wav"])
    assert not np.array_equal(there, here)


def test_masked_samples_are_samples(make_music, tmp_path):
    music = make_music(22050, seconds=1)
    masked = np.ma.masked_array(music, music > 2)
    (piece,) = ChromaExtractor(memory=tmp_path).transform([masked])
    np.testing.assert_array_equal(piece, ChromaExtractor().transform([music])[0])


def test_errors_are_not_kept(path, tmp_path):
    extractor = ChromaExtractor(memory=tmp_path / "kept")
    content = path.read_bytes()
    path.write_bytes(b"no music")
    with pytest.raises(RecordingError, match=r"music\.wav"):
        extractor.transform([path])
    path.write_bytes(content)
    assert len(extractor.transform([path])[0]) == 22
    assert len(entries(tmp_path / "kept")) == 1


def test_what_was_finished_before_an_error_is_kept(path, tmp_path):
    extractor = ChromaExtractor(memory=tmp_path / "kept")
    with pytest.raises(RecordingError):
        extractor.transform([path, tmp_path / "gone.wav"])
    mark(tmp_path / "kept")
    assert was_kept(extractor.transform([path])[0])


def test_a_truncated_file_is_warned_of_each_time(path, tmp_path):
    path.write_bytes(path.read_bytes()[:-50000])
    extractor = ChromaExtractor(memory=tmp_path / "kept")
    relative = os.path.relpath(path)
    for name in (str(path), relative):
        with pytest.warns(UserWarning, match=f"^{re.escape(name)}: the file ends"):
            extractor.transform([name])
    assert len(entries(tmp_path / "kept")) == 1


def test_a_folder_that_cannot_be_one_is_refused(path, tmp_path):
    with pytest.raises(ValueError, match="memory cannot be used as a folder"):
        ChromaExtractor(memory=path / "kept").transform([path])
    with pytest.raises(ValueError, match="memory must be"):
        ChromaExtractor(memory=3).transform([path])
