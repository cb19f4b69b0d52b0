"""Laws that hold for every function that names chords or writes pieces."""

import io
import sys

import numpy as np
import pytest

from musicai import ChromaExtractor, Timing
from musicai.midi import write_midi
from musicai.render import (
    chord_chart,
    chroma_to_audio,
    chroma_to_midi,
    recognize_chords,
    to_musicxml,
)

BEATS = Timing.from_tempo(120)
WRITERS = [chord_chart, chroma_to_midi, to_musicxml]
ALL = [recognize_chords, *WRITERS]


def as_bytes(result):
    if hasattr(result, "write"):
        file = io.BytesIO()
        write_midi(file, result)
        return file.getvalue()
    return result if isinstance(result, str) else repr(result)


@pytest.mark.parametrize("render", ALL)
def test_a_collection_of_pieces_gives_a_list_of_results(render, cadence, wild):
    alone = [as_bytes(render(piece, timing=10)) for piece in (cadence, wild)]
    several = render([cadence, np.empty((0, 12)), wild], timing=10)
    assert isinstance(several, list)
    assert [as_bytes(result) for result in several][::2] == alone
    array = np.stack([cadence, cadence])
    assert [as_bytes(result) for result in render(array, timing=10)] == alone[:1] * 2


@pytest.mark.parametrize("render", ALL)
def test_measured_beats_give_the_same_result_as_their_tempo(render, cadence):
    measured = Timing.from_beats(np.arange(len(cadence) + 1) / 2)
    assert as_bytes(render(cadence, timing=measured)) == as_bytes(render(cadence, timing=BEATS))


@pytest.mark.parametrize("write", WRITERS)
def test_times_count_from_the_beginning_of_the_piece(write, cadence):
    borders = 3.0 + np.arange(len(cadence) + 1) / 2
    assert as_bytes(write(cadence, timing=Timing.from_beats(borders))) == as_bytes(
        write(cadence, timing=BEATS)
    )
    part = BEATS[8:]
    assert as_bytes(write(cadence, timing=part)) == as_bytes(write(cadence, timing=BEATS))


@pytest.mark.parametrize("first", [-0.02, -0.7, -3.0, -40.3])
@pytest.mark.parametrize("downbeat", [None, 0, 3])
@pytest.mark.parametrize("frames_per_beat", [1, 2])
def test_measured_beats_with_a_pickup_can_be_written(first, downbeat, frames_per_beat, wild):
    beats = np.concatenate([[first], np.arange(len(wild)) / frames_per_beat])
    timing = Timing.from_beats(
        (beats - first) / 2, beats=beats, frames_per_beat=frames_per_beat, downbeat=downbeat
    )
    assert timing.tempo == pytest.approx(120)
    for each in (timing, timing.at_tempo(90)):
        duration = each.duration()
        assert len(chroma_to_audio(wild, timing=each)) == pytest.approx(duration * 22050, abs=1)
        assert chord_chart(wild, timing=each).count("|") > 3
        assert to_musicxml(wild, timing=each).count("<measure") >= len(beats) // 8
        for grid in (None, 2):
            midi = chroma_to_midi(wild, timing=each, grid=grid)
            assert midi.get_end_time() == pytest.approx(duration)
            assert all(note.end > note.start for note in midi.instruments[0].notes)
            np.testing.assert_allclose(midi.get_tempo_changes()[1], each.tempo, rtol=0.06)


@pytest.mark.parametrize("render", ALL)
def test_each_piece_can_have_its_own_timing(render, cadence, wild):
    timings = [BEATS, Timing.from_rate(10)]
    several = render([cadence, wild], timing=timings)
    for result, piece, timing in zip(several, [cadence, wild], timings, strict=True):
        assert as_bytes(result) == as_bytes(render(piece, timing=timing))


@pytest.mark.parametrize("render", [*ALL, chroma_to_audio])
def test_timing_is_required(render, cadence):
    with pytest.raises(TypeError, match=r"timing is needed .* pass timing=extractor"):
        render(cadence)
    with pytest.raises(
        ValueError, match=r"beats have no tempo: pass timing=analysis\.timing or Tim"
    ):
        render(cadence, timing=ChromaExtractor(sync="beat"))


@pytest.mark.parametrize("write", WRITERS)
def test_notated_tempo_is_refused_for_beats(write, cadence):
    with pytest.raises(ValueError, match=r"these are beats.*pass timing=timing\.at_tempo\(90\)"):
        write(cadence, timing=BEATS, notated_tempo=90)


@pytest.mark.parametrize("write", WRITERS)
def test_files_contain_what_is_returned(write, cadence, wild, tmp_path):
    pieces = [cadence, wild]
    suffix = {chroma_to_midi: "mid", to_musicxml: "musicxml"}.get(write, "txt")
    files = [tmp_path / f"a.{suffix}", io.BytesIO()]
    results = write(pieces, files, timing=BEATS)
    written = [files[0].read_bytes(), files[1].getvalue()]
    for content, result in zip(written, map(as_bytes, results), strict=True):
        expected = result if isinstance(result, bytes) else result.encode()
        assert content.removesuffix(b"\n") == expected.removesuffix(b"\n")
    assert list(tmp_path.iterdir()) == files[:1]
    write(cadence, tmp_path / f"b.{suffix}", timing=BEATS)
    assert (tmp_path / f"b.{suffix}").read_bytes() == written[0]


def test_all_files_are_checked_before_one_is_written(cadence, tmp_path):
    for files, error, message in [
        (["a.mid", "a.mid"], ValueError, "given for two pieces"),
        (["a.mid", "b.wav"], ValueError, r"'\.wav' is no suffix of what is written; use \.mid"),
        (["a.mid", "nowhere/b.mid"], FileNotFoundError, "there is no folder"),
        (["a.mid", None], TypeError, "a path or a file object"),
    ]:
        paths = [file and tmp_path / file for file in files]
        with pytest.raises(error, match=message):
            chroma_to_midi([cadence, cadence], paths, timing=BEATS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("write", [chord_chart, chroma_to_audio, chroma_to_midi, to_musicxml])
def test_a_timing_passed_as_the_file_is_refused(write, cadence):
    with pytest.raises(TypeError, match="file is 10, of type int, where a path .* as timing=10"):
        write(cadence, 10)


def test_the_notated_tempo_does_not_change_the_sound(cadence):
    """This holds for frames at a rate and for measured frames."""
    for timing in (Timing.from_rate(10.77), Timing.from_borders(np.arange(len(cadence) + 1) / 5)):
        plain, slow = (
            chroma_to_midi(cadence, timing=timing, notated_tempo=tempo, grid=None)
            for tempo in (None, 90)
        )
        assert plain.get_tempo_changes()[1] == [pytest.approx(120)]
        assert slow.get_tempo_changes()[1] == [pytest.approx(90)]
        rolls = [midi.get_chroma(fs=20, times=timing.centers(90)) > 0 for midi in (plain, slow)]
        assert np.mean(rolls[0] == rolls[1]) > 0.95
        assert plain.get_end_time() == slow.get_end_time() == timing.duration(90)


@pytest.mark.parametrize("render", ALL)
@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.full((9, 12), np.nan), ValueError, "NaN"),
        (np.full((9, 12), -0.5), ValueError, "chroma cannot be negative: X has -0.5"),
        (np.ones((9, 11)), ValueError, "11 features per frame where 12"),
        (np.ones(12), ValueError, "Reshape your data"),
        ([np.ones((9, 12)), np.ones((9, 13))], ValueError, r"X\[1\] has 13"),
        ("song.wav", TypeError, "ChromaExtractor"),
        ([], ValueError, "empty list"),
    ],
)
def test_invalid_chroma_is_refused(render, X, error, message):
    with pytest.raises(error, match=message):
        render(X, timing=BEATS)


@pytest.mark.parametrize("render", ALL)
def test_invalid_timings_are_refused(render, cadence):
    with pytest.raises(TypeError, match=r"pass seconds as Timing\.from_borders"):
        render(cadence, timing=np.arange(len(cadence) + 1))
    with pytest.raises(ValueError, match="timing has 5 frames but X has 90"):
        render(cadence, timing=Timing.from_borders(np.arange(6)))
    with pytest.raises(ValueError, match=r"timing has 5 frames but X\[1\] has 90"):
        render([cadence[:5], cadence], timing=Timing.from_borders(np.arange(6)))
    for timing in (0, -1, np.inf):
        with pytest.raises(ValueError, match="timing must be a positive number of frames"):
            render(cadence, timing=timing)
    with pytest.raises(TypeError, match="timing must be a Timing, got 'fast'"):
        render(cadence, timing="fast")


@pytest.mark.parametrize("write", WRITERS)
def test_invalid_tempi_and_files_are_refused(write, cadence, tmp_path):
    for tempo in (0, 3, 1e5, "fast"):
        with pytest.raises(ValueError, match="notated_tempo must be None or a number of beats"):
            write(cadence, timing=10, notated_tempo=tempo)
    with pytest.raises(TypeError, match="pass a list with one for each"):
        write([cadence, cadence], tmp_path / "a", timing=10)
    with pytest.raises(ValueError, match="file has 1 entries where X has 2 pieces"):
        write([cadence, cadence], [tmp_path / "a"], timing=10)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        write(cadence, tmp_path / "nowhere" / "a", timing=10)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("render", "parameter", "value"),
    [
        (recognize_chords, "vocabulary", "all"),
        (chord_chart, "vocabulary", None),
        (to_musicxml, "vocabulary", "all"),
        (to_musicxml, "grid", None),
        (to_musicxml, "grid", 5),
        (chroma_to_midi, "instruments", "jazz"),
        (chroma_to_midi, "grid", 0),
        (chroma_to_midi, "grid", 0.5),
    ],
)
def test_invalid_parameters_are_refused(render, parameter, value, cadence):
    with pytest.raises(ValueError, match=f"{parameter} must be"):
        render(cadence, timing=10, **{parameter: value})


@pytest.mark.parametrize(
    ("write", "package", "extra"),
    [(chroma_to_midi, "pretty_midi", "midi"), (to_musicxml, "music21", "score")],
)
def test_the_error_for_a_missing_package_names_its_extra(
    write, package, extra, cadence, monkeypatch
):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"^{write.__name__} needs {package}: .*\[{extra}\]"):
        write(cadence, timing=10)


@pytest.mark.parametrize("package", ["pretty_midi", "mido", "midirenderer"])
def test_the_error_for_a_missing_package_names_the_function(package, cadence, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    message = (
        rf'^chroma_to_audio\(instruments="band"\), unlike instruments="sines", needs {package}: pip'
    )
    with pytest.raises(ImportError, match=message):
        chroma_to_audio(cadence, instruments="band", timing=10)
    assert len(chroma_to_audio(cadence, timing=10))


@pytest.mark.parametrize("write", [to_musicxml, chord_chart])
@pytest.mark.parametrize("title", ["a\x00b", "two\nlines", "\udcff", "\ufffe"])
def test_unprintable_titles_are_refused(write, title, cadence):
    with pytest.raises(ValueError, match="title must be text that can be printed"):
        write(cadence, timing=10, title=title)
