"""Rules of styles: chord progressions, and how to play them.

Progressions are in C, with spaces between bars and commas between the chords of a bar.
"""

import re
from typing import NamedTuple

from ..theory.spelling import PITCH_CLASS_OF
from ..theory.vocabulary import QUALITIES


class Sounding(NamedTuple):
    """Chord in a progression."""

    root: int  # semitones above the tonic
    quality: str
    start: float  # in beats
    end: float

    @property
    def tones(self) -> tuple[int, ...]:
        """Pitch classes of the chord relative to the tonic, from the root up."""
        return tuple((self.root + tone) % 12 for tone in QUALITIES[self.quality].tones)


class Mode(NamedTuple):
    """Scale and progressions of a mode."""

    minor: bool  # whether pieces in this mode are labeled as minor
    scale: tuple[int, ...]  # tones of melodies, in semitones above the tonic
    home: str  # final chord
    progressions: tuple[str, ...]


class Style(NamedTuple):
    """Modes of a style, and rules for playing its progressions."""

    modes: tuple[Mode, ...]
    form: str  # a letter per section; equal letters share a progression
    improvised: bool  # whether a repeated section has new notes
    bass: str  # "walking", "pulse", "held", "steps" or "short"
    strokes: tuple[float, ...]  # beats of the bar, from 0, on which chords are struck
    busy: float  # probability of a melody note between two beats
    beats: int = 4  # per bar


def read_progression(text: str, beats: int) -> list[Sounding]:
    """Parse a progression such as "Dm7,G7 C", which has two bars of `beats` beats."""
    chords = []
    for bar, names in enumerate(text.split()):
        name_list = names.split(",")
        share = beats / len(name_list)
        for i, name in enumerate(name_list):
            start = bar * beats + i * share
            chords.append(Sounding(*_read_name(name), start, start + share))
    return chords


def _read_name(name: str) -> tuple[int, str]:
    root, suffix = re.fullmatch("([A-G][#b]?)(.*)", name).groups()  # type: ignore[union-attr]
    return PITCH_CLASS_OF[root], _BY_SUFFIX[suffix]


_BY_SUFFIX = {quality.suffix: name for name, quality in QUALITIES.items()}

_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
_DORIAN, _MIXOLYDIAN = (0, 2, 3, 5, 7, 9, 10), (0, 2, 4, 5, 7, 9, 10)
_BLUES = (0, 3, 5, 6, 7, 10)

STYLES = {
    "baroque": Style(
        modes=(
            Mode(
                False,
                _MAJOR,
                "C",
                (
                    "C,F Bdim,Em Am,Dm G7,C",  # falling fifths
                    "C,F Bdim,Em Am,D7 G,G7",
                    "C,G Am,Em F,C F,G",  # like Pachelbel's ground
                    "C,Am Dm,Bdim Em,C F,G",  # rising 5-6 sequence
                    "A7,Dm G7,C Am,Dm G7,C",  # down by steps with secondary dominants
                    "C7,F D7,G E7,Am Dm,G7",  # up by steps with secondary dominants
                    "C,F C,G Am,Dm G7,C",
                ),
            ),
            Mode(
                True,
                _MINOR,
                "Cm",
                (
                    "Cm,Fm Bb,Eb Ab,Ddim G7,Cm",  # falling fifths
                    "Cm,G Cm,Fm Cm,G7 Cm,Cm",
                    "Cm,Bb Ab,G Cm,Bb Ab,G7",  # a lament
                    "C7,Fm Bb7,Eb Ab,Ddim G7,Cm",
                    "Cm,Gm Ab,Eb Fm,Cm Ddim,G7",
                    "Eb,Bb Cm,Gm Ab,Fm G,G7",
                ),
            ),
        ),
        form="ABAC",
        improvised=False,
        bass="steps",
        strokes=(0, 1, 2, 3),
        busy=0.7,
    ),
    "blues": Style(
        modes=(
            Mode(
                False,
                _BLUES,
                "C7",
                (
                    "C7 C7 C7 C7 F7 F7 C7 C7 G7 F7 C7 G7",
                    "C7 F7 C7 C7 F7 F7 C7 C7 G7 F7 C7 C7,G7",
                    "C7 F7 C7 C7 F7 F#dim7 C7 A7 Dm7 G7 C7,A7 Dm7,G7",
                ),
            ),
            Mode(True, _BLUES, "Cm7", ("Cm7 Fm7 Cm7 Cm7 Fm7 Fm7 Cm7 Cm7 Ab7 G7 Cm7 Cm7,G7",)),
        ),
        form="A",
        improvised=True,
        bass="walking",
        strokes=(0, 1.5, 2.5),
        busy=0.4,
    ),
    "jazz": Style(
        modes=(
            Mode(
                False,
                _MAJOR,
                "Cmaj7",
                (
                    "Dm7 G7 Cmaj7 Cmaj7 Dm7 G7 Cmaj7 A7",
                    "Dm7,G7 Em7,A7 Dm7,G7 Cmaj7",
                    "Cmaj7,A7 Dm7,G7 Em7,A7 Dm7,G7",
                    "Gm7 C7 Fmaj7 Fmaj7 Am7 D7 Dm7 G7",  # to the subdominant and back
                    "Cm7 F7 Bbmaj7 Bbmaj7 Bbm7 Eb7 Dm7 G7",  # to B flat, to A flat and back
                ),
            ),
            Mode(
                True,
                _MINOR,
                "Cm7",
                (
                    "Dm7b5 G7 Cm7 Cm7",
                    "Fm7 Bb7 Ebmaj7 Abmaj7 Dm7b5 G7 Cm7 C7",
                    "Cm7,Am7b5 Dm7b5,G7 Cm7 Dm7b5,G7",
                ),
            ),
        ),
        form="AABA",
        improvised=True,
        bass="walking",
        strokes=(0, 1.5),
        busy=0.6,
    ),
    "modal": Style(
        modes=(
            Mode(
                True,
                _DORIAN,
                "Cm7",
                (
                    "Cm7 Cm7 F7 F7",
                    "Cm7 F7 Cm7 F7",
                    "Cm7 Bb Cm7 F",
                    "Cm7 Cm7 Cm7 Cm7 Dm7 Dm7 Cm7 Cm7",
                ),
            ),
            Mode(
                False,
                _MIXOLYDIAN,
                "C",
                ("C Bb C Bb", "C7 C7 Gm7 Gm7", "C Bb F C", "C7 Gm7 F C7"),
            ),
        ),
        form="AAAABBAA",
        improvised=True,
        bass="held",
        strokes=(0, 2.5),
        busy=0.4,
    ),
    "pop": Style(
        modes=(
            Mode(
                False,
                _MAJOR,
                "C",
                (
                    "C G Am F",
                    "Am F C G",
                    "C Am F G",
                    "F C G Am",
                    "C F Am G",
                    "F G Em Am",
                    "C Em F Fm",
                ),
            ),
            Mode(True, _MINOR, "Cm", ("Cm Ab Eb Bb", "Cm Bb Ab Bb", "Ab Bb Cm Cm", "Cm Fm Ab G")),
        ),
        form="AABB",
        improvised=False,
        bass="pulse",
        strokes=(0, 1, 2, 3),
        busy=0.3,
    ),
    "waltz": Style(
        modes=(
            Mode(
                False,
                _MAJOR,
                "C",
                (
                    "C C G7 G7 G7 G7 C C",
                    "C Am Dm G7 C F G7 C",
                    "C C7 F F Dm G7 C C",
                    "F F C C G7 G7 C C7",
                    "C E7 Am Am Dm G7 C G7",
                ),
            ),
            Mode(
                True,
                _MINOR,
                "Cm",
                (
                    "Cm Cm Fm Fm G7 G7 Cm Cm",
                    "Cm Bb Ab G7 Cm Fm G7 Cm",
                    "Ab Ab Eb Eb G7 G7 Cm G7",
                ),
            ),
        ),
        form="AABB",
        improvised=False,
        bass="short",
        strokes=(1, 2),
        busy=0.3,
        beats=3,
    ),
}
"""Styles by name, in alphabetical order."""
