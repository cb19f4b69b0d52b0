import sys

import numpy as np
import pytest
import soundfile

from musicai import ChromaExtractor, PianoRollExtractor
from musicai.datasets import load_chorales


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def chorales(home):
    return load_chorales(2, folder=home, sr=16000)


def test_the_first_chorales_are_rendered(chorales):
    assert chorales.titles[0] == "Aus meines Herzens Grunde"
    assert [path.name for path in chorales.recordings] == ["001-bwv269.flac", "002-bwv347.flac"]
    # 63 and 52 quarters at 80 per minute
    for path, seconds in zip(chorales.recordings, (47.25, 39), strict=True):
        samples, sr = soundfile.read(path)
        assert (samples.ndim, sr) == (1, 16000)
        assert len(samples) / sr == pytest.approx(seconds, abs=0.1)
        parts = np.array_split(samples, 10)
        assert min(np.sqrt(np.mean(part**2)) for part in parts) > 0.01
        assert 0.5 < np.abs(samples).max() < 1
        assert abs(samples[-1]) < 1e-3


def test_rendered_chorales_are_reused(chorales, home):
    before = [path.stat().st_mtime_ns for path in chorales.recordings]
    again = load_chorales(2, folder=home, sr=16000)
    assert again.recordings == chorales.recordings
    assert [path.stat().st_mtime_ns for path in again.recordings] == before
    assert sorted(path for path in home.rglob("*") if path.is_file()) == again.recordings


def test_the_description_names_source_and_license(chorales):
    assert chorales.target is None
    for part in ("2 chorales", "16000 Hz", "music21", "public domain", "TimGM6mb"):
        assert part in chorales.DESCR


@pytest.mark.parametrize("n_chorales", [0, -1, 351])
def test_errors_give_the_range_of_n_chorales(tmp_path, n_chorales):
    with pytest.raises(ValueError, match=f"between 1 and 350, .* got {n_chorales}"):
        load_chorales(n_chorales, folder=tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_chorales": "x"}, "n_chorales must be an integer or None, got 'x'"),
        ({"n_chorales": 2.5}, "n_chorales must be an integer or None, got 2.5"),
        ({"n_chorales": True}, "n_chorales must be an integer or None, got True"),
        ({"sr": 0}, "sr must be an integer from 1000 to 192000"),
        ({"sr": 22050.5}, "sr must be an integer from 1000 to 192000"),
        ({"sr": 10**6}, "sr must be an integer from 1000 to 192000"),
    ],
)
def test_errors_name_invalid_arguments(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        load_chorales(**{"n_chorales": 1, "folder": tmp_path, **arguments})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("extra", ["music21", "pretty_midi", "midirenderer"])
def test_errors_say_which_packages_to_install(tmp_path, monkeypatch, extra):
    for name in [name for name in sys.modules if name.partition(".")[0] == extra]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, extra, None)
    with pytest.raises(ImportError, match=rf"needs {extra}: pip install .*\.\[midi,score\]"):
        load_chorales(1, folder=tmp_path)


def test_loaded_chroma_equals_chroma_extracted_from_the_recordings(home, chorales):
    data = load_chorales(2, kind="chroma", folder=home, sr=16000)
    assert data.recordings == chorales.recordings
    for piece, same in zip(data.data, ChromaExtractor().transform(data.recordings), strict=True):
        np.testing.assert_array_equal(piece, same)
    assert data.timing == ChromaExtractor().timing
    assert "chroma" in data.DESCR
    kept = {path: path.stat().st_mtime_ns for path in home.rglob("*.pkl")}
    assert len(kept) == 2
    load_chorales(2, kind="chroma", folder=home, sr=16000)
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*.pkl")} == kept


def test_loaded_rolls_equal_rolls_extracted_from_the_midi_files(home):
    data = load_chorales(2, kind="roll", folder=home)
    extractor = PianoRollExtractor(steps_per_beat=data.timing.frames_per_beat)
    assert data.timing.tempo == 80
    assert [path.suffix for path in data.recordings] == [".mid", ".mid"]
    for piece, same in zip(data.data, extractor.transform(data.recordings), strict=True):
        np.testing.assert_array_equal(piece, same)
    assert [len(piece) for piece in data.data] == [2 * 63, 2 * 52]  # two frames per quarter


@pytest.mark.parametrize(("kind", "name"), [("roll", "001-bwv269.mid"), ("chroma", "*.flac")])
def test_a_damaged_file_is_rendered_again_after_it_is_deleted(tmp_path, kind, name):
    arguments = {"kind": kind, "folder": tmp_path, "sr": 8000}
    load_chorales(1, **arguments)
    (path,) = tmp_path.rglob(name)
    path.write_bytes(b"no music")
    with pytest.raises(ValueError, match=f"{path.name}.*Delete the file, and load_chorales will"):
        load_chorales(1, **arguments)
    path.unlink()
    assert len(load_chorales(1, **arguments).data) == 1
