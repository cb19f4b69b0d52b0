import numpy as np
import pytest

from musicai import Timing
from musicai.render import chord_chart, chords_to_chroma, recognize_chords

BEATS = Timing.from_tempo(96)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "timing", [BEATS, Timing.from_tempo(126, frames_per_beat=2), Timing.from_rate(10.77)]
)
def test_chords_are_recognized_in_the_chroma_made_from_them(timing, seed):
    text = "C | Am | F G | Bb | Ebm"
    piece = chords_to_chroma(text, timing=timing, random_state=seed)
    assert [chord.label for chord in recognize_chords(piece, timing=timing)] == (
        ["C", "Am", "F", "G", "Bb", "Ebm"]
    )


def test_a_chart_is_unchanged_by_a_round_trip_through_chroma():
    piece = chords_to_chroma("C | F G | C", timing=BEATS, random_state=0)
    chart = chord_chart(piece, timing=BEATS)
    again = chords_to_chroma(chart, timing=BEATS, random_state=1)
    assert again.shape == (12, 12)
    assert chord_chart(again, timing=BEATS) == chart


def test_frames_of_chords_resemble_frames_of_recordings():
    piece = chords_to_chroma("C7 | % | % | %", timing=Timing.from_rate(10), random_state=0)
    assert piece.dtype == np.float32
    assert (piece.max(axis=1) == 1).all()
    assert (piece > 0).all()
    assert (piece.std(axis=0) > 0.02).all()  # every pitch class varies, as in recordings
    tones = piece[:, [0, 4, 7, 10]]
    assert tones.min(axis=1).mean() > 2 * np.median(piece[:, [1, 2, 3, 6, 8, 9, 11]])


def test_frames_without_a_chord_are_silent():
    piece = chords_to_chroma("C | N", timing=BEATS)
    np.testing.assert_array_equal(piece.any(axis=1), [True] * 4 + [False] * 4)


def test_the_same_seed_gives_the_same_frames():
    one, two, other = (
        chords_to_chroma("C | F", timing=BEATS, random_state=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_chroma_can_be_made_for_beats_without_a_tempo():
    timing = Timing.from_tempo(None, frames_per_beat=2)
    assert chords_to_chroma([("C", 3), ("F", 2)], timing=timing).shape == (5, 12)
    assert chords_to_chroma("C | F", timing=timing).shape == (16, 12)


def test_errors_name_the_invalid_chord():
    with pytest.raises(ValueError, match="chords has 'H' in bar 2"):
        chords_to_chroma("C | H", timing=BEATS)
    with pytest.raises(TypeError, match="timing is needed"):
        chords_to_chroma("C | F", timing=None)
