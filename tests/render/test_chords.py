from itertools import pairwise

import numpy as np
import pytest

from musicai import Timing
from musicai.render import Chord, note_names, recognize_chords
from musicai.theory.vocabulary import TONES

from .conftest import FRAMES_PER_SECOND, TIMING


def names(chords):
    return [chord.label for chord in chords]


@pytest.mark.parametrize("quality", TONES)
@pytest.mark.parametrize("root", range(0, 12, 5))
def test_chords_are_recognized_by_their_tones(quality, root, song):
    piece = song([(root, quality, 3)])
    (chord,) = recognize_chords(piece, vocabulary="qualities", timing=TIMING)
    assert set(chord.pitch_classes) == {(root + tone) % 12 for tone in TONES[quality]}
    if quality not in ("dim7", "aug"):  # these have the same tones on several roots
        assert (chord.root, chord.quality) == (root, quality)
    assert (chord.start, chord.end) == (0, 3)


def test_chords_follow_one_another_without_gaps(cadence, wild):
    for vocabulary in ("triads", "qualities"):
        for piece in (cadence, wild):
            chords = recognize_chords(piece, vocabulary=vocabulary, timing=TIMING)
            assert chords[0].start == 0
            assert chords[-1].end == len(piece) / FRAMES_PER_SECOND
            for before, after in pairwise(chords):
                assert before.end == after.start
                assert (before.root, before.quality) != (after.root, after.quality)
    chords = recognize_chords(cadence, timing=TIMING)
    assert [(*chord[2:4], chord.label) for chord in chords] == [
        (0, 2, "C"),
        (2, 4, "F"),
        (4, 6, "G"),
        (6, 8, "C"),
        (8, 9, "N.C."),
    ]


def test_one_unclear_frame_does_not_change_the_chord(song):
    piece = song([(0, "maj", 6)])
    piece[30, [0, 4, 7, 9]] = 1, 1, 0.7, 0.9  # this frame alone is closer to A minor
    (alone,) = recognize_chords(piece[30:31], timing=TIMING)
    assert alone.label == "Am"
    assert names(recognize_chords(piece, timing=TIMING)) == ["C"]
    slow = np.repeat(piece, 30, axis=0)  # now the unclear part lasts for three seconds
    assert names(recognize_chords(slow, timing=TIMING)) == ["C", "Am", "C"]


@pytest.mark.parametrize("semitones", range(12))
def test_transposition_transposes_chords(semitones, cadence):
    still = recognize_chords(cadence, vocabulary="qualities", timing=TIMING)
    moved = recognize_chords(
        np.roll(cadence, semitones, axis=1), vocabulary="qualities", timing=TIMING
    )
    for before, after in zip(still, moved, strict=True):
        assert after.quality == before.quality
        assert after[2:4] == before[2:4]
        if before.root is not None:
            assert after.root == (before.root + semitones) % 12


def test_loudness_and_noise_do_not_change_chords(cadence):
    expected = names(recognize_chords(cadence, timing=TIMING))
    assert names(recognize_chords(0.01 * cadence, timing=TIMING)) == expected
    dense = np.where(cadence.any(axis=1, keepdims=True), cadence + 0.5, 0)
    assert names(recognize_chords(dense, timing=TIMING)) == expected


def test_silent_and_empty_pieces_have_no_chords():
    (rest,) = recognize_chords(np.zeros((20, 12)), timing=TIMING)
    assert rest == Chord(None, None, 0.0, 2.0, "N.C.")
    assert rest.pitch_classes == ()
    assert recognize_chords([np.empty((0, 12))], timing=TIMING) == [[]]


def test_chords_are_recognized_in_beats_of_different_lengths(cadence):
    beats = cadence[::5]
    times = np.concatenate([[0.0], np.cumsum(np.linspace(0.4, 0.6, len(beats)))])
    chords = recognize_chords(beats, timing=Timing.from_beats(times))
    assert names(chords) == ["C", "F", "G", "C", "N.C."]
    assert [chord.start for chord in chords] == [times[i] for i in (0, 4, 8, 12, 16)]


def test_the_root_of_a_diminished_seventh_is_the_leading_tone_of_the_key(song):
    a_minor = song([(9, "min", 4), (11, "dim7", 2), (4, "maj", 2), (9, "min", 4)])
    for semitones, name in ((0, "G#dim7"), (2, "A#dim7"), (3, "Bdim7"), (5, "C#dim7")):
        chords = recognize_chords(
            np.roll(a_minor, semitones, axis=1), vocabulary="qualities", timing=TIMING
        )
        assert chords[1].label == name


@pytest.mark.parametrize("transposed", [0, 2, 5])
def test_note_names_are_spelled_like_chord_names(transposed, cadence):
    piece = np.roll(cadence, transposed, axis=1)
    spelled = note_names(piece)
    for chord in recognize_chords(piece, timing=TIMING):
        if chord.root is not None:
            assert chord.label.startswith(spelled[chord.root])


def test_notes_are_spelled_in_the_given_key():
    pieces = [np.zeros((3, 12)), np.zeros((0, 12))]
    for key, name in (("F", "Bb"), ("B", "A#"), ("c", "Bb")):
        assert note_names(pieces[0], key=key)[10] == name
        assert [names[10] for names in note_names(pieces, key=key)] == [name, name]
    with pytest.raises(ValueError, match="key must be the name of a major or minor key"):
        note_names(pieces[0], key="H")
