"""Results, training music and errors of `musicai compose`."""

import json
import os
import re
from pathlib import Path

import joblib
import numpy as np
import pretty_midi
import pytest
import soundfile

from musicai import Timing
from musicai.cli import _compose, _music, main
from musicai.metrics import Report

SR = 22050


@pytest.fixture(autouse=True)
def short_pieces(monkeypatch):
    """Compose only a few seconds, and draw pictures without a window."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setattr(_compose, "INTRO_SECONDS", 2)
    monkeypatch.setattr(_compose, "COMPOSED_SECONDS", 6)


def play(path, *, seconds, seed):
    """Write a recording with one chord per second."""
    rng = np.random.default_rng(seed)
    time = np.arange(SR) / SR
    chords = [
        sum(np.sin(2 * np.pi * 220 * 2 ** ((root + third) / 12) * time) for third in (0, 4, 7))
        for root in rng.integers(0, 12, seconds)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.2 * np.concatenate(chords), SR)


def find(folder, out):
    """Return the training and held-out pieces that `musicai compose` makes from a folder."""
    _, pieces = _music.extract(*_music.find_music(str(folder), out), memory=None)
    return pieces


def test_one_minute_of_music_in_two_recordings_is_enough(tmp_path):
    for name in ("a", "b"):
        play(tmp_path / "music" / f"{name}.wav", seconds=30, seed=0)
    assert len(find(tmp_path / "music", tmp_path / "out")) > 1


def test_silent_recordings_are_left_out(tmp_path, capsys):
    soundfile.write(tmp_path / "a.wav", np.zeros(61 * SR), SR)
    assert main(["compose", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "too little music: 0 seconds" in capsys.readouterr().err


def test_pieces_are_composed_in_the_styles_of_a_folder(tmp_path, capsys):
    for i, style in enumerate(["blues", "blues", "folk"]):
        play(tmp_path / "music" / style / f"{i}.wav", seconds=21, seed=i)
    (tmp_path / "music" / "folk" / "broken.wav").write_bytes(b"no audio")
    out = tmp_path / "out"
    assert main(["compose", str(tmp_path / "music"), "--out", str(out), "--epochs", "2"]) == 0

    names = {"composed_blues", "composed_folk", "continued"}
    endings = (".wav", "_band.wav", ".mid", ".musicxml", ".txt", ".rpp")
    assert {path.name for path in out.iterdir()} == {
        *(name + ending for name in names for ending in endings),
        *("chromagrams.png", "learning.png", "composer.joblib", "index.html"),
    }
    page = (out / "index.html").read_text(encoding="utf-8")
    links = set(re.findall(r'(?:href|src)="([^"]+)"', page))
    assert links == {path.name for path in out.iterdir()} - {"index.html"}
    assert "Too little music was held out for a scorecard, which needs 2 excerpts of 20" in page
    assert re.search(r"Held out: 2 pieces from [12] recordings?, 1\d seconds of music", page)
    assert "Few recordings: they were cut into excerpts" in page
    output, progress = capsys.readouterr()
    assert re.search(r"^musicai: warning: left out .*broken\.wav", progress, re.MULTILINE)
    assert progress.count("chroma: 0/") == 1  # recordings are not analyzed again for the mosaic
    assert ("learned too little" in page) == ("learned too little" in output)
    assert f"open {out / 'index.html'}" in output
    assert re.search(r"the pulse is clear \(0\.\d\d; 0\.5 or more\): learning half-beats", progress)
    assert "3 recordings, 1.1 minutes of music" in progress
    assert "A frame is half a beat." in page
    assert "few recordings: cut into excerpts of 6 seconds, some for training" in progress
    for part in (
        "composer  ",
        "each pitch class by itself",
        "(higher is better)",
        "its chroma correlates",
    ):
        assert part in output
    for name in names:
        assert f"listen to {out / name}.wav: " in output
        assert (out / f"{name}.txt").read_text() in output

    pipeline = joblib.load(out / "composer.joblib")
    assert list(pipeline[-1].styles_) == ["blues", "folk"]
    assert pipeline[0].sync == "half-beat"
    assert pipeline[-1].timing.frames_per_beat == 2
    assert pipeline.predict([out / "continued.wav"])[0].shape[1] == 12


def test_all_files_of_a_piece_have_the_same_timing(tmp_path, monkeypatch):
    """Pieces in the styles of the rule-based songs have whole phrases in the right meter."""
    monkeypatch.setenv("MUSICAI_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(_music, "N_SONGS", 4)
    out = tmp_path / "out"
    assert main(["compose", "--out", str(out), "--epochs", "1"]) == 0
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


def test_music_without_a_clear_pulse_is_analyzed_at_a_fixed_frame_rate(capsys):
    rng = np.random.default_rng(0)
    noise = [0.1 * rng.standard_normal(10 * SR) for _ in range(2)]
    extractor, analyses = _music.analyze([*noise, np.zeros(SR)])
    assert extractor.sync is None
    assert [len(each.chroma) for each in analyses] == [108, 108, 11]
    assert re.search(r"not clear \(0\.\d\d; below 0\.5\): .* frames", capsys.readouterr().err)


def test_earlier_results_are_not_used_for_training(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    play(tmp_path / "a.wav", seconds=61, seed=0)
    before = find(".", Path("out"))
    for name in ("composed.wav", "continued.wav"):
        play(tmp_path / "out" / name, seconds=5, seed=1)
    again = find(".", Path("out"))
    assert [piece[:1] + piece[2:] for piece in again] == [piece[:1] + piece[2:] for piece in before]

    play(tmp_path / "blues" / "out" / "b.wav", seconds=5, seed=2)  # a different folder named out
    more = find(".", Path("out"))
    assert {piece.style for piece in more} == {"blues", tmp_path.name}


def test_a_folder_with_nothing_but_earlier_results_is_refused(tmp_path, capsys):
    play(tmp_path / "out" / "composed.wav", seconds=5, seed=0)
    assert main(["compose", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert re.search("no audio in .*; it contains 1 excluded", capsys.readouterr().err)
    assert main(["compose", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "is the folder of the recordings itself" in capsys.readouterr().err


@pytest.mark.parametrize("out", ["file", "file/out", "loop", "x" * 300, "locked/out"])
def test_a_folder_that_cannot_be_written_to_is_refused_at_once(tmp_path, capsys, out):
    play(tmp_path / "music" / "a.wav", seconds=61, seed=0)
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "locked").mkdir(mode=0o500)
    if out == "locked/out" and os.access(tmp_path / "locked", os.W_OK):
        pytest.skip("this user may write to every folder")
    assert main(["compose", str(tmp_path / "music"), "--out", str(tmp_path / out)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("musicai: --out ")
    assert out in line
    assert line.endswith(": name another folder")


def test_nouns_agree_with_their_numbers():
    assert [_music.counted(number, "minute") for number in (0.4, 0.9, 1.4, 2)] == [
        *("0 minutes", "1 minute", "1 minute", "2 minutes")
    ]


def test_held_out_pieces_include_every_style():
    piece = _music.Piece
    timing = Timing.from_rate(10)
    pieces = [piece(str(i), np.zeros((20, 12)), "ab"[i % 2], f"{i}.wav", timing) for i in range(20)]
    train, test = _music.hold_out(pieces, seed=0)
    assert len(test) == 4
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
def test_missing_or_too_little_music_is_refused(tmp_path, capsys, files, message):
    (tmp_path / "music").mkdir()
    for name, seconds in files.items():
        play(tmp_path / "music" / name, seconds=seconds, seed=0)
    out = tmp_path / "new" / "out"
    assert main(["compose", str(tmp_path / "music"), "--out", str(out)]) == 1
    assert re.search(message, capsys.readouterr().err.splitlines()[-1])
    assert not out.parent.exists()


def test_a_folder_of_unreadable_files_is_refused(tmp_path, capsys):
    (tmp_path / "a.mp3").write_bytes(b"no audio")
    assert main(["compose", str(tmp_path)]) == 1
    message = capsys.readouterr().err
    assert "left out" in message
    assert "too little music: 0 seconds in 0 readable recordings" in message


def test_without_extras_audio_and_a_chart_are_written(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(_compose, "find_spec", lambda package: None)
    play(tmp_path / "music" / "a.wav", seconds=60, seed=0)
    out = tmp_path / "out"
    assert main(["compose", str(tmp_path / "music"), "--out", str(out), "--epochs", "1"]) == 0
    output, progress = capsys.readouterr()
    assert "pip install mido pretty_midi midirenderer music21 matplotlib" in progress
    assert {path.suffix for path in out.iterdir()} == {".wav", ".txt", ".html", ".joblib"}
    page = (out / "index.html").read_text(encoding="utf-8")
    links = set(re.findall(r'(?:href|src)="([^"]+)"', page))
    assert links == {path.name for path in out.iterdir()} - {"index.html"}
    assert "in time with it: .txt (chords)" in output


def test_the_reason_for_a_missing_scorecard_is_given():
    rng = np.random.default_rng(0)
    piece = _music.Piece
    timing = timing_of_all = Timing.from_rate(10)
    pieces = [piece(str(i), rng.random((450, 12)), None, f"{i}.wav", timing) for i in range(4)]

    class Silence:
        timing = timing_of_all

        def sample(self, n_frames, **_):
            return np.zeros((n_frames, 12))

    why = _compose.judge(Silence(), pieces[:2], pieces[2:], seed=0)
    assert re.match(r"There is no scorecard: generated holds 0 excerpts of 200 frames", why)


@pytest.mark.parametrize("tempo", [96, 104, 120])
def test_excerpts_for_the_scorecard_are_long_enough_at_every_tempo(tempo):
    rng = np.random.default_rng(0)
    clock = Timing.from_tempo(tempo, frames_per_beat=2)
    pieces = [
        _music.Piece(str(i), rng.random((160, 12)), None, f"{i}.wav", clock) for i in range(6)
    ]

    class Noise:
        timing = clock

        def sample(self, n_frames, **_):
            return rng.random((n_frames, 12))

    with pytest.warns(UserWarning, match="too few excerpts"):
        card = _compose.judge(Noise(), pieces[:3], pieces[3:], seed=0)
    assert isinstance(card, Report)


def test_titles_of_excerpts_state_where_the_excerpts_begin():
    piece = _music.Piece("a", np.ones((900, 12)), None, Path("a.wav"), Timing.from_rate(10))
    titles = [excerpt.title for excerpt in _music.cut([piece], 30)]
    assert titles == ["a, from 0:00", "a, from 0:30", "a, from 1:00"]


def test_excerpts_of_recordings_with_different_tempi_have_one_length():
    pieces = [
        _music.Piece(
            "a", np.ones((10 * rate, 12)), None, Path("a.wav"), Timing.from_rate(rate / 20)
        )
        for rate in (30, 41, 63)
    ]
    lengths = [len(excerpt.frames) for excerpt in _music.cut(pieces, 30)]
    assert sum(lengths) == 1340
    length = max(set(lengths), key=lengths.count)
    assert lengths.count(length) >= len(lengths) - len(pieces)
    assert all(length / 2 <= each <= length * 1.5 for each in lengths)


@pytest.mark.parametrize(
    ("styles", "names"),
    [
        ([None], ["composed"]),
        (["hip-hop", "hip hop", "Hip/hop"], ["hip_hop", "hip_hop_2", "Hip_hop_3"]),
        (["Jazz", "jazz"], ["Jazz", "jazz_2"]),
        (["pop_2", "pop", "pop-2"], ["pop_2", "pop", "pop_2_2"]),
        (["\u6f22" * 80, "\udcff"], ["\u6f22" * 40, "_"]),
    ],
)
def test_file_names_of_styles_differ_on_every_system(styles, names):
    names = [name if name == "composed" else f"composed_{name}" for name in names]
    assert _compose.file_names(styles) == names
