"""Metrics of motion: changes from frame to frame, and the variation of fullness in a piece."""

from typing import Any

import numpy as np

from ..base.parameters import COUNT_RULE, check_values
from ..base.pieces import N_PITCH_CLASSES, as_collection
from ._chroma import chroma_pieces, require_some

_ROUNDING = 1e-5  # dB; maximum deviation of equally full frames that is due to float32 rounding


def flux(X: Any) -> float:
    r"""Return the spectral flux: the mean absolute change of a feature from frame to frame.

    .. math:: \frac{1}{(T - 1) D} \sum_{t=2}^{T} \sum_{d=1}^{D} |x_{t,d} - x_{t-1,d}|

    Flux is near 0 for music that has frozen on one chord, and high for shuffled frames and noise.
    The metric is blind to which features change, and to everything beyond the next frame. It grows
    with the hop length, so compare only pieces with the same frame rate.

    Parameters
    ----------
    X : array-like of shape (n_frames, n_features), or a collection of them
        Chroma or other features. In a collection, every step from one frame to the next has the
        same weight.

    Returns
    -------
    flux : float
        Mean absolute change, in the units of `X`: between 0 and 1 for chroma.

    Raises
    ------
    ValueError
        If no piece has two frames.

    References
    ----------
    .. [1] S. Dixon, "Onset detection revisited", DAFx 2006, where changes are half-wave rectified.
       Here they are absolute, so that the ends of notes count as well as their onsets.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import flux
    >>> flux(np.ones((8, 12)))
    0.0
    >>> flux(np.array([[0.0, 1.0], [0.5, 1.0]]))
    0.25
    """
    pieces, _ = as_collection(X)
    steps = [np.abs(np.diff(piece.astype(np.float64), axis=0)) for piece in pieces]
    n_changes = sum(step.size for step in steps)
    if n_changes == 0:
        longest = max(len(piece) for piece in pieces)
        raise ValueError(
            f"flux needs a piece of at least 2 frames to measure it: the longest has {longest}"
        )
    return float(sum(step.sum() for step in steps) / n_changes)


def harmonic_change(X: Any) -> float:
    r"""Return the mean distance between successive frames in tonal centroid space.

    .. math:: \frac{1}{T - 1} \sum_{t=2}^{T} \|\zeta_t - \zeta_{t-1}\|, \qquad
        \zeta_t = \frac{\Phi x_t}{\sum_d x_{t,d}}

    where :math:`\Phi` places the pitch classes on the circles of fifths (radius 1), minor thirds
    (radius 1) and major thirds (radius 1/2). As a result, moves between related chords are shorter
    than moves between unrelated chords; :func:`flux` does not distinguish them. Frozen music
    scores 0; shuffled frames and noise score high. The metric is blind to everything beyond the
    next frame. Like flux, it grows with the hop length.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Every step between two sounding frames of a piece has the same weight.

    Returns
    -------
    change : float
        Between 0 and 2.83, which is the distance between single notes a tritone apart.

    Raises
    ------
    ValueError
        If no two successive frames sound, or `X` is not chroma.

    References
    ----------
    .. [1] C. Harte, M. Sandler, M. Gasser, "Detecting harmonic change in musical audio", AMCMM
       2006, where frames are also smoothed over time.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import harmonic_change
    >>> fifth, tritone = np.eye(12)[[0, 7]], np.eye(12)[[0, 6]]
    >>> harmonic_change(fifth) < harmonic_change(tritone)
    True
    """
    distances = [
        np.linalg.norm(np.diff(_tonal_centroid(pair), axis=1)[:, 0], axis=-1)
        for pair in _sounding_steps(X, "harmonic_change")
    ]
    return float(np.concatenate(distances).mean())


def persistence(X: Any) -> float:
    r"""Return the share of frames whose loudest pitch class is the same as in the frame before.

    .. math:: \frac{1}{T - 1} \sum_{t=2}^{T}
        \frac{|L_t \cap L_{t-1}|}{\max(|L_t|, |L_{t-1}|)},
        \quad L_t = \{d : x_{t,d} = \max_k x_{t,k}\}

    If several pitch classes are equally loud, as is common in chroma made from notes, the step
    counts as the share of them that stay loudest. If only one of them were considered, the metric
    would depend on the key.

    Frozen music scores 1, noise about 1/12, and shuffled frames only a little more than noise.
    Unlike :func:`flux`, the metric does not depend on how much values change, only on how often the
    loudest pitch class changes. It is blind to all other pitch classes, and to everything beyond
    the next frame.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Every step between two sounding frames of a piece has the same weight.

    Returns
    -------
    persistence : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If no two successive frames sound, or `X` is not chroma.

    References
    ----------
    .. [1] S.-L. Wu, Y.-H. Yang, "The Jazz Transformer on the front line", ISMIR 2020, whose
       grooving pattern similarity compares bars instead of frames.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import persistence
    >>> persistence(np.eye(12)[[0, 0, 0, 7, 7]])
    0.75
    """
    steps = _sounding_steps(X, "persistence")
    loudest = np.concatenate([pairs == pairs.max(axis=-1, keepdims=True) for pairs in steps])
    stay = loudest.all(axis=1).sum(axis=-1)
    return float((stay / loudest.sum(axis=-1).max(axis=1)).mean())


def dynamics(X: Any, *, n_frames: int = 11) -> float:
    r"""Return how much a piece's fullness varies: the mean absolute deviation of its level in dB.

    .. math:: \frac{1}{N} \sum_i |L_i - \mu|, \qquad \mu = \frac{1}{N} \sum_i L_i, \qquad
        L_i = 10 \log_{10} \left( \frac{1}{|W_i|} \sum_{t \in W_i} \sum_d x_{t,d} \right)

    where :math:`W_i` are successive windows of `n_frames` frames. In chroma whose loudest pitch
    class is always 1, loudness is lost, but the level still shows how much sounds at once: it is
    near 0 dB for a single melody and about 6 dB for a full chord with overtones. The deviation is
    high for music that is thin in some places and full in others. It is low for noise, shuffled
    frames and composed music of constant fullness. The metric is blind to which pitch classes
    sound, to the order of the windows, and to true loudness.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Silent frames are skipped. Every piece with two or more sounding windows has the
        same weight.
    n_frames : int, default=11
        Length of a window in frames. The default lasts 1 s at the default rate of
        :class:`musicai.ChromaExtractor`, 10.8 frames per second.

    Returns
    -------
    deviation : float
        In decibels, at least 0; at most 5.4 if the loudest pitch class of every frame is 1.

    Raises
    ------
    ValueError
        If no piece has two sounding windows, or a parameter is out of range.

    References
    ----------
    .. [1] S. Streich, "Music complexity: a multi-faceted description of audio content", PhD
       thesis, Universitat Pompeu Fabra, Barcelona 2007, where dynamic complexity is computed from
       loudness.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import dynamics
    >>> note, chord = np.eye(12)[[0]], np.isin(np.arange(12), [0, 4, 7, 10])[None]
    >>> dynamics(np.repeat(note, 44, axis=0))
    0.0
    >>> round(dynamics(np.repeat([*note, *chord], 22, axis=0)), 2)  # 0 and 6 dB
    3.01
    """
    check_values({"n_frames": n_frames}, {"n_frames": COUNT_RULE})
    levels = [_window_levels(piece, n_frames) for piece in chroma_pieces(X)]
    levels = [each for each in levels if len(each) >= 2]
    need = f"dynamics needs a piece with sound in two windows of {n_frames} frames"
    moves = [np.abs(each - each.mean()).mean() for each in require_some(levels, need)]
    return float(np.mean([move if move > _ROUNDING else 0.0 for move in moves]))


def _window_levels(piece: np.ndarray, n_frames: int) -> np.ndarray:
    """Return the level of each sounding window: the mean total of its sounding frames, in dB."""
    n_windows = len(piece) // n_frames
    totals = piece[: n_windows * n_frames].sum(axis=1).reshape(n_windows, n_frames)
    n_sounding = np.count_nonzero(totals, axis=1)
    sounds = n_sounding > 0
    return 10 * np.log10(totals[sounds].sum(axis=1) / n_sounding[sounds])


def _sounding_steps(X: Any, metric: str) -> list[np.ndarray]:
    """Return the pairs of successive sounding frames of each piece, (n_steps, 2, 12).

    Pieces without such pairs are left out.
    """
    pieces = chroma_pieces(X)
    pairs = [np.stack([piece[:-1], piece[1:]], axis=1) for piece in pieces]
    steps = [pair[np.all(pair.any(axis=2), axis=1)] for pair in pairs]
    return require_some(
        [step for step in steps if len(step)], f"{metric} needs two sounding frames in succession"
    )


def _tonal_centroid(frames: np.ndarray) -> np.ndarray:
    return frames @ _CENTROIDS / frames.sum(axis=-1, keepdims=True)


def _tonal_circles() -> np.ndarray:
    """Return the coordinates of the pitch classes on three circles, (12, 6).

    These are the circles of fifths, minor thirds and major thirds.
    """
    circles = [(7 / 6, 1.0), (3 / 2, 1.0), (2 / 3, 0.5)]  # (radians / pi per semitone, radius)
    angles = np.pi * np.outer(np.arange(N_PITCH_CLASSES), [angle for angle, _ in circles])
    radii = np.array([radius for _, radius in circles])
    return np.hstack([radii * np.sin(angles), radii * np.cos(angles)])


_CENTROIDS = _tonal_circles()
