import re

import numpy as np
import pytest

from musicai import Timing
from musicai.render import Chord, chord_chart, recognize_chords
from musicai.theory.chord_symbols import FREE, N_CHORDS, quality_and_root, read_symbol
from musicai.theory.progression import frames_of_chords
from musicai.theory.vocabulary import QUALITIES

BEATS = Timing.from_tempo(96)
HALF_BEATS = Timing.from_tempo(96, frames_per_beat=2)
C, D_MINOR, F, G, A_MINOR = (read_symbol(symbol) for symbol in ("C", "Dm", "F", "G", "Am"))


def chord_of(number):
    return None if number == FREE else quality_and_root(number)


@pytest.mark.parametrize(
    ("symbols", "expected"),
    [
        ("C C:maj CM Cmaj C/E C/G C:maj/3 Cadd9", ("maj", 0)),
        ("F#m Gbm F#- F#min F♯m G♭m F#:min Gb:min/b3", ("min", 6)),
        ("G7 G:7 G9 G13 G7b9 G7(b9) G7/B G7alt", ("7", 7)),
        ("Bbmaj7 B♭Δ BbM7 A#^7 Bb:maj7 Bbmaj9", ("maj7", 10)),
        ("Am7 A-7 Ami7 A:min7 Am9 C6 C6/9 C:maj6", ("m7", 9)),
        ("Bm7b5 Bø B:hdim7 B-7b5 Dm6 D:min6", ("m7b5", 11)),
        ("Cdim C° Co C:dim", ("dim", 0)),
        ("Cdim7 C°7 C:dim7", ("dim7", 0)),
        ("E+ Eaug E:aug", ("aug", 4)),
        ("Gsus4 Gsus G:sus4 G7sus4 Csus2", ("sus4", 7)),
        ("* N N.C. X", None),
    ],
)
def test_different_symbols_of_a_chord_are_read_as_the_same_chord(symbols, expected):
    assert {chord_of(read_symbol(symbol)) for symbol in symbols.split()} == {expected}


@pytest.mark.parametrize("symbol", ["H", "c", "C5", "Cmoll", "Am/", "", "7", None, 5, "C|"])
def test_unknown_symbols_are_refused(symbol):
    with pytest.raises(ValueError, match="is not a known chord symbol"):
        read_symbol(symbol)


def test_chart_and_harte_labels_of_every_chord_are_read_back():
    for number in range(N_CHORDS):
        quality, root = quality_and_root(number)
        name = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"][root]
        chord = Chord(root, quality, 0.0, 1.0, name + QUALITIES[quality].suffix)
        assert read_symbol(chord.label) == read_symbol(chord.harte) == number


def test_chords_share_the_beats_of_their_bar_equally():
    assert frames_of_chords("C | F G", BEATS).tolist() == [C] * 4 + [F] * 2 + [G] * 2
    waltz = Timing.from_tempo(96, frames_per_beat=2, beats_per_bar=3)
    assert frames_of_chords("C | F G Am", waltz).tolist() == [C] * 6 + [
        F,
        F,
        G,
        G,
        A_MINOR,
        A_MINOR,
    ]


@pytest.mark.parametrize(
    ("text", "written_out"),
    [
        ("C | % | F", "C | C | F"),
        ("C G | % | F", "C G | C G | F"),
        ("C / F / | %", "C C F F | C C F F"),
        ("C | / F", "C | C F"),
        ("| C | F |\n| G | Am |", "C | F | G | Am"),
        ("C | F || G | Am", "C | F | G | Am"),
        ("C | * | N", "C | X | N.C."),
    ],
)
def test_repeat_signs_and_bar_lines_are_read(text, written_out):
    assert np.array_equal(frames_of_chords(text, BEATS), frames_of_chords(written_out, BEATS))


def test_bars_last_2_seconds_if_frames_are_at_a_rate():
    rate = Timing.from_rate(10)  # four beats at 120 beats a minute last 2 s
    assert frames_of_chords("C | F", rate).tolist() == [C] * 20 + [F] * 20


def pieces_of_chords(numbers):
    frames = np.zeros((len(numbers), 12))
    for frame, number in zip(frames, numbers, strict=True):
        quality, root = quality_and_root(number)
        frame[[(root + tone) % 12 for tone in QUALITIES[quality].tones]] = 1
    return frames


@pytest.mark.parametrize(
    "timing",
    [
        HALF_BEATS,
        Timing.from_tempo(100, beats_per_bar=3),
        Timing.from_tempo(100, beats_per_bar=4, downbeat=2),
    ],
)
def test_a_written_chart_is_read_back(timing):
    asked = [C] * 8 + [F] * 4 + [G] * 4 + [A_MINOR] * 8 + [F] * 8 + [C] * 16
    chart = chord_chart(pieces_of_chords(asked), timing=timing, title="A | B")
    read = frames_of_chords(chart, timing)
    assert read[: len(asked)].tolist() == asked
    assert set(read[len(asked) :]) <= {C}  # fills the last bar


def test_a_chart_of_frames_at_a_rate_is_read_back():
    timing = Timing.from_rate(10)
    piece = pieces_of_chords([C] * 30 + [F] * 30 + [G] * 40)
    written = {"timing": timing, "notated_tempo": 100, "key": "C"}
    chart = chord_chart(piece, **written)
    again = pieces_of_chords(frames_of_chords(chart, timing))
    assert chord_chart(again, **written) == chart


def test_recognized_chords_are_accepted_as_a_progression():
    asked = [C] * 8 + [F] * 4 + [G] * 4
    for timing in (BEATS, HALF_BEATS, Timing.from_rate(3)):
        chords = recognize_chords(pieces_of_chords(asked), timing=timing)
        assert frames_of_chords(chords, timing).tolist() == asked


def test_gaps_between_chords_are_left_open():
    chords = [Chord(0, "maj", 1.0, 2.0, "C"), Chord(None, None, 2.0, 3.0, "N.C.")]
    chords.append(Chord(5, "maj", 4.0, 5.0, "F"))
    timing = Timing.from_tempo(60)
    assert frames_of_chords(chords, timing).tolist() == [FREE, C, FREE, FREE, F]


def test_pairs_need_no_timing():
    pairs = [("C", 3), ("*", 1), ("D:min", 2)]
    assert frames_of_chords(pairs, None).tolist() == [C] * 3 + [FREE] + [D_MINOR] * 2


@pytest.mark.parametrize(
    ("chords", "message"),
    [
        ("C | Am | H7 G", "chords has 'H7' in bar 3: 'H7' is not a known chord"),
        ("C |  | G", "chords has nothing in bar 2: write %"),
        ("% | G", "chords has '%' in bar 1, but no chord before it"),
        ("C | C F C F C", "chords has 5 chords in bar 2, which has only 4 frames"),
        ("", "chords is empty"),
        ([], "chords is empty"),
        ([("C", 4), ("H", 4)], "chords has 'H' at index 1: 'H' is not a known chord"),
        ([("C", 4), ("F", 0)], r"chords\[1\] lasts 0 frames"),
        ([("C", 4), ("F", 2.5)], r"chords\[1\] lasts 2.5 frames"),
        (
            [Chord(0, "maj", 0.0, 2.0, "C"), Chord(5, "maj", 1.0, 3.0, "F")],
            "'F' at index 1, which begins before the previous chord ends",
        ),
        ([Chord(0, "power", 0.0, 2.0, "C5")], "quality is 'power'"),
        ([Chord(0, "maj", float("nan"), 2.0, "C")], r"chords\[0\] lasts from nan to 2.0: expected"),
        ([Chord(0, "maj", "0", "2", "C")], r"chords\[0\] lasts from '0' to '2': expected seconds"),
        ("C major, 0 beats a minute, 4/4\n| C |", "chart with 0 beats a minute.* from 4 to 1000"),
        ("C major, 90 beats a minute, 0/4\n| C |", "0 beats per bar: .* at least one beat"),
    ],
)
def test_errors_say_where_the_mistake_is(chords, message):
    with pytest.raises(ValueError, match=message):
        frames_of_chords(chords, BEATS)


@pytest.mark.parametrize(
    "chords",
    [5, {"C": 4}, {("C", 4)}, np.array("C"), [5], ["C", "F"], [("C", 1, 2)], b"C", None],
)
def test_chords_of_unsupported_types_are_refused(chords):
    with pytest.raises(TypeError, match=re.escape("pass text such as 'C | Am | F G | C'")):
        frames_of_chords(chords, BEATS)


def test_a_progression_longer_than_n_frames_is_refused():
    assert len(frames_of_chords("C | F", BEATS, 8)) == 8
    with pytest.raises(
        ValueError, match="lasts 12 frames but n_frames is 8, which ends before .* 'G' in bar 3"
    ):
        frames_of_chords("C | F | G", BEATS, 8)


def test_bars_and_seconds_need_a_timing():
    with pytest.raises(ValueError, match="in bars, but the timing of the frames is unknown"):
        frames_of_chords("C | F", None)
    with pytest.raises(ValueError, match="timing of the frames is measured, .*: pass pairs"):
        frames_of_chords("C | F", Timing.from_beats([0.0, 0.5, 1.0]))
    with pytest.raises(ValueError, match="in seconds, but the timing of the frames is unknown"):
        frames_of_chords([Chord(0, "maj", 0.0, 2.0, "C")], None)
