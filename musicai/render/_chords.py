"""Recognition of chords in chroma, and spelling of notes in a key."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, overload

import numpy as np

from ..base.parameters import Rule, check_values, is_one_of
from ..base.pieces import as_chroma
from ..theory.chord import Chord
from ..theory.chord_decoding import decode_chords
from ..theory.chord_symbols import FREE, quality_and_root
from ..theory.keys import KEY_PROFILES
from ..theory.spelling import chord_name, estimated_key, key_of, note_name, place_in_key
from ..theory.timing_argument import timings_of
from ..theory.vocabulary import VOCABULARIES
from ._collections import in_kind

VOCABULARY_RULE: Rule = (
    lambda v: is_one_of(v, tuple(VOCABULARIES)),
    f"one of {tuple(VOCABULARIES)}",
)
RULES: dict[str, Rule] = {"vocabulary": VOCABULARY_RULE}


@overload
def recognize_chords(
    X: np.ndarray, *, vocabulary: str = "triads", timing: Any = None
) -> list[Chord]: ...


@overload
def recognize_chords(
    X: Sequence[Any], *, vocabulary: str = "triads", timing: Any = None
) -> list[list[Chord]]: ...


def recognize_chords(X: Any, *, vocabulary: str = "triads", timing: Any = None) -> Any:
    r"""Recognize the chords of a piece and their times.

    Each frame is compared with each chord: the square roots of the frame's values are correlated
    with the chord's pitch classes [1]_. The chords are the states of a hidden Markov model [2]_, in
    which a frame whose correlation with a chord is :math:`r` has the log-likelihood :math:`20\,r`,
    and a chord is expected to last 0.9 s. The result is the most likely sequence of chords.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma.
    vocabulary : {"triads", "qualities"}, default="triads"
        "triads" has major and minor triads, which suffice for playing from a chart. "qualities"
        also has dominant, major, minor, diminished and half-diminished seventh chords, diminished
        and augmented triads, and suspended fourths.
    timing : Timing, object with a `timing`, float, or list of these
        When the frames sound: for example ``timing=extractor`` with the extractor that made the
        pieces, ``timing=analysis.timing``, or ``Timing.from_tempo(96)``. A number is frames per
        second. For a collection, pass one timing for all pieces or a list with one for each.

    Returns
    -------
    chords : list of Chord, or a list of them
        The chords of the piece in order, without gaps; successive chords differ. A part without a
        chord has the label "N.C.". Starts and ends are in seconds on the time scale of `timing`.
        For a collection, one such list per piece.

    Raises
    ------
    ValueError
        If `X` is not chroma, a parameter is out of range, beats have no tempo, the number of
        timings is wrong, or a piece and its timing differ in their number of frames.
    TypeError
        If `X` holds paths, or `timing` is missing.

    See Also
    --------
    chord_chart : Writes chords as a chart in bars.
    musicai.metrics.triad_fit : Measures how well triads fit frames.

    Notes
    -----
    Correlation subtracts each frame's mean. Otherwise, frames without a chord could not be
    recognized, because chroma from a constant-Q transform is never exactly 0. Square roots increase
    the weight of the quieter tones of a seventh chord [3]_.

    References
    ----------
    .. [1] T. Fujishima, "Realtime chord recognition of musical sound: a system using Common Lisp
       Music", ICMC 1999, which matches chroma with chord templates.
    .. [2] A. Sheh, D. P. W. Ellis, "Chord segmentation and recognition using EM-trained hidden
       Markov models", ISMIR 2003.
    .. [3] T. Cho, J. P. Bello, "On the relative importance of individual components of chord
       recognition systems", IEEE/ACM TASLP 22, 2014, which evaluates the compression of chroma and
       the smoothing of chord sequences.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.render import recognize_chords
    >>> piece = np.zeros((60, 12))
    >>> piece[:30, [5, 9, 0]] = piece[30:, [10, 2, 5]] = 1
    >>> for chord in recognize_chords(piece, timing=10):  # 10 frames per second
    ...     print(f"{chord.start:.2f} to {chord.end:.2f} s: {chord.label}")
    0.00 to 2.95 s: F
    2.95 to 5.95 s: Bb
    """
    check_values({"vocabulary": vocabulary}, RULES)
    pieces, _ = as_chroma(X)
    timings = timings_of(timing, X, pieces)
    borders = [each.borders(len(piece)) for each, piece in zip(timings, pieces, strict=True)]
    chords = [
        name_chords(
            piece, np.diff(seconds), seconds, vocabulary=vocabulary, key=estimated_key(piece)
        )
        for piece, seconds in zip(pieces, borders, strict=True)
    ]
    return in_kind(X, chords)


def note_names(X: Any, *, key: str | None = None) -> Any:
    """Name the 12 pitch classes, spelled in the key of a piece.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma.
    key : str, default=None
        Key of all pieces, such as "F" or "Bm", if known. If None, the key of each piece is
        estimated from all of its frames.

    Returns
    -------
    names : ndarray of str of shape (12,), or a list of them
        Names of the pitch classes from C up. For example, B flat is "Bb" in F major and "A#" in B
        major.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.render import note_names
    >>> scale = np.eye(12)[[5, 7, 9, 10, 0, 2, 4, 5]]
    >>> print(*note_names(scale))
    C Db D Eb E F Gb G Ab A Bb B
    >>> print(*note_names(scale, key="B"))
    C C# D D# E F F# G G# A A# B
    """
    pieces, _ = as_chroma(X)
    keys = [estimated_key(piece) if key is None else key_of(key) for piece in pieces]
    names = [np.array([note_name(place_in_key(i, each)) for i in range(12)]) for each in keys]
    return in_kind(X, names)


def name_chords(
    piece: np.ndarray,
    seconds: np.ndarray,
    borders: np.ndarray,
    *,
    vocabulary: str,
    key: int,
    ends: Iterable[int] = (),
) -> list[Chord]:
    """Return the chords of one piece.

    Parameters
    ----------
    piece : ndarray of shape (n_frames, 12)
        Chroma.
    seconds : ndarray of shape (n_frames,)
        Length of each frame in seconds.
    borders : ndarray of shape (n_frames + 1,)
        Borders of the frames in seconds or beats. The starts and ends of chords have the same unit.
    vocabulary : {"triads", "qualities"}
        Chords to choose from.
    key : int
        Key that determines the spelling: 0 to 11 for C to B major, 12 to 23 for C to B minor.
    ends : iterable of int, default=()
        Indices of frames, such as those at bar lines. The chords before each index do not depend on
        frames from that index on.
    """
    path = decode_chords(piece, seconds, vocabulary, ends=ends)
    changes = np.flatnonzero(np.diff(path, prepend=FREE - 1, append=FREE - 1))
    return [
        _chord(int(path[start]), float(borders[start]), float(borders[end]), key)
        for start, end in pairwise(changes)
    ]


def _chord(number: int, start: float, end: float, key: int) -> Chord:
    if number == FREE:
        return Chord(None, None, start, end, "N.C.")
    quality, root = quality_and_root(number)
    if quality == "dim7":  # any tone can be the root; prefer the leading tone of the key
        root = max(range(root % 3, 12, 3), key=lambda r: KEY_PROFILES[key][(r + 1) % 12])
    return Chord(root, quality, start, end, chord_name(root, quality, key))
