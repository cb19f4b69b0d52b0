"""Similarity of a set of pieces to real music: overlap of the distributions of metrics."""

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

# Of two metrics that are nearly redundant on real music (|r| above 0.9 on chorales and game music)
# only one is here: frame_entropy stands for quiet_share. The transition matrix, which is compared
# separately, stands for falling_fifths.
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

_PASSAGE = 10  # seconds of the longest window


def common_frame_rate(timing: Any, sets: Mapping[str, Sequence[np.ndarray]]) -> float:
    """Return the frame rate of all pieces, in frames per second.

    Parameters
    ----------
    timing : Timing, object with a `timing`, or float
        The argument that the user passed.
    sets : dict of str to list of ndarray of shape (n_frames, 12)
        The pieces, by the name of the user's argument.

    Raises
    ------
    TypeError
        If the timing is of another type, such as a list or None.
    ValueError
        If beats have no tempo, frames are longer than the windows of 10 s, or the timing is that of
        another number of frames than a piece has.
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
    """Return the metrics of realism of each piece, with windows of 1, 2 and 10 s."""
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
    """Return the least number of frames that all metrics need: two windows of 10 s."""
    return 2 * max(1, round(_PASSAGE * frame_rate))


def realism(X: Any, Y: Any, *, timing: Any = None) -> float:
    r"""Return the geometric mean of the overlaps of two sets of pieces in each metric.

    .. math:: \left(O \prod_m A_m\right)^{1 / (M + 1)}

    with the :func:`overlap_area` :math:`A_m` of each of the :math:`M` metrics in
    ``REALISM_METRICS``, computed piece by piece, and the :func:`transition_overlap` :math:`O`.
    :func:`key_stability` compares one pair of windows in 20 s and eight in a minute, too few for a
    density: its overlap is that of the mean shares :math:`p` and :math:`q` of the two sets,
    :math:`\min(p, q) + \min(1 - p, 1 - q)`.

    The geometric mean is low as soon as one overlap is: shuffled frames have the right notes, a
    Markov chain of frames has the right chords, and neither is music. Two sets that do not overlap
    in one metric score 0.

    The score compares sets, so it cannot detect copies: see :func:`memorization`. The direction of
    time matters only in the moves of roots.

    The scores of real music, Markov chains, shuffled frames and noise are in the user guide's page
    on judging, under "Do they tell good from bad?".

    Parameters
    ----------
    X, Y : collections of array-like of shape (n_frames, 12)
        Chroma, at least two pieces each; the order does not matter. Use pieces of one length, 20 s
        or more, and as many in X as in Y.
    timing : Timing, object with a `timing`, or float
        When the frames sound, such as the extractor that made the pieces; a number is frames per
        second. One for all pieces: a rate or a tempo. The windows of `key_stability`, `recurrence`
        and `dynamics` last 10, 2 and 1 s.

    Returns
    -------
    realism : float
        Between 0 and 1. The score of two sets of real music is the upper limit.

    Raises
    ------
    ValueError
        If a metric is not defined for a piece (too short, silent), there are fewer than two, beats
        have no tempo, frames are longer than 10 s, or the timing is that of another number of
        frames.
    TypeError
        If there is no `timing`, or a list of them.

    See Also
    --------
    report : Cuts both sets to equal numbers of equal length; adds ceiling and baselines.

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
    """Return the overlap of two sets in each metric and in the moves of roots.

    Their geometric mean is the total. `values` and `other_values` come from `measure`.
    """
    areas = {
        name: (share_overlap if name in SHARES else overlap_area)(values[name], other_values[name])
        for name in values
    }
    return areas | {TRANSITIONS: transition_overlap(pieces, others)}
