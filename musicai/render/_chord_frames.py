"""Conversion of chords to chroma with values like those of recordings."""

from typing import Any

import numpy as np

from ..base.parameters import SEED_RULE, as_rng, check_values
from ..theory.chord_symbols import FREE, quality_and_root
from ..theory.progression import frames_of_chords
from ..theory.shapes import peaking_at_one
from ..theory.timing_argument import as_timing
from ..theory.vocabulary import TONES

# Median levels in 40 recordings of game music, over frames in which a chord was recognized.
# `_TONES` holds the levels of the chord's root, third, fifth and seventh. `_OTHERS` is the level of
# all other pitch classes, which come from overtones, melodies and noise.
_TONES = (1.0, 0.45, 0.5, 0.55)
_OTHERS = 0.12
# Standard deviations of the logarithms of these levels: half as large as in the recordings, so that
# the chords stay clear. `_MEMORY` is the time constant, in seconds, of changes in level.
_SPREAD_OF_TONES, _SPREAD_OF_OTHERS = 0.3, 0.5
_MEMORY = 0.35


def chords_to_chroma(
    chords: Any,
    *,
    timing: Any,
    random_state: int | np.random.RandomState | None = None,
) -> np.ndarray:
    """Convert a chord progression to chroma like that of a recording.

    As in recordings, the tones of a chord have different levels, other pitch classes are not
    silent, and levels vary from frame to frame. A mosaic can therefore play the chroma, and a
    composer can continue it if you pass it as `prime`.

    Parameters
    ----------
    chords : str, or list of Chord or of pairs
        As in :meth:`musicai.LSTMComposer.sample`: text such as ``"C | Am | F G | C"``, a chart from
        `chord_chart`, or a list. Frames with ``"N.C."`` or ``"*"`` instead of a chord are silent.
    timing : Timing, object with a `timing`, or float
        When the frames sound: for example ``timing=composer``, ``timing=extractor``, or
        ``Timing.from_tempo(96)``. A number is frames per second.
    random_state : int, RandomState instance or None, default=None
        Seed for the variation of levels.

    Returns
    -------
    piece : ndarray of shape (n_frames, 12)
        Chroma, float32. The largest value of every sounding frame is 1.

    Raises
    ------
    ValueError
        If `chords` is not a valid progression: for example, it is empty, has an unknown chord, or
        has a bar with more chords than frames; or if it is text, but the frames of `timing` have
        measured borders.
    TypeError
        If `chords` is not a progression, or `timing` is not a timing.

    See Also
    --------
    recognize_chords : Names the chords of chroma.
    musicai.LSTMComposer.sample : Composes music that follows chords.

    Examples
    --------
    >>> from musicai import Timing
    >>> from musicai.render import chord_chart, chords_to_chroma
    >>> timing = Timing.from_tempo(96)
    >>> piece = chords_to_chroma("C | Am | F G | C", timing=timing, random_state=0)
    >>> piece.shape
    (16, 12)
    >>> print(chord_chart(piece, timing=timing))
    C major, 96 beats a minute, 4/4
    <BLANKLINE>
    | C               | Am              | F   /   G   /   | C               |
    """
    check_values({"random_state": random_state}, {"random_state": SEED_RULE})
    clock = as_timing(timing)
    numbers = frames_of_chords(chords, clock)
    known = not clock.has_beats or clock.tempo is not None
    kept = np.exp(-1 / (clock.frame_rate * _MEMORY)) if known else 0.5
    rng = as_rng(random_state)
    noise = rng.standard_normal((len(numbers), 12))
    for t in range(1, len(noise)):
        noise[t] = kept * noise[t - 1] + np.sqrt(1 - kept**2) * noise[t]
    levels = np.full((len(numbers), 12), _OTHERS)
    spread = np.full((len(numbers), 12), _SPREAD_OF_OTHERS)
    for number in np.unique(numbers[numbers != FREE]):
        quality, root = quality_and_root(int(number))
        tones = [(root + tone) % 12 for tone in TONES[quality]]
        at = numbers == number
        for tone, level in zip(tones, _TONES, strict=False):
            levels[at, tone], spread[at, tone] = level, _SPREAD_OF_TONES
    frames = np.minimum(levels * np.exp(spread * noise), 1)
    frames[numbers == FREE] = 0
    return peaking_at_one(frames).astype(np.float32)
