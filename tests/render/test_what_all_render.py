"""What holds for all that names or writes down chroma."""

import io
import sys

import numpy as np
import pytest

from musicai.render import (
    chord_chart,
    chroma_to_audio,
    chroma_to_midi,
    recognize_chords,
    to_musicxml,
)

WRITERS = [chord_chart, chroma_to_midi, to_musicxml]
ALL = [recognize_chords, *WRITERS]


def as_bytes(result):
    if hasattr(result, "write"):
        file = io.BytesIO()
        result.write(file)
        return file.getvalue()
    return result if isinstance(result, str) else repr(result)


@pytest.mark.parametrize("render", ALL)
def test_answers_in_kind(render, cadence, wild):
    alone = [as_bytes(render(piece)) for piece in (cadence, wild)]
    several = render([cadence, np.empty((0, 12)), wild])
    assert isinstance(several, list)
    assert [as_bytes(result) for result in several][::2] == alone
    array = np.stack([cadence, cadence])
    assert [as_bytes(result) for result in render(array)] == [as_bytes(render(cadence))] * 2


@pytest.mark.parametrize("render", ALL)
def test_times_at_a_frame_rate_change_no_chord(render, cadence):
    times = np.arange(len(cadence) + 1) / 2
    if render is recognize_chords:
        assert render(cadence, times=times) == render(cadence, frame_rate=2)
    else:  # half a second at 120 beats a minute is a beat
        assert as_bytes(render(cadence, times=times)) == as_bytes(render(cadence, frame_rate=2))
    later = [times + 3.0]
    assert as_bytes(render([cadence], times=later)[0]) == as_bytes(render(cadence, times=times))


@pytest.mark.parametrize("write", WRITERS)
def test_writes_what_it_returns(write, cadence, wild, tmp_path):
    pieces = [cadence, wild]
    suffix = {chroma_to_midi: "mid", to_musicxml: "musicxml"}.get(write, "txt")
    files = [tmp_path / f"a.{suffix}", io.BytesIO()]
    results = write(pieces, files)
    written = [files[0].read_bytes(), files[1].getvalue()]
    for content, result in zip(written, map(as_bytes, results), strict=True):
        expected = result if isinstance(result, bytes) else result.encode()
        assert content.removesuffix(b"\n") == expected.removesuffix(b"\n")
    assert list(tmp_path.iterdir()) == files[:1]
    write(cadence, tmp_path / f"b.{suffix}")
    assert (tmp_path / f"b.{suffix}").read_bytes() == written[0]


def test_files_are_checked_before_anything_is_made(cadence, tmp_path):
    for files, error, message in [
        (["a.mid", "a.mid"], ValueError, "given for two pieces"),
        (["a.mid", "b.wav"], ValueError, r"'\.wav' is no suffix of what is written; use \.mid"),
        (["a.mid", "nowhere/b.mid"], FileNotFoundError, "there is no folder"),
        (["a.mid", None], TypeError, "a path or a file object"),
    ]:
        paths = [file and tmp_path / file for file in files]
        with pytest.raises(error, match=message):
            chroma_to_midi([cadence, cadence], paths)
    assert not list(tmp_path.iterdir())


def test_times_of_single_frames_are_no_beats(cadence):
    times = np.arange(len(cadence) + 1) / 10.77
    assert chroma_to_midi(cadence, times=times, tempo=90).get_tempo_changes()[1] == [
        pytest.approx(90)
    ]


@pytest.mark.parametrize("render", ALL)
@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.full((9, 12), np.nan), ValueError, "NaN"),
        (np.full((9, 12), -0.5), ValueError, "no negative values: X has -0.5"),
        (np.ones((9, 11)), ValueError, "11 features per frame where 12"),
        (np.ones(12), ValueError, "2D"),
        ([np.ones((9, 12)), np.ones((9, 13))], ValueError, r"X\[1\] has 13"),
        ("song.wav", TypeError, "ChromaExtractor"),
        ([], ValueError, "empty list"),
    ],
)
def test_what_is_no_chroma(render, X, error, message):
    with pytest.raises(error, match=message):
        render(X)


@pytest.mark.parametrize("render", ALL)
def test_impossible_times(render, cadence):
    for times in ([0.0, 1.0], np.linspace(0, 5, 6), np.arange(len(cadence) + 1)[::-1]):
        with pytest.raises(ValueError, match="times"):
            render(cadence, times=times)
    for frame_rate in (0, -1, "fast", np.inf):
        with pytest.raises(ValueError, match="frame_rate must be"):
            render(cadence, frame_rate=frame_rate)


@pytest.mark.parametrize("write", WRITERS)
def test_impossible_tempi_and_files(write, cadence, tmp_path):
    for tempo in (0, 3, 1e5, None):
        with pytest.raises(ValueError, match="tempo must be a number of beats"):
            write(cadence, tempo=tempo)
    with pytest.raises(TypeError, match="pass a list with one for each"):
        write([cadence, cadence], tmp_path / "a")
    with pytest.raises(ValueError, match="file has 1 entries where X has 2 pieces"):
        write([cadence, cadence], [tmp_path / "a"])
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        write(cadence, tmp_path / "nowhere" / "a")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("render", "parameter", "value"),
    [
        (recognize_chords, "vocabulary", "all"),
        (chord_chart, "vocabulary", None),
        (to_musicxml, "vocabulary", "all"),
        (to_musicxml, "grid", None),
        (to_musicxml, "grid", 5),
        (chroma_to_midi, "style", "jazz"),
        (chroma_to_midi, "grid", 0),
        (chroma_to_midi, "grid", 0.5),
    ],
)
def test_impossible_parameters(render, parameter, value, cadence):
    with pytest.raises(ValueError, match=f"{parameter} must be"):
        render(cadence, **{parameter: value})


@pytest.mark.parametrize(
    ("write", "package", "extra"),
    [(chroma_to_midi, "pretty_midi", "midi"), (to_musicxml, "music21", "score")],
)
def test_a_missing_package_is_named(write, package, extra, cadence, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"^{write.__name__} needs {package}: .*\[{extra}\]"):
        write(cadence)


@pytest.mark.parametrize("package", ["pretty_midi", "mido", "midirenderer"])
def test_a_missing_package_of_a_style_names_what_was_called(package, cadence, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    message = rf'^chroma_to_audio\(style="band"\), unlike style="sines", needs {package}: pip'
    with pytest.raises(ImportError, match=message):
        chroma_to_audio(cadence, style="band")
    assert len(chroma_to_audio(cadence))


@pytest.mark.parametrize("write", [to_musicxml, chord_chart])
@pytest.mark.parametrize("title", ["a\x00b", "two\nlines", "\udcff", "\ufffe"])
def test_titles_can_be_printed(write, title, cadence):
    with pytest.raises(ValueError, match="title must be text that can be printed"):
        write(cadence, title=title)
