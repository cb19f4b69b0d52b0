"""Chroma of rule-based music with known chords."""

from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from ..base.parameters import COUNT_RULE, TEMPO_RULE, Rule, as_rng, check_values, is_one_of
from ..theory.chord import Chord
from ..theory.spelling import PITCH_CLASS_OF, chord_name, key_name
from ..theory.timing import FRAME_RATE, Timing
from ._parts import compose
from ._sounding import sound
from ._styles import STYLES, Sounding
from .bunches import Progressions

_RULES: dict[str, Rule] = {
    "n_pieces": COUNT_RULE,
    "n_bars": COUNT_RULE,
    "key": (
        lambda v: v is None or is_one_of(v, tuple(PITCH_CLASS_OF)),
        f"a tonic, one of {tuple(PITCH_CLASS_OF)}, or None (the style chooses the mode)",
    ),
}

_LICENSE = "none is needed: music made by rules and chance is not protected"
_SOURCE = "musicai.datasets.make_progressions"

_DESCR = """\
Rule-based music
================
{n_pieces} pieces of {n_bars} bars in the styles {styles}:
known chord progressions with a bass, chords and a melody, as the chroma of a recording.

Pieces are {seconds:.0f} s long on average.

License: {license}.
Source: {source}.
"""


def make_progressions(
    n_pieces: int = 100,
    *,
    styles: Any = None,
    n_bars: int = 24,
    tempo: float | tuple[float, float] = (70, 140),
    key: str | None = None,
    random_state: Any = None,
) -> Progressions:
    """Make chroma of rule-based music with known chords, free of copyright.

    No files and no network are needed. The music has a bass, chords and a melody. Its chroma
    resembles that of recordings: notes decay and have partials, there is noise, and the windows of
    neighboring frames overlap.

    Parameters
    ----------
    n_pieces : int, default=100
        Number of pieces. The styles take turns. With the same seed, a larger number only adds
        pieces.
    styles : list of str, default=None
        Styles to use. None means all of them:

        - "baroque": falling fifths, rising sequences and grounds, with two chords per bar;
        - "blues": twelve-bar blues, including a minor blues and a jazz blues;
        - "jazz": ii-V-I progressions of seventh chords in major and minor, and turnarounds;
        - "modal": two or three chords in the Dorian or Mixolydian mode;
        - "pop": I-V-vi-IV and other loops of four chords;
        - "waltz": periods of eight bars in three-four time.
    n_bars : int, default=24
        Number of bars per piece. A bar has four beats, or three in waltzes. The last bar has the
        tonic chord.
    tempo : float or tuple of two floats, default=(70, 140)
        Tempo in beats per minute, or a range (lowest, highest) from which the tempo of each piece
        is drawn.
    key : str, default=None
        Tonic of all pieces, such as "C", "F#" or "Bb". If None, a tonic is drawn for each piece.
        Either way, the mode is drawn from the modes of the style.
    random_state : int, RandomState instance or None, default=None
        Seed or random number generator; an int gives the same music every time.

    Returns
    -------
    data : Bunch
        With the attributes

        data : list of ndarray of shape (n_frames, 12), dtype float32
            Chroma from C to B in [0, 1]; the maximum of each frame is 1.
        target : list of str
            Style of each piece.
        target_names : list of str
            The styles, sorted.
        chords : list of list of musicai.render.Chord
            Chords of each piece, timed in seconds, without gaps. Adjacent chords differ. Labels are
            spelled as by :func:`musicai.render.recognize_chords`.
        key_names : list of str
            Key of each piece, such as "F# minor", in its simpler spelling. The Dorian mode counts
            as minor, the Mixolydian mode as major.
        tempi : ndarray of shape (n_pieces,)
            Tempo of each piece in beats per minute.
        titles : list of str
            Titles such as "blues 2 in F major".
        timing : Timing
            Timing of the frames of `data`: 10.8 frames per second, as from a default
            :class:`musicai.ChromaExtractor`.
        DESCR, license, source : str
            Description, license (none needed) and origin.

    Raises
    ------
    ValueError
        If a parameter is invalid.

    See Also
    --------
    make_songs : Make recordings of similar music, played by a band with drums.
    load_chorales : Load real music, rendered from scores.
    musicai.render.recognize_chords : Recognize chords in chroma; ``vocabulary="qualities"``
        includes seventh chords.

    Examples
    --------
    >>> from musicai.datasets import make_progressions
    >>> music = make_progressions(2, styles=["blues", "pop"], n_bars=12, key="A", random_state=2)
    >>> music.target
    ['blues', 'pop']
    >>> [chord.label for chord in music.chords[0]]
    ['A7', 'D7', 'A7', 'D7', 'A7', 'E7', 'D7', 'A7']
    >>> music.data[0].shape[1], music.timing
    (12, Timing.from_rate(10.7666015625))
    """
    names = check_styles(styles)
    given = {"n_pieces": n_pieces, "n_bars": n_bars, "key": key}
    check_values(given, _RULES)
    slowest, fastest = _check_tempo(tempo)
    rng = as_rng(random_state)
    pieces = []
    for i in range(n_pieces):
        beats_per_minute = rng.uniform(slowest, fastest)
        tonic = rng.randint(12) if key is None else PITCH_CLASS_OF[key]
        style = names[i % len(names)]
        pieces.append(_make_piece(style, n_bars, beats_per_minute, tonic, rng))
    seconds = np.mean([piece.chords[-1].end for piece in pieces])
    return Progressions(
        data=[piece.chroma for piece in pieces],
        target=[piece.style for piece in pieces],
        target_names=sorted(names),
        chords=[piece.chords for piece in pieces],
        key_names=[piece.key for piece in pieces],
        tempi=np.array([piece.tempo for piece in pieces]),
        titles=[f"{piece.style} {i} in {piece.key}" for i, piece in enumerate(pieces, 1)],
        timing=Timing.from_rate(FRAME_RATE),
        DESCR=_DESCR.format(
            n_pieces=n_pieces,
            n_bars=n_bars,
            styles=", ".join(sorted(names)),
            seconds=seconds,
            license=_LICENSE,
            source=_SOURCE,
        ),
        license=_LICENSE,
        source=_SOURCE,
    )


class _Piece(NamedTuple):
    chroma: np.ndarray
    style: str
    chords: list[Chord]
    key: str
    tempo: float


def _make_piece(
    name: str, n_bars: int, tempo: float, tonic: int, rng: np.random.RandomState
) -> _Piece:
    style = STYLES[name]
    equally_likely = [mode for mode in style.modes for _ in mode.progressions]
    mode = equally_likely[rng.randint(len(equally_likely))]
    chords, voices = compose(style, mode, n_bars, rng)
    seconds_per_beat = 60 / tempo
    n_frames = int(np.ceil(style.beats * n_bars * seconds_per_beat * FRAME_RATE))
    chroma = sound(
        voices,
        tonic=tonic,
        n_frames=n_frames,
        frames_per_beat=seconds_per_beat * FRAME_RATE,
        rng=rng,
    )
    key = tonic + 12 * mode.minor
    return _Piece(chroma, name, named_chords(chords, key, seconds_per_beat), key_name(key), tempo)


def named_chords(chords: list[Sounding], key: int, seconds_per_beat: float) -> list[Chord]:
    """Transpose a progression to `key`, convert beats to seconds, and merge equal neighbors."""
    named = []
    for (root, quality), same in groupby(chords, lambda chord: (chord.root, chord.quality)):
        held = list(same)
        sounding_root = (root + key) % 12
        named.append(
            Chord(
                sounding_root,
                quality,
                held[0].start * seconds_per_beat,
                held[-1].end * seconds_per_beat,
                chord_name(sounding_root, quality, key),
            )
        )
    return named


def check_styles(styles: Any) -> list[str]:
    """Check the names of styles and return them without duplicates; None means all styles."""
    if styles is None:
        return list(STYLES)
    named = list(styles) if isinstance(styles, (list, tuple)) else []
    if not named or not all(is_one_of(name, tuple(STYLES)) for name in named):
        raise ValueError(f"styles must be None or a list from {tuple(STYLES)}, got {styles!r}")
    return list(dict.fromkeys(named))


def _check_tempo(tempo: Any) -> tuple[float, float]:
    bounds = tuple(tempo) if isinstance(tempo, (tuple, list)) else (tempo, tempo)
    holds, expected = TEMPO_RULE
    if len(bounds) != 2 or not all(map(holds, bounds)) or bounds[0] > bounds[1]:
        raise ValueError(f"tempo must be {expected}, or a tuple (lowest, highest), got {tempo!r}")
    return float(bounds[0]), float(bounds[1])
