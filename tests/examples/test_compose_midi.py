import importlib.util
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musicai import PianoRollExtractor
from musicai.midi import write_midi

ROOT = Path(__file__).parents[2]


@pytest.fixture
def compose_midi(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "examples")  # as Python does for a script
    spec = importlib.util.spec_from_file_location(
        "compose_midi", ROOT / "examples" / "compose_midi.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.COMPOSED_BEATS = 8
    return module


def write_chords(path, seed):
    """Write a MIDI file of 40 random major chords, two frames each."""
    roll = np.zeros((80, 88))
    for i, root in enumerate(np.random.default_rng(seed).integers(27, 39, 40)):
        roll[2 * i : 2 * i + 2, root + np.array([0, 4, 7])] = 1
    path.parent.mkdir(parents=True, exist_ok=True)
    extractor = PianoRollExtractor(steps_per_beat=2)
    midi = extractor.inverse_transform(roll, timing=extractor.timing.at_tempo(90))
    write_midi(path, midi)


def test_the_script_composes_a_piece_from_a_folder(compose_midi, tmp_path, capsys):
    for i in range(8):
        write_chords(tmp_path / "music" / "ab"[i % 2] / f"{i}.mid", seed=i)
    (tmp_path / "music" / "a" / "broken.mid").write_bytes(b"no music")
    out = tmp_path / "out"
    with pytest.warns(UserWarning, match=r"left out .*broken\.mid"):
        compose_midi.main(
            [str(tmp_path / "music"), "--out", str(out), "--epochs", "3", "--style", "a"]
        )
    printed = capsys.readouterr().out
    for part in ("7 training files", "2 held-out files", "key independently", "file equals"):
        assert part in printed
    (piece,) = PianoRollExtractor(steps_per_beat=2).transform([out / "new_piece.mid"])
    assert piece.shape == (16, 88)
    assert soundfile.info(out / "new_piece.wav").duration > 6


def test_files_in_the_output_folder_are_not_used_for_training(compose_midi, tmp_path):
    for i in range(2):
        write_chords(tmp_path / f"{i}.mid", seed=i)
    before = compose_midi.find(tmp_path, tmp_path / "out")
    write_chords(tmp_path / "out" / "new_piece.mid", seed=2)
    assert compose_midi.find(tmp_path, tmp_path / "out") == before


def test_without_a_folder_the_script_uses_chorales(compose_midi, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MUSICAI_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(compose_midi, "N_CHORALES", 3)
    compose_midi.main(["--out", str(tmp_path / "out"), "--epochs", "2", "--key", "G"])
    assert "2 training files" in capsys.readouterr().out
    assert (tmp_path / "out" / "new_piece.mid").exists()


@pytest.mark.parametrize(
    ("n_files", "message"),
    [(0, "no MIDI in .*music"), (1, "at least 2 files are needed"), (2, "too little music")],
)
def test_too_few_files_or_frames_are_refused(compose_midi, tmp_path, n_files, message):
    (tmp_path / "music").mkdir()
    for i in range(n_files):
        write_chords(tmp_path / "music" / f"{i}.mid", seed=i)
    with pytest.raises(SystemExit, match=message):
        compose_midi.main([str(tmp_path / "music"), "--out", str(tmp_path / "out")])
