import importlib.util
import json
import re
import sys
from pathlib import Path

import joblib
import numpy as np
import pretty_midi
import pytest
import soundfile

from musicai import Timing

ROOT = Path(__file__).parents[2]
SR = 22050


@pytest.fixture
def compose(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "examples")  # as Python does for a script
    monkeypatch.setenv("MPLBACKEND", "Agg")
    spec = importlib.util.spec_from_file_location("compose", ROOT / "examples" / "compose.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.INTRO_SECONDS, module.COMPOSED_SECONDS = 2, 6
    return module


def play(path, *, seconds, seed):
    """Write a recording of chords, one a second."""
    rng = np.random.default_rng(seed)
    time = np.arange(SR) / SR
    chords = [
        sum(np.sin(2 * np.pi * 220 * 2 ** ((root + third) / 12) * time) for third in (0, 4, 7))
        for root in rng.integers(0, 12, seconds)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.2 * np.concatenate(chords), SR)


def test_a_minute_in_two_recordings_is_enough(compose, tmp_path):
    for name in ("a", "b"):
        play(tmp_path / "music" / f"{name}.wav", seconds=30, seed=0)
    _, pieces = compose.extract(tmp_path / "music", tmp_path / "out")
    assert len(pieces) > 1


def test_silence_is_left_out(compose, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(61 * SR), SR)
    with pytest.raises(SystemExit, match="too little music: 0 seconds"):
        compose.extract(tmp_path, tmp_path / "out")


def test_composes_in_the_styles_of_a_folder(compose, tmp_path, capsys):
    for i, style in enumerate(["blues", "blues", "folk"]):
        play(tmp_path / "music" / style / f"{i}.wav", seconds=21, seed=i)
    (tmp_path / "music" / "folk" / "broken.wav").write_bytes(b"no audio")
    out = tmp_path / "out"
    with pytest.warns(UserWarning, match=r"left out .*broken\.wav"):
        compose.main([str(tmp_path / "music"), "--out", str(out), "--epochs", "2"])

    names = {"composed_blues", "composed_folk", "continued"}
    endings = (".wav", "_band.wav", ".mid", ".musicxml", ".txt", ".rpp")
    assert {path.name for path in out.iterdir()} == {
        *(name + ending for name in names for ending in endings),
        *("chromagrams.png", "learning.png", "composer.joblib", "index.html"),
    }
    page = (out / "index.html").read_text(encoding="utf-8")
    links = set(re.findall(r'(?:href|src)="([^"]+)"', page))
    assert links == {path.name for path in out.iterdir()} - {"index.html"}
    assert "Too little music was held out for a score-card, which needs 2 excerpts of 20" in page
    assert re.search(r"Held out: 2 pieces, 1\d seconds of music", page)
    assert "Few recordings: excerpts were learned" in page
    output = capsys.readouterr().out
    assert ("learned too little" in page) == ("learned too little" in output)
    assert f"open {out / 'index.html'}" in output
    assert re.search(r"the pulse is clear \(0\.\d\d; 0\.5 or more\): learning half-beats", output)
    assert "3 recordings, 1.1 minutes of music" in output
    assert "A frame is half a beat." in page
    assert "few recordings: learning and holding out excerpts of 6 seconds" in output
    for part in ("composer  ", "each pitch class by itself", "bits", "its chroma correlates"):
        assert part in output
    for name in names:
        assert f"listen to {out / name}.wav: " in output
        assert (out / f"{name}.txt").read_text() in output

    pipeline = joblib.load(out / "composer.joblib")
    assert list(pipeline[-1].styles_) == ["blues", "folk"]
    assert pipeline[0].sync == "half-beat"
    assert pipeline[-1].timing.frames_per_beat == 2
    assert pipeline.predict([out / "continued.wav"])[0].shape[1] == 12


def test_all_files_of_a_piece_are_in_time(compose, tmp_path, monkeypatch):
    """Songs made by rules, the default: whole phrases, and each style in its own meter."""
    monkeypatch.setenv("MUSICAI_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(sys.modules["_music"], "N_SONGS", 4)
    out = tmp_path / "out"
    compose.main(["--out", str(out), "--epochs", "1"])
    page = (out / "index.html").read_text(encoding="utf-8")
    grids = re.findall(r"data-beats='(.*?)' data-beats-per-bar='(\d)'", page)
    assert len(grids) == 3
    for name, (beats, beats_per_bar) in zip(
        ("composed_pop", "composed_waltz", "continued"),
        sorted(grids[:2], key=lambda grid: -int(grid[1])) + grids[2:],
        strict=True,
    ):
        beats = json.loads(beats)
        meter = {"composed_pop": 4, "composed_waltz": 3}.get(name, int(beats_per_bar))
        assert int(beats_per_bar) == meter
        assert len(beats) % (4 * meter) == 0
        steps = np.diff(beats)
        np.testing.assert_allclose(steps, steps[0], atol=2e-4)
        seconds = beats[-1] + steps[0]
        for ending in (".wav", "_band.wav"):
            assert soundfile.info(out / (name + ending)).duration == pytest.approx(seconds, abs=0.2)
        midi = pretty_midi.PrettyMIDI(str(out / f"{name}.mid"))
        assert midi.get_end_time() == pytest.approx(seconds, abs=0.01)
        _, tempi = midi.get_tempo_changes()
        np.testing.assert_allclose(tempi, 60 / steps[0], rtol=1e-3)
        assert {change.numerator for change in midi.time_signature_changes} == {meter}


def test_music_without_a_clear_pulse_is_learned_by_frames(compose, tmp_path, capsys):
    rng = np.random.default_rng(0)
    noise = [0.1 * rng.standard_normal(10 * SR) for _ in range(2)]
    analyze = sys.modules["_music"].analyze
    extractor, analyses = analyze([*noise, np.zeros(SR)])
    assert extractor.sync is None
    assert [len(each.chroma) for each in analyses] == [108, 108, 11]
    assert re.search(r"not clear \(0\.\d\d; below 0\.5\): .* frames", capsys.readouterr().out)


@pytest.mark.filterwarnings("ignore:left out")
def test_does_not_learn_what_it_composed(compose, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    play(tmp_path / "a.wav", seconds=61, seed=0)
    find = sys.modules["_music"].extract
    _, before = find(".", Path("out"))
    assert "left out" not in capsys.readouterr().out
    for name in ("composed.wav", "continued.wav"):
        play(tmp_path / "out" / name, seconds=5, seed=1)
    _, again = find(".", Path("out"))
    assert f"left out 2 files in {tmp_path / 'out'}" in capsys.readouterr().out
    assert [piece[:1] + piece[2:] for piece in again] == [piece[:1] + piece[2:] for piece in before]

    play(tmp_path / "blues" / "out" / "b.wav", seconds=5, seed=2)  # a folder of that name only
    _, more = find(".", Path("out"))
    assert set(compose.styles(more)) == {"blues", tmp_path.name}


def test_what_it_composed_is_not_all_there_is(compose, tmp_path):
    play(tmp_path / "out" / "composed.wav", seconds=5, seed=0)
    with pytest.raises(SystemExit, match="no music in .* but in .*out"):
        compose.main([str(tmp_path), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit, match="is the folder of the music itself"):
        compose.main([str(tmp_path), "--out", str(tmp_path)])


@pytest.mark.usefixtures("compose")
def test_numbers_agree_with_what_they_count():
    counted = sys.modules["_music"].counted
    assert [counted(number, "minute") for number in (0.4, 0.9, 1.4, 2)] == [
        *("0 minutes", "1 minute", "1 minute", "2 minutes")
    ]


def test_enough_recordings_are_held_out_whole(compose):
    piece = sys.modules["_music"].Piece
    timing = Timing.from_rate(10)
    pieces = [piece(str(i), np.zeros((20, 12)), "ab"[i % 2], f"{i}.wav", timing) for i in range(20)]
    train, test = compose.hold_out(pieces, seed=0)
    assert len(test) == 3
    assert {piece.style for piece in test} == {"a", "b"}
    titles = [piece.title for piece in train + test]
    assert sorted(titles, key=int) == [piece.title for piece in pieces]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no audio in .*music"),
        ({"a.wav": 5}, "too little music: 5 seconds in 1 readable recordings"),
        ({"a/1.wav": 60, "b/2.wav": 5}, "too little music in the style 'b'"),
    ],
)
def test_errors_are_one_sentence(compose, tmp_path, files, message):
    (tmp_path / "music").mkdir()
    for name, seconds in files.items():
        play(tmp_path / "music" / name, seconds=seconds, seed=0)
    with pytest.raises(SystemExit, match=message):
        compose.main([str(tmp_path / "music"), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


@pytest.mark.filterwarnings("ignore:left out")
def test_a_folder_that_cannot_be_read(compose, tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"no audio")
    with pytest.raises(SystemExit, match="too little music: 0 seconds in 0 readable recordings"):
        compose.main([str(tmp_path)])


def test_why_there_is_no_score_card(compose):
    rng = np.random.default_rng(0)
    piece = sys.modules["_music"].Piece
    timing = timing_of_all = Timing.from_rate(10)
    pieces = [piece(str(i), rng.random((450, 12)), None, f"{i}.wav", timing) for i in range(4)]

    class Silence:
        timing = timing_of_all

        def sample(self, n_frames, **_):
            return np.zeros((n_frames, 12))

    why = compose.judge(Silence(), pieces[:2], pieces[2:], seed=0)
    assert re.match(r"There is no score-card: generated holds 0 excerpts of 200 frames", why)
