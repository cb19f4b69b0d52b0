"""Estimation of keys, key names, and transposition to the common key."""

import numpy as np
import pytest

from musicai.theory.keys import SHIFTS_TO_COMMON_KEY, estimate_keys
from musicai.theory.spelling import key_number


def scale(tonic, *, minor=False, width=12, lowest=0):
    """Return the frames of a scale in which the tonic and the fifth are repeated."""
    steps = [0, 0, 2, 3 if minor else 4, 5, 7, 7, 8 if minor else 9, 10 if minor else 11, 0]
    piece = np.zeros((len(steps), width), np.float32)
    octave = 0 if width == 12 else 36
    for frame, step in enumerate(steps):
        pitch = tonic - lowest + step
        piece[frame, pitch % 12 if width == 12 else pitch + octave] = 1
    return piece


@pytest.mark.parametrize("tonic", range(12))
def test_the_key_of_a_scale_is_found(tonic):
    assert estimate_keys([scale(tonic)]) == [tonic]
    assert estimate_keys([scale(tonic, minor=True)]) == [(tonic + 3) % 12]
    assert estimate_keys([scale(tonic, width=88, lowest=9)]) == [tonic]
    assert estimate_keys([scale(tonic, width=128)]) == [tonic]


def test_shifts_transpose_every_key_to_the_common_key():
    for key, shift in enumerate(SHIFTS_TO_COMMON_KEY):
        assert estimate_keys([np.roll(scale(key), shift, axis=1)]) == [0]
        assert -5 <= shift <= 6


@pytest.mark.parametrize(
    ("name", "number"),
    [("C", 0), ("Am", 0), ("a minor", 0), ("F#", 6), ("Gb major", 6), ("ebm", 6), ("B", 11),
     ("C# minor", 4), ("b", 2), ("b major", 11), ("Bb", 10), ("bm", 2), ("d", 5),
     ("C♯", 1), ("Cb", 11)],
)  # fmt: skip
def test_key_names_are_read(name, number):
    assert key_number(name) == number


@pytest.mark.parametrize("name", ["", "H", "m", "C##", "C dorian", "Cmm", 3, None, " ", "Cm major"])
def test_invalid_key_names_are_refused(name):
    with pytest.raises(ValueError, match="key must be the name of a major or minor key"):
        key_number(name)
