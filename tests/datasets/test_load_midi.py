import pytest

from musicai import PianoRollExtractor
from musicai.datasets import load_chorales, load_midi


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_midi_files_and_styles_are_found(tmp_path):
    touch(tmp_path, "a/1.mid", "a/2.MIDI", "b/3.kar", "b/4.rmi", "b/5.wav", "b/._6.mid")
    data = load_midi(tmp_path)
    assert [path.name for path in data.recordings] == ["1.mid", "2.MIDI", "3.kar", "4.rmi"]
    assert data.target == ["a", "a", "b", "b"]
    assert data.target_names == ["a", "b"]
    assert data.DESCR.startswith(f"MIDI files of {tmp_path.name}\n===")
    assert "4 MIDI files, in the styles a, b." in data.DESCR


def test_missing_folders_and_folders_without_midi_files_are_rejected(tmp_path):
    touch(tmp_path, "a.wav")
    with pytest.raises(FileNotFoundError, match=r"no MIDI in .*: expected files that end in \.kar"):
        load_midi(tmp_path)
    with pytest.raises(FileNotFoundError, match="expected a folder of MIDI files"):
        load_midi(tmp_path / "gone")


def test_chorales_can_be_loaded_as_midi_files(tmp_path):
    data = load_chorales(2, kind="midi", folder=tmp_path)
    assert [path.name for path in data.recordings] == ["001-bwv269.mid", "002-bwv347.mid"]
    assert "2 chorales" in data.DESCR
    assert "MIDI files" in data.DESCR
    pieces = PianoRollExtractor(steps_per_beat=2).transform(data.recordings)
    assert [len(piece) for piece in pieces] == [2 * 63, 2 * 52]  # two frames per quarter
    before = [path.stat().st_mtime_ns for path in data.recordings]
    again = load_chorales(2, kind="midi", folder=tmp_path)
    assert [path.stat().st_mtime_ns for path in again.recordings] == before


def test_an_unknown_kind_of_chorales_is_rejected(tmp_path):
    with pytest.raises(ValueError, match="kind must be one of"):
        load_chorales(1, kind="score", folder=tmp_path)
