"""Strong beats and accents of a meter."""

import numpy as np

from ._sheet import Sheet

# Relative loudness of notes that begin on a downbeat, on another strong beat, on a weak beat, and
# between beats.
_DOWNBEAT, _STRONG, _BEAT, _OFF_BEAT = 1.0, 0.92, 0.84, 0.76


def beat_groups(beats_per_bar: int) -> list[int]:
    """Divide a bar into groups of two or three beats, and return their sizes.

    The first beat of each group is strong. A bar of one beat is a single group.

    Examples
    --------
    >>> [beat_groups(n) for n in (3, 4, 5, 6)]
    [[3], [2, 2], [3, 2], [3, 3]]
    """
    if beats_per_bar % 3 == 0 or beats_per_bar == 1:
        return [min(3, beats_per_bar)] * max(1, beats_per_bar // 3)
    threes = beats_per_bar % 2
    return [3] * threes + [2] * ((beats_per_bar - 3 * threes) // 2)


def strong_beats(sheet: Sheet) -> np.ndarray:
    """Return the positions of strong beats, in beats, from the first bar line of a piece on."""
    groups = beat_groups(sheet.timeline.beats_per_bar)
    starts = np.cumsum([0, *groups[:-1]])
    return (sheet.bar_starts()[:, None] + starts).ravel()


def accent(beat: float, sheet: Sheet) -> float:
    """Return the relative loudness of a note that begins at `beat`: 1 on downbeats."""
    place = (beat - sheet.pickup) % sheet.timeline.beats_per_bar
    if abs(place - round(place)) > 1e-6:
        return _OFF_BEAT
    if round(place) in (0, sheet.timeline.beats_per_bar):
        return _DOWNBEAT
    groups = beat_groups(sheet.timeline.beats_per_bar)
    return _STRONG if round(place) in np.cumsum(groups) else _BEAT
