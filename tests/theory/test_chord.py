import mir_eval.chord as mir_eval_chord
import numpy as np
import pytest

from musicai import Timing
from musicai.render import Chord, labeled_intervals, recognize_chords
from musicai.theory.spelling import chord_name
from musicai.theory.vocabulary import QUALITIES, TONES


def chord(root, quality, key=0, start=0.0, end=1.0):
    return Chord(root, quality, start, end, chord_name(root, quality, key))


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("key", [0, 1, 6, 11, 12, 15, 18])
def test_mir_eval_reads_the_same_pitch_classes_from_every_label(quality, key):
    for root in range(12):
        found = chord(root, quality, key)
        number, bitmap, bass = mir_eval_chord.encode(found.harte)
        assert number == root
        assert bass == 0
        assert set(np.flatnonzero(np.roll(bitmap, root))) == set(found.pitch_classes)


def test_a_rest_has_the_no_chord_label_of_mir_eval():
    rest = Chord(None, None, 0.0, 1.0, "N.C.")
    assert rest.harte == mir_eval_chord.NO_CHORD


@pytest.mark.parametrize(
    ("root", "quality", "key", "harte"),
    [
        (0, "maj", 0, "C:maj"),
        (10, "m7", 5, "Bb:min7"),
        (6, "m7b5", 4, "F#:hdim7"),
        (6, "maj", 1, "Gb:maj"),
        (6, "maj", 11, "F#:maj"),
        (11, "dim7", 0, "B:dim7"),
        (7, "sus4", 0, "G:sus4"),
    ],
)
def test_roots_are_spelled_in_the_key_of_the_piece(root, quality, key, harte):
    assert chord(root, quality, key).harte == harte


@pytest.mark.parametrize("label", ["", "i", "Cm", "tonic", "♯"])
def test_a_custom_label_does_not_change_the_chord(label):
    assert Chord(10, "min", 0.0, 1.0, label).harte == "Bb:min"


def test_mir_eval_scores_recognized_chords():
    played = [(0, "maj"), (9, "m7"), (2, "7"), (11, "m7b5"), (None, None), (4, "maj")]
    piece = np.zeros((10 * len(played), 12))
    for number, (root, quality) in enumerate(played):
        if root is not None:
            tones = [(root + tone) % 12 for tone in TONES[quality]]
            piece[10 * number : 10 * number + 10, tones] = 1
    chords = recognize_chords(piece, vocabulary="qualities", timing=Timing.from_tempo(300))
    intervals, labels = labeled_intervals(chords)
    times = 2.0 * np.arange(len(played) + 1)
    reference = [
        "N" if root is None else chord(root, quality, key=7).harte for root, quality in played
    ]
    truth = np.column_stack([times[:-1], times[1:]])
    scores = mir_eval_chord.evaluate(truth, reference, intervals, labels)
    assert scores["root"] > 0.95
    assert scores["tetrads"] > 0.95
    assert scores["seg"] > 0.95


def test_an_empty_list_of_chords_gives_no_intervals():
    intervals, labels = labeled_intervals([])
    assert intervals.shape == (0, 2)
    assert labels == []


def test_chords_of_several_pieces_are_refused():
    pieces = recognize_chords([np.eye(12), np.eye(12)], timing=2)
    with pytest.raises(TypeError, match="it contains a list. Pass the chords of one piece"):
        labeled_intervals(pieces)


@pytest.mark.parametrize("chords", [None, 5, Chord(0, "maj", 0.0, 1.0, "C")])
def test_chords_must_be_a_list_of_chords(chords):
    with pytest.raises(TypeError, match=r"must be a list of Chord, .* got an object of type"):
        labeled_intervals(chords)


@pytest.mark.parametrize(
    ("root", "quality", "message"),
    [
        (0, "foo", "quality is 'foo', not a known quality: make the Chord with one of .*'maj'"),
        (0, ["maj"], r"quality is \['maj'\], not a known quality"),
        ("C", "maj", "root is 'C', not a pitch class: .* from 0 for C to 11"),
        (12, "maj", "root is 12, not a pitch class"),
    ],
)
def test_unknown_chords_are_refused(root, quality, message):
    unknown = Chord(root, quality, 0.0, 1.0, "C")
    with pytest.raises(ValueError, match=message):
        _ = unknown.harte
    with pytest.raises(ValueError, match=message):
        _ = unknown.pitch_classes
