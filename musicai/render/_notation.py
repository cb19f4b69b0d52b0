"""Notation: readable lengths of notes, names of notes, and cleanup of MusicXML from music21."""

import math
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from ..theory.spelling import PITCH_CLASS_OF

_READABLE = [Fraction(n, 8) for n in (32, 24, 16, 12, 8, 6, 4, 3, 2, 1)]  # in beats


def written_lengths(
    start: Fraction, end: Fraction, beats_per_bar: int = 4, *, rest: bool = False
) -> list[Fraction]:
    """Divide a note into tied notes, each with a length that a single symbol can show.

    Parameters
    ----------
    start, end : Fraction
        Where the note starts and ends, in beats from the beginning of its bar. Both are multiples
        of a quarter or a third of a beat.
    beats_per_bar : int, default=4
        Beats in the bar. A bar has a middle if its number of beats is even and at least four.
    rest : bool, default=False
        Whether the note is a rest. In bars of more than four beats, no whole rest is used, because
        it would stand for the entire bar.

    Returns
    -------
    lengths : list of Fraction
        Lengths in beats. Triplets stay within their beat. A note that begins off the beat is
        divided where it crosses the middle of the bar, if the bar has one.
    """
    cuts = {start, end}
    if start.denominator == 3:
        cuts.add(min(Fraction(math.ceil(start)), end))
    if end.denominator == 3:
        cuts.add(max(Fraction(math.floor(end)), start))
    middle = Fraction(beats_per_bar, 2)
    has_middle = beats_per_bar >= 4 and middle.denominator == 1
    if has_middle and start.denominator > 1 and start < middle < end:
        cuts.add(middle)
    longest = Fraction(3 if rest and beats_per_bar > 4 else 4)
    return [
        length
        for span in pairwise(sorted(cuts))
        for length in _readable(span[1] - span[0], longest)
    ]


def _readable(length: Fraction, longest: Fraction) -> Iterator[Fraction]:
    if length.denominator == 3:
        yield length
        return
    while length > 0:
        part = next(each for each in _READABLE if each <= min(length, longest))
        yield part
        length -= part


def scientific_name(pitch: int, name: str) -> str:
    """Return the name of a note with its octave for music21, such as "B-4"; middle C is "C4".

    Parameters
    ----------
    pitch : int
        MIDI number.
    name : str
        Name of the note's pitch class, such as "Bb". The octave in the result belongs to the letter
        without its accidental: middle C spelled as B# is "B#3".
    """
    altered = name.count("#") - name.count("b")
    octave = (pitch - altered - PITCH_CLASS_OF[name[0]]) // 12 - 1
    return f"{name.replace('b', '-')}{octave}"


def without_noise(musicxml: str, *, titled: bool) -> str:
    """Remove the date, version and composer that music21 adds, and replace random part IDs.

    Unless the score is `titled`, remove music21's title too.
    """
    for number, name in enumerate(re.findall(r'<score-part id="(\w+)">', musicxml), 1):
        musicxml = musicxml.replace(f'id="{name}"', f'id="P{number}"')
    made_up = "encoding-date|software|creator" + ("" if titled else "|movement-title|work-title")
    musicxml = re.sub(rf"[ \t]*<({made_up})\b[^>]*>[^<]*</\1>\n?", "", musicxml)
    return re.sub(r"[ \t]*<work>\s*</work>\n?", "", musicxml)
