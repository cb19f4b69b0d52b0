import subprocess
import sys
import warnings
from fractions import Fraction
from xml.etree import ElementTree

import numpy as np
import pytest

from musicai import Timing
from musicai.render import recognize_chords, to_musicxml
from musicai.render._notation import scientific_name, written_lengths

from .conftest import FRAMES_PER_SECOND, TIMING

pytest.importorskip("music21")


def read(musicxml):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # music21 warns about its own code
        from music21 import converter

        return converter.parse(musicxml, format="musicxml", forceSource=True)


def notes(part):
    """Return (start, end, MIDI number) of all notes; tied notes count as one."""
    return [
        (float(sign.offset), float(sign.offset + sign.quarterLength), pitch.midi)
        for sign in part.flatten().stripTies().notes
        if sign.quarterLength > 0  # chord symbols have no length
        for pitch in sign.pitches
    ]


@pytest.mark.parametrize("grid", [1, 2, 3, 4])
@pytest.mark.parametrize("vocabulary", ["triads", "qualities"])
def test_every_bar_is_full(grid, vocabulary, wild, cadence):
    for piece in (wild, cadence):
        score = read(to_musicxml(piece, grid=grid, vocabulary=vocabulary, timing=TIMING))
        assert len(score.parts) == 2
        n_bars = int(np.ceil(len(piece) / FRAMES_PER_SECOND * 2 / 4))
        for part in score.parts:
            measures = list(part.getElementsByClass("Measure"))
            assert len(measures) in (n_bars, n_bars + 1)  # one more if there is a pickup
            assert [measure.number for measure in measures] == list(range(1, len(measures) + 1))
            for measure in measures:
                lengths = [s.quarterLength for s in measure.notesAndRests if s.quarterLength > 0]
                assert sum(map(Fraction, lengths)) == 4


@pytest.mark.parametrize("grid", [1, 2, 3, 4])
@pytest.mark.parametrize("beats", [0.05, 4.05, 4.09, 4.12, 4.3, 4.5, 4.97])
def test_a_short_remainder_at_the_end_has_no_note(grid, beats, song):
    """The melody does not go beyond the last chord, although another tone begins there."""
    piece = song([(0, "maj", 60)])[: round(60 * beats)]
    piece[240:] = np.eye(12)[9]
    score = read(to_musicxml(piece, grid=grid, timing=Timing.from_tempo(60, frames_per_beat=60)))
    ends = [max(each[1] for each in notes(part)) for part in score.parts]
    assert max(ends) - min(ends) < 1
    assert max(ends) == max(1, np.ceil(beats - 0.1)) or grid > 1


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"title": "A title"},
        {"title": "Instruments: <score-instrument>"},
        {"vocabulary": "qualities", "grid": 3},
        {"timing": Timing.from_tempo(96, beats_per_bar=3, downbeat=1)},
    ],
)
@pytest.mark.parametrize("n_frames", [1, 2, None])
def test_each_part_has_an_instrument(options, n_frames, cadence):
    """Without an instrument, MuseScore guesses one, or treats a part as drums."""
    for piece in (cadence[:n_frames], np.zeros((5, 12))):
        musicxml = to_musicxml(piece, **{"timing": TIMING, **options})
        tree = ElementTree.fromstring(musicxml)
        parts = tree.findall("part-list/score-part")
        assert len(parts) == 2
        found = [
            [part.find("score-instrument").get("id"), part.find("midi-instrument").get("id")]
            for part in parts
        ]
        assert found == [["I1", "I1"], ["I2", "I2"]]
        assert [part.findtext("score-instrument/instrument-name") for part in parts] == [
            "Piano"
        ] * 2
        assert [part.findtext("midi-instrument/midi-program") for part in parts] == ["1", "1"]
        assert [part.findtext("midi-instrument/midi-channel") for part in parts] == ["1", "2"]
        assert [part.findtext("part-name") for part in parts] == ["Melody", "Chords"]
        names = [part.getInstrument().instrumentName for part in read(musicxml).parts]
        assert names == ["Piano", "Piano"]


def test_a_score_has_title_tempo_and_notes(cadence):
    moved = np.roll(cadence, 5, axis=1)  # F, Bb, C, F
    musicxml = to_musicxml(moved, timing=TIMING, title="Ä & <b>")
    score = read(musicxml)
    assert score.metadata.bestTitle == "Ä & <b>"
    upper, lower = score.parts
    signs = upper.flatten()
    mark = signs.getElementsByClass("MetronomeMark").first()
    assert mark.number == 120
    assert mark.placement == "above"  # otherwise MuseScore writes it between the staves
    assert signs.getElementsByClass("TimeSignature").first().ratioString == "4/4"
    assert signs.getElementsByClass("KeySignature").first().sharps == -1
    symbols = [(s.offset, s.figure) for s in signs.getElementsByClass("Harmony")]
    assert symbols == [(0, "F"), (4, "B-"), (8, "C"), (12, "F"), (16, "N.C.")]
    chords = {}
    for start, end, pitch in notes(lower):
        assert end - start == 4
        chords.setdefault(start, set()).add(pitch % 12)
    assert chords == {0: {5, 9, 0}, 4: {10, 2, 5}, 8: {0, 4, 7}, 12: {5, 9, 0}}
    assert {p.name for s in lower.flatten().notes for p in s.pitches} == set("FACDEG") | {"B-"}


def test_a_pickup_is_in_a_bar_of_its_own(song):
    piece = song([(7, "maj", 0.1), (0, "maj", 0.4), (5, "maj", 0.4), (0, "maj", 0.4)])
    score = read(to_musicxml(piece, timing=Timing.from_tempo(120, downbeat=None)))
    symbols = score.parts[0].flatten().getElementsByClass("Harmony")
    assert [(s.offset, s.figure) for s in symbols] == [(3, "G"), (4, "C"), (8, "F"), (12, "C")]
    for part in score.parts:
        assert min(start for start, _, _ in notes(part)) == 3


def test_triplets_have_a_bracket_for_each_beat():
    tones = np.eye(12)[np.random.default_rng(0).integers(0, 12, 60)]
    timing = Timing.from_tempo(60, frames_per_beat=3)
    root = ElementTree.fromstring(to_musicxml(tones, grid=3, timing=timing))
    lengths = []
    for note in root.findall("part[@id='P1']/measure/note"):
        kinds = [tuplet.get("type") for tuplet in note.findall("notations/tuplet")]
        if note.find("time-modification") is None:
            assert kinds == []
            continue
        if "start" in kinds:
            lengths.append(0)
        lengths[-1] += int(note.findtext("duration"))
        assert ("stop" in kinds) == (lengths[-1] == int(root.findtext(".//divisions")))
    assert len(lengths) > 5


def test_the_melody_of_the_piece_is_found(song):
    """A tone outside the chord is in the melody while it sounds."""
    piece = song([(0, "maj", 4)])
    piece[10:20, 2] = piece[30:35, 2] = 1
    upper, _ = read(to_musicxml(piece, timing=TIMING)).parts
    melody = {(start, end, pitch % 12) for start, end, pitch in notes(upper)}
    assert {(2, 4, 2), (6, 7, 2)} <= melody


def test_every_run_writes_the_same_score(wild, tmp_path):
    here = to_musicxml(wild, timing=TIMING)
    assert to_musicxml(wild, timing=TIMING) == here
    np.save(tmp_path / "wild.npy", wild)
    code = (
        "import sys, numpy as np; from musicai import Timing; "
        "from musicai.render import to_musicxml; "
        "timing = Timing.from_tempo(120, frames_per_beat=5); "
        "to_musicxml(np.load(sys.argv[1]), sys.argv[2], timing=timing)"
    )
    path = tmp_path / "score.musicxml"
    ended = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "wild.npy", path],
        check=True,
        capture_output=True,
        text=True,
    )
    assert path.read_text(encoding="utf-8") == here
    assert ended.stdout + ended.stderr == ""
    assert "date" not in here
    assert "music21" not in here.lower()


def test_silent_and_empty_pieces_have_scores():
    empty, silent = to_musicxml([np.empty((0, 12)), np.zeros((80, 12))], timing=TIMING)
    for musicxml, n_bars in ((empty, 1), (silent, 4)):
        score = read(musicxml)
        for part in score.parts:
            assert notes(part) == []
            measures = list(part.getElementsByClass("Measure"))
            assert len(measures) == n_bars
            assert all(
                len(measure.notesAndRests.getElementsByClass("Rest")) == 1 for measure in measures
            )
    assert ElementTree.fromstring(empty).tag == "score-partwise"


def test_chord_symbols_are_the_recognized_chords(song):
    frames = song([(2, "m7", 0.8), (7, "7", 0.4), (0, "maj7", 1.2), (9, "min", 0.4)] * 3)
    timing = Timing.from_tempo(120)
    score = read(to_musicxml(frames, timing=timing, vocabulary="qualities"))
    symbols = score.parts[0].flatten().getElementsByClass("Harmony")
    chords = recognize_chords(frames, timing=timing, vocabulary="qualities")
    pickup = symbols[0].offset
    assert [symbol.offset - pickup for symbol in symbols] == [2 * each.start for each in chords]
    for symbol, chord in zip(symbols, chords, strict=True):
        assert {p.pitchClass for p in symbol.pitches} == set(chord.pitch_classes)


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_a_single_symbol_can_show_each_written_length(steps):
    readable = {Fraction(n, 8) for n in (32, 24, 16, 12, 8, 6, 4, 3, 2, 1)}
    readable |= {Fraction(1, 3), Fraction(2, 3)}
    grid = [Fraction(i, steps) for i in range(4 * steps + 1)]
    for i, start in enumerate(grid):
        for end in grid[i + 1 :]:
            lengths = written_lengths(start, end)
            assert sum(lengths) == end - start
            assert set(lengths) <= readable
            at = start
            for length in lengths:
                if length.denominator == 3:  # a triplet lies within its beat
                    assert int(at) == int(at + length - Fraction(1, 6))
                at += length
            if start.denominator > 1 and start < 2 < end:
                assert Fraction(2) in {start + sum(lengths[:k]) for k in range(len(lengths))}


def test_the_octave_in_a_note_name_ignores_accidentals():
    assert [scientific_name(60, name) for name in ("C", "B#", "Dbb")] == ["C4", "B#3", "D--4"]
    assert scientific_name(59, "Cb") == "C-4"
    assert scientific_name(70, "Bb") == "B-4"
