"""Metrics of harmony: which pitch classes sound, regardless of the order of frames."""

from typing import Any

import numpy as np

from ..base.pieces import N_PITCH_CLASSES
from ..theory.keys import key_scores
from ..theory.shapes import is_flat, triad_scores
from ._chroma import (
    MAJOR_SCALE,
    require_some,
    sounding_frames,
    sounding_pieces,
)


def pitch_class_entropy(X: Any) -> float:
    r"""Return the entropy of a piece's mean chroma: how evenly it uses the pitch classes.

    .. math:: H = -\sum_{d=1}^{12} p_d \log_2 p_d, \qquad
        p_d = \frac{\sum_t x_{t,d}}{\sum_{t,d'} x_{t,d'}}

    Entropy is low for a piece that stays on a few notes and high for one without a key. The metric
    is blind to the order of frames and to which pitch classes sound together.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Silent pieces are skipped; all other pieces have the same weight.

    Returns
    -------
    entropy : float
        In bits, between 0 (one pitch class) and log2(12) = 3.58 (all equal).

    Raises
    ------
    ValueError
        If `X` is silent or not chroma.

    References
    ----------
    .. [1] S.-L. Wu, Y.-H. Yang, "The Jazz Transformer on the front line", ISMIR 2020, where
       entropy is computed over windows of one and four bars.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import pitch_class_entropy
    >>> pitch_class_entropy(np.eye(12)[[0, 4, 7, 0]])
    1.5
    """
    pieces = sounding_pieces(X, "pitch_class_entropy")
    return float(np.mean([_entropy(piece.sum(axis=0)) for piece in pieces]))


def frame_entropy(X: Any) -> float:
    r"""Return the mean entropy of single frames: how many pitch classes sound at once.

    .. math:: \frac{1}{T} \sum_t H\left(\frac{x_t}{\sum_d x_{t,d}}\right)

    Entropy is high for noise and for blurred frames. A model trained with squared error predicts
    blurred frames, because it predicts the average of all possible next frames. The metric is blind
    to which pitch classes sound, and to time.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Silent frames are skipped; all other frames have the same weight.

    Returns
    -------
    entropy : float
        In bits, between 0 (single notes) and log2(12) = 3.58 (all pitch classes equal).

    Raises
    ------
    ValueError
        If `X` is silent or not chroma.

    References
    ----------
    .. [1] C. Weiss, M. Mueller, "Quantifying and visualizing tonal complexity", CIM 2014, which
       divides the same entropy by log2(12).

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import frame_entropy
    >>> frame_entropy(np.eye(12))
    0.0
    >>> round(frame_entropy(np.ones((8, 12))), 2)
    3.58
    """
    return float(_entropy(sounding_frames(X, "frame_entropy")).mean())


def scale_consistency(X: Any) -> float:
    r"""Return the share of a piece's total chroma that is in the best-fitting major scale.

    .. math:: \max_k \frac{\sum_t \sum_{d \in S_k} x_{t,d}}{\sum_{t,d} x_{t,d}}

    where :math:`S_k` are the 12 major scales, which are also the natural minor scales of their
    relative keys. The share is low for a piece that wanders through keys. The metric is blind to
    the order of frames, and a single repeated note scores 1. In chroma of recordings, even pitch
    classes that are not played are rarely zero, so a dense recording scores far below 1.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Silent pieces are skipped; all other pieces have the same weight.

    Returns
    -------
    consistency : float
        Between 7/12 = 0.58 (all pitch classes equal) and 1.

    Raises
    ------
    ValueError
        If `X` is silent or not chroma.

    References
    ----------
    .. [1] O. Mogren, "C-RNN-GAN: continuous recurrent neural networks with adversarial training",
       2016, which counts notes.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import scale_consistency
    >>> scale_consistency(np.eye(12)[[2, 6, 9, 10]])  # three of four notes are in D major
    0.75
    """
    scales = np.array([np.roll(MAJOR_SCALE, tonic) for tonic in range(N_PITCH_CLASSES)])
    totals = [piece.sum(axis=0) for piece in sounding_pieces(X, "scale_consistency")]
    return float(np.mean([(scales @ total).max() / total.sum() for total in totals]))


def key_correlation(X: Any) -> float:
    r"""Return the correlation of a piece's mean chroma with the best-fitting key profile.

    .. math:: \max_k \mathrm{corr}\left(\sum_t x_t,\; P_k\right)

    where :math:`P_k` are the profiles of the 24 major and minor keys (the Krumhansl-Schmuckler
    algorithm). The correlation is low for music that wanders through keys. The metric is blind to
    the order of frames.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Silent pieces are skipped; all other pieces have the same weight.

    Returns
    -------
    correlation : float
        Between 0 and 1; 0 if all pitch classes are equal.

    Raises
    ------
    ValueError
        If `X` is silent or not chroma.

    References
    ----------
    .. [1] C. L. Krumhansl, "Cognitive Foundations of Musical Pitch", Oxford 1990, chapter 4.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import key_correlation
    >>> cadence = np.zeros((3, 12))
    >>> cadence[[0, 0, 0, 1, 1, 1, 2, 2, 2], [5, 9, 0, 7, 11, 2, 0, 4, 7]] = 1  # F, G, C
    >>> round(key_correlation(cadence), 2)
    0.93
    """
    pieces = sounding_pieces(X, "key_correlation")
    return float(np.mean([key_scores(piece.sum(axis=0)).max() for piece in pieces]))


def triad_fit(X: Any) -> float:
    r"""Return the mean correlation of each frame with the triad that fits it best.

    .. math:: \frac{1}{T} \sum_t \max_k \mathrm{corr}(x_t, C_k)

    where :math:`C_k` are the 24 major and minor triads. Noise fits badly at any level, and
    chords with more than three notes fit less well than triads. The metric is blind to the order
    of chords.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Frames with twelve equal values, such as silence, are skipped; all other frames have
        the same weight.

    Returns
    -------
    fit : float
        Between 0 and 1; 1 if every frame is a major or minor triad of equally loud notes.

    Raises
    ------
    ValueError
        If every frame has twelve equal values, or `X` is not chroma.

    References
    ----------
    .. [1] T. Fujishima, "Realtime chord recognition of musical sound", ICMC 1999, which matches
       chroma with chord templates.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import triad_fit
    >>> c_major = np.isin(np.arange(12), [0, 4, 7])[None]
    >>> round(triad_fit(c_major), 6)
    1.0
    >>> round(triad_fit(np.eye(12)), 2)  # single notes
    0.52
    """
    frames = sounding_frames(X, "triad_fit")
    frames = require_some(frames[~is_flat(frames)], "triad_fit needs a frame with unequal values")
    return float(triad_scores(frames).max(axis=1).mean())


def quiet_share(X: Any, *, threshold: float = 0.1) -> float:
    """Return the share of pitch classes that are nearly silent while others sound.

    A clean chord has many quiet pitch classes; blurred or noisy frames have few. The metric is
    blind to which pitch classes sound, and to time.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma whose loudest pitch class is 1 in every sounding frame. Silent frames are skipped;
        all other frames have the same weight.
    threshold : float, default=0.1
        Value below which a pitch class counts as nearly silent.

    Returns
    -------
    share : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If `X` is silent or not chroma.

    See Also
    --------
    frame_entropy : On real music, closely related to `quiet_share`, but needs no threshold.

    References
    ----------
    .. [1] H.-W. Dong, W.-Y. Hsiao, L.-C. Yang, Y.-H. Yang, "MuseGAN: multi-track sequential
       generative adversarial networks for symbolic music generation and accompaniment", AAAI 2018,
       which counts the pitch classes used in a bar.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import quiet_share
    >>> quiet_share(np.isin(np.arange(12), [0, 4, 7])[None])  # nine of twelve are silent
    0.75
    """
    return float((sounding_frames(X, "quiet_share") < threshold).mean())


def _entropy(weights: np.ndarray) -> np.ndarray:
    """Return the entropy in bits along the last axis, after scaling the weights to sum to 1."""
    shares = weights / weights.sum(axis=-1, keepdims=True)
    return np.abs(np.sum(shares * np.log2(np.where(shares > 0, shares, 1)), axis=-1))
