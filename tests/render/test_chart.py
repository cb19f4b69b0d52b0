import io

import numpy as np
import pytest

from musicai import Timing
from musicai.render import chord_chart, to_musicxml

from .conftest import TIMING, at


def bars(chart):
    lines = chart.splitlines()
    return [bar.strip() for line in lines if "|" in line for bar in line.strip("| ").split("|")]


def test_a_bar_is_a_single_chord_or_has_a_sign_for_each_beat(song):
    chords = [(0, "maj", 4), (9, "min", 1), (5, "maj", 0.5), (7, "maj", 0.5), (0, "maj", 3)]
    chart = chord_chart(song(chords), timing=TIMING, title="Four bars")
    head, body = chart.split("\n\n")
    assert head == "Four bars\nC major, 120 beats a minute, 4/4"
    assert [bar.split() for bar in bars(body)] == [
        ["C"],
        ["%"],
        ["Am", "/", "F", "G"],
        ["C"],
        ["%"],
    ]
    assert len(body.splitlines()) == 2
    assert len({len(bar) for line in body.splitlines() for bar in line[1:-1].split("|")}) == 1


def test_a_faster_tempo_makes_more_bars(song):
    piece = song([(0, "maj", 3), (7, "maj", 3)])
    assert bars(chord_chart(piece, timing=at(80))) == ["C", "G"]
    assert bars(chord_chart(piece, timing=at(160))) == ["C", "%", "G", "%"]


def test_measured_beats_are_the_beats_of_the_chart(song):
    piece = song([(0, "maj", 0.8), (7, "maj", 0.8)])  # 8 frames per chord; frames are beats
    times = np.concatenate([[0.0], np.cumsum(np.linspace(0.5, 0.7, 16))])
    chart = chord_chart(piece, timing=Timing.from_beats(times))
    assert bars(chart) == ["C", "%", "G", "%"]
    assert "major, 10" in chart  # beats per minute


def test_a_chart_ends_with_the_bar_in_which_the_piece_ends(wild):
    chart = chord_chart(wild, timing=Timing.from_tempo(120), vocabulary="qualities")
    lines = [line for line in chart.splitlines() if "|" in line]
    beats = len(lines[0].partition("|")[0].split())
    for bar in bars("\n".join(line[line.index("|") :] for line in lines)):
        places = bar.split()
        beats += 4 if len(places) == 1 else len(places)
    assert beats in range(len(wild), len(wild) + 4)  # the last chord is held to the end of its bar


@pytest.mark.parametrize("beats", [0, 1, 2, 3])
def test_bars_begin_where_chords_change(beats, song):
    pickup = [(7, "maj", 0.1 * beats)] if beats else []
    piece = song(pickup + [(root, "maj", 0.4) for root in (0, 5, 7, 0, 5, 0)])
    times = np.arange(len(piece) + 1) * 0.5
    chart = chord_chart(piece, timing=Timing.from_beats(times))
    before, _, rest = chart.splitlines()[-2].partition("|")
    assert before.split() == ["G", "/", "/"][:beats]
    assert bars(rest + "\n" + chart.splitlines()[-1]) == ["C", "F", "G", "C", "F", "C"]


def test_a_piece_can_consist_of_only_a_pickup(song):
    piece = song([(0, "maj", 0.2)])
    chart = chord_chart(piece, timing=Timing.from_tempo(120, downbeat=2))
    assert chart.splitlines()[-1].split() == ["C", "/", "|"]


def test_silent_and_empty_pieces_have_charts():
    assert bars(chord_chart(np.zeros((16, 12)), timing=Timing.from_tempo(120))) == [
        "N.C.",
        "%",
        "%",
        "%",
    ]
    assert chord_chart([np.empty((0, 12))], timing=TIMING) == ["C major, 120 beats a minute, 4/4"]


def test_each_piece_of_a_collection_has_its_own_title(cadence, tmp_path):
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    charts = chord_chart(
        [cadence, cadence], files, timing=TIMING, title=["Erstes Stück", "Zweites"]
    )
    assert [chart.splitlines()[0] for chart in charts] == ["Erstes Stück", "Zweites"]
    assert files[0].read_text(encoding="utf-8") == charts[0] + "\n"
    with pytest.raises(TypeError, match="title is 'Alle' where X is a collection of 2"):
        chord_chart([cadence, cadence], timing=TIMING, title="Alle")


@pytest.mark.parametrize("write", [chord_chart, to_musicxml])
def test_invalid_titles_are_refused(write, cadence):
    with pytest.raises(TypeError, match="title must be a str or None, not 7"):
        write(cadence, timing=TIMING, title=7)
    with pytest.raises(TypeError, match=r"title\[1\] must be a str or None, not \['b'\]"):
        write([cadence, cadence], timing=TIMING, title=["a", ["b"]])
    with pytest.raises(TypeError, match="title must be a str or None"):
        write(cadence, timing=TIMING, title=["a"])


def test_a_chart_is_written_only_to_files_with_a_text_suffix(cadence, tmp_path):
    for name in ("a.txt", "a.TXT", "a"):
        chord_chart(cadence, tmp_path / name, timing=TIMING)
    with pytest.raises(ValueError, match=r"a\.pdf: '\.pdf' is no suffix .*; use \.txt or none"):
        chord_chart(cadence, tmp_path / "a.pdf", timing=TIMING)
    assert not (tmp_path / "a.pdf").exists()


def test_charts_are_written_to_text_and_binary_file_objects(cadence):
    text, data = io.StringIO(), io.BytesIO()
    charts = chord_chart([cadence] * 2, [text, data], timing=TIMING, title=["Stück"] * 2)
    assert text.getvalue() == charts[0] + "\n"
    assert data.getvalue() == text.getvalue().encode()
