import pytest

from musicai.theory.keys import KEY_PROFILES
from musicai.theory.spelling import (
    chord_name,
    estimated_key,
    key_name,
    note_name,
    place_in_chord,
    root_place,
    signature,
)
from musicai.theory.vocabulary import TONES

KEYS = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
MINOR_KEYS = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"]


@pytest.mark.parametrize("key", range(24))
def test_keys_are_named_with_the_fewest_accidentals(key):
    names = [f"{name} major" for name in KEYS] + [f"{name} minor" for name in MINOR_KEYS]
    names[12 + 3] = "D# minor"  # six sharps, like F# major
    assert key_name(key) == names[key]
    assert estimated_key(KEY_PROFILES[[key]]) == key
    assert abs(signature(key)) <= 6


@pytest.mark.parametrize(
    ("key", "chords"),
    [
        ("C major", "C Dm Em F G Am Bdim Ab Eb Bb F#dim"),
        ("F major", "F Gm Am Bb C Dm Edim Eb Db C#dim"),
        ("A major", "A Bm C#m D E F#m G#dim C F"),
        ("Db major", "Db Ebm Fm Gb Ab Bbm Cdim"),
        ("C minor", "Cm Ddim Eb Fm Gm Ab Bb G Bdim Db"),
        ("A minor", "Am Bdim C Dm E F G G#dim Bb F#m7b5"),
        ("C# minor", "C#m D#dim E F#m G#m A B"),
        ("B major", "B C#m D#m E F# G#m A#dim"),
    ],
)
def test_chords_are_spelled_in_the_key(key, chords):
    number = [key_name(k) for k in range(24)].index(key)
    pitch_classes = {name: i for i, name in enumerate(KEYS)}
    pitch_classes |= {"C#": 1, "D#": 3, "Gb": 6, "G#": 8, "A#": 10}
    for name in chords.split():
        root = name[:2] if name[1:2] in ("#", "b") else name[0]
        quality = {"": "maj", "m": "min"}.get(name[len(root) :], name[len(root) :])
        assert chord_name(pitch_classes[root], quality, number) == name


@pytest.mark.parametrize("quality", TONES)
def test_chords_are_spelled_in_thirds_above_the_root(quality):
    letters_above = {0: 0, 3: 2, 4: 2, 5: 3, 6: 4, 7: 4, 8: 4, 9: 6, 10: 6, 11: 6}
    for key in range(24):
        for root in range(12):
            place = root_place(root, quality, key)
            names = [
                note_name(place_in_chord((root + tone) % 12, place, key)) for tone in TONES[quality]
            ]
            if any(len(name) > 2 for name in names):
                pytest.fail(f"{names} have double accidentals")
            letters = ["CDEFGAB".index(name[0]) for name in names]
            if 1 <= place <= 4:  # other roots may need a respelled tone to avoid double accidentals
                steps = [letters_above[tone] for tone in TONES[quality]]
                assert [(each - letters[0]) % 7 for each in letters] == steps, names


def test_note_names_have_the_right_pitch_class():
    naturals = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
    for place in range(-8, 13):
        name = note_name(place)
        sounding = naturals[name[0]] + name.count("#") - name.count("b")
        assert sounding % 12 == 7 * place % 12
