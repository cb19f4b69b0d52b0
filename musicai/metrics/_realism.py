"""Similarity of a set of pieces to real music: how far the distributions of metrics overlap."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..theory.timing_argument import as_timing
from ._chroma import chroma_pieces
from ._form import key_stability, recurrence
from ._harmony import (
    frame_entropy,
    key_correlation,
    pitch_class_entropy,
    scale_consistency,
    triad_fit,
)
from ._motion import dynamics, flux, harmonic_change, persistence
from ._overlap import geometric_mean, overlap_area, share_overlap, transition_overlap
from ._words import SHARES, TRANSITIONS

# Two metrics are left out: quiet_share, because its absolute correlation with frame_entropy exceeds
# 0.9 on chorales and game music; and falling_fifths, because it follows from the transition matrix,
# which is compared separately.
REALISM_METRICS: dict[str, Callable[..., float]] = {
    metric.__name__: metric
    for metric in (
        pitch_class_entropy,
        frame_entropy,
        scale_consistency,
        key_correlation,
        triad_fit,
        flux,
        harmonic_change,
        persistence,
        dynamics,
        key_stability,
        recurrence,
    )
}

_PASSAGE = 10  # seconds; length of the longest window of any metric


def common_frame_rate(timing: Any, sets: Mapping[str, Sequence[np.ndarray]]) -> float:
    """Return the frame rate of the timing that all pieces share, in frames per second.

    Parameters
    ----------
    timing : Timing, object with a `timing`, or float
        The argument that the user passed.
    sets : dict of str to list of ndarray of shape (n_frames, 12)
        Lists of pieces, by the names of the arguments that hold them.

    Raises
    ------
    TypeError
        If `timing` is of an unsupported type, such as a list or None.
    ValueError
        If beats have no tempo, frames last longer than 10 s, or a piece and a measured timing
        differ in their number of frames.
    """
    if isinstance(timing, (list, tuple, np.ndarray)):
        raise TypeError(
            f"timing is of type {type(timing).__name__} where metrics take one timing for all "
            "pieces: pass timing=extractor, the one that made them, or a number of frames per "
            "second"
        )
    known = as_timing(timing)
    for name, pieces in sets.items():
        for i, piece in enumerate(pieces):
            if known.n_frames not in (None, len(piece)):
                raise ValueError(
                    f"timing is that of {known.n_frames} frames where {name}[{i}] has "
                    f"{len(piece)}: metrics take one timing for all pieces, so pass a rate, as "
                    "Timing.from_rate(10), or a tempo, as Timing.from_tempo(96)"
                )
    if known.frame_rate * _PASSAGE < 1:
        raise ValueError(
            f"frames of {known} last {1 / known.frame_rate:.3g} s each, longer than the windows of "
            f"{_PASSAGE} s that metrics compare: pass the frames per second that the pieces have"
        )
    return known.frame_rate


def measure(pieces: Sequence[np.ndarray], frame_rate: float) -> dict[str, np.ndarray]:
    """Return the value of each of `REALISM_METRICS` for each piece, by the metric's name.

    Windows last 1 s for `dynamics`, 10 s for `key_stability`, and 2 s for `recurrence`, which
    compares windows at least 10 s apart.
    """
    second, moment, passage = (max(1, round(seconds * frame_rate)) for seconds in (1, 2, _PASSAGE))
    windows = {
        "dynamics": {"n_frames": second},
        "key_stability": {"n_frames": passage},
        "recurrence": {"n_frames": moment, "min_distance": passage},
    }
    return {
        name: np.array([metric(piece, **windows.get(name, {})) for piece in pieces])
        for name, metric in REALISM_METRICS.items()
    }


def shortest_piece(frame_rate: float) -> int:
    """Return the number of frames that a piece needs for all metrics: two windows of 10 s."""
    return 2 * max(1, round(_PASSAGE * frame_rate))


def realism(X: Any, Y: Any, *, timing: Any = None) -> float:
    r"""Return how similar two sets of pieces are: the geometric mean of overlaps in many metrics.

    .. math:: \left(O \prod_m A_m\right)^{1 / (M + 1)}

    where :math:`O` is the :func:`transition_overlap` of the two sets, and :math:`A_m` the
    :func:`overlap_area` of the values of metric :math:`m`, one value per piece. The :math:`M`
    metrics are those in ``REALISM_METRICS``. :func:`key_stability`, the share of pairs of windows
    that have the same key, is an exception: a piece of 20 s has one such pair, and a piece of a
    minute has eight or nine, too few to estimate a density. So the overlap of this metric is
    computed from the means :math:`p` and :math:`q` of these shares in the two sets, as
    :math:`\min(p, q) + \min(1 - p, 1 - q)`.

    A single low overlap makes the geometric mean low. This is intended: shuffled frames have
    realistic notes and a Markov chain of frames has realistic chords, but neither is music. A
    single overlap of 0 makes the score 0.

    The score compares distributions, so it cannot detect copies; :func:`memorization` can. If the
    pieces of one set were played backward, only :math:`O` would change much.

    For the scores of real music, Markov chains, shuffled frames and noise, see "Do metrics tell
    good from bad?" in the user guide's page on judging.

    Parameters
    ----------
    X, Y : collections of array-like of shape (n_frames, 12)
        Chroma, at least two pieces in each set. Swapping `X` and `Y` does not change the score. Use
        equally many pieces in both sets, all of the same length, 20 s or more.
    timing : Timing, object with a `timing`, or float
        Timing of the frames, the same for all pieces, with a rate or a tempo: for example, the
        extractor that made the pieces. A number is frames per second. The timing determines the
        number of frames in the windows of `key_stability` (10 s), `recurrence` (2 s) and `dynamics`
        (1 s).

    Returns
    -------
    realism : float
        Between 0 and 1. Expect at most the score of two sets of real music.

    Raises
    ------
    ValueError
        If a metric is undefined for a piece, for example because it is silent or short; if a set
        has fewer than two pieces; if beats have no tempo; if frames last longer than 10 s; or if a
        piece and a measured timing differ in their number of frames.
    TypeError
        If `timing` is None or a list.

    See Also
    --------
    report : Cuts all sets into equally many excerpts of equal length; adds a ceiling and baselines.

    References
    ----------
    .. [1] L.-C. Yang, A. Lerch, "On the evaluation of generative models in music", Neural
       Computing and Applications 32, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import realism
    >>> rng = np.random.default_rng(0)
    >>> noise, ticks = rng.random((4, 300, 12)), np.eye(12)[rng.integers(12, size=(4, 300))]
    >>> round(realism(noise, noise, timing=10), 3)
    1.0
    >>> realism(noise, ticks, timing=10) < 0.1
    True
    """
    first, second = chroma_pieces(X, "X"), chroma_pieces(Y, "Y")
    frame_rate = common_frame_rate(timing, {"X": first, "Y": second})
    areas = shared_areas(first, second, measure(first, frame_rate), measure(second, frame_rate))
    return geometric_mean(list(areas.values()))


def shared_areas(
    pieces: Sequence[np.ndarray],
    others: Sequence[np.ndarray],
    values: Mapping[str, np.ndarray],
    other_values: Mapping[str, np.ndarray],
) -> dict[str, float]:
    """Return the overlap of two sets in each metric and in root moves.

    The geometric mean of these overlaps is the realism. `values` and `other_values` are the results
    of `measure` for `pieces` and `others`.
    """
    areas = {
        name: (share_overlap if name in SHARES else overlap_area)(values[name], other_values[name])
        for name in values
    }
    return areas | {TRANSITIONS: transition_overlap(pieces, others)}
