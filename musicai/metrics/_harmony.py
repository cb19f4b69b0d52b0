"""Which pitch classes sound: the harmony of a piece, whatever the order of its frames."""

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
    r"""Entropy of a piece's mean chroma: how evenly it uses the pitch classes.

    .. math:: H = -\sum_{d=1}^{12} p_d \log_2 p_d, \qquad
        p_d = \frac{\sum_t x_{t,d}}{\sum_{t,d'} x_{t,d'}}

    A piece that stays on a few notes is low, one without a key is high. It is blind to the order
    of frames and to what sounds together.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. In a collection every piece that sounds counts alike.

    Returns
    -------
    entropy : float
        In bits, between 0 (one pitch class) and log2(12) = 3.58 (all alike).

    Raises
    ------
    ValueError
        If nothing sounds, or `X` is not chroma.

    References
    ----------
    .. [1] S.-L. Wu, Y.-H. Yang, "The Jazz Transformer on the front line", ISMIR 2020, where it is
       taken over windows of one and four bars.

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
    r"""Entropy of single frames: how many pitch classes sound at once.

    .. math:: \frac{1}{T} \sum_t H\left(\frac{x_t}{\sum_d x_{t,d}}\right)

    Blurred frames (squared error gives the average of what may come) and noise are high. It is
    blind to which pitch classes sound, and to time.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Silent frames are passed by; every other frame counts alike.

    Returns
    -------
    entropy : float
        In bits, between 0 (single notes) and log2(12) = 3.58 (all pitch classes alike).

    Raises
    ------
    ValueError
        If nothing sounds, or `X` is not chroma.

    References
    ----------
    .. [1] C. Weiss, M. Mueller, "Quantifying and visualizing tonal complexity", CIM 2014, whose
       entropy of chroma this is, times log2(12).

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
    r"""Share of what sounds that lies in one scale, for the scale that fits best.

    .. math:: \max_k \frac{\sum_t \sum_{d \in S_k} x_{t,d}}{\sum_{t,d} x_{t,d}}

    over the 12 major scales :math:`S_k`, each also the natural minor scale of its relative key. A
    piece that wanders through keys is low. It is blind to the order of frames, and a single note
    is perfectly consistent. Chroma of sound is never zero between the notes: of a dense
    recording the share is far below 1.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. In a collection every piece that sounds counts alike.

    Returns
    -------
    consistency : float
        Between 7/12 = .58 (all pitch classes alike) and 1.

    Raises
    ------
    ValueError
        If nothing sounds, or `X` is not chroma.

    References
    ----------
    .. [1] O. Mogren, "C-RNN-GAN: continuous recurrent neural networks with adversarial training",
       2016, who counts notes.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import scale_consistency
    >>> scale_consistency(np.eye(12)[[2, 6, 9, 10]])  # three of four in D major
    0.75
    """
    scales = np.array([np.roll(MAJOR_SCALE, tonic) for tonic in range(N_PITCH_CLASSES)])
    totals = [piece.sum(axis=0) for piece in sounding_pieces(X, "scale_consistency")]
    return float(np.mean([(scales @ total).max() / total.sum() for total in totals]))


def key_correlation(X: Any) -> float:
    r"""How clear the key of a piece is: correlation with the key that fits best.

    .. math:: \max_k \mathrm{corr}\left(\sum_t x_t,\; P_k\right)

    over the profiles :math:`P_k` of the 24 major and minor keys (algorithm of Krumhansl and
    Schmuckler). Music that wanders is low. It is blind to the order of frames.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. In a collection every piece that sounds counts alike.

    Returns
    -------
    correlation : float
        Between 0 and 1; 0 where all pitch classes are alike.

    Raises
    ------
    ValueError
        If nothing sounds, or `X` is not chroma.

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
    r"""How much like chords single frames are: correlation with the triad that fits best.

    .. math:: \frac{1}{T} \sum_t \max_k \mathrm{corr}(x_t, C_k)

    over the 24 major and minor triads :math:`C_k`. Noise is low, whatever its mean. It is blind
    to how chords follow each other, and richer chords fit less.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma. Frames whose pitch classes are all alike, as silence, are passed by; every other
        frame counts alike.

    Returns
    -------
    fit : float
        Between 0 and 1 (nothing but triads).

    Raises
    ------
    ValueError
        If all frames are flat, or `X` is not chroma.

    References
    ----------
    .. [1] T. Fujishima, "Realtime chord recognition of musical sound", ICMC 1999, for matching
       chroma with templates of chords.

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
    frames = require_some(frames[~is_flat(frames)], "triad_fit needs a frame with shape")
    return float(triad_scores(frames).max(axis=1).mean())


def quiet_share(X: Any, *, threshold: float = 0.1) -> float:
    """Share of pitch classes that are as good as silent while others sound.

    A chord over a clean ground has many, blurred or noisy frames few. It is blind to which pitch
    classes sound, and to time.

    Parameters
    ----------
    X : array-like of shape (n_frames, 12), or a collection of them
        Chroma whose loudest pitch class is 1 in every frame. Silent frames are passed by; every
        other frame counts alike.
    threshold : float, default=0.1
        What is below is quiet.

    Returns
    -------
    share : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If nothing sounds, or `X` is not chroma.

    See Also
    --------
    frame_entropy : Says nearly the same of real music, without a threshold.

    References
    ----------
    .. [1] H.-W. Dong, W.-Y. Hsiao, L.-C. Yang, Y.-H. Yang, "MuseGAN: multi-track sequential
       generative adversarial networks for symbolic music generation and accompaniment", AAAI 2018,
       who count the pitch classes used in a bar.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import quiet_share
    >>> quiet_share(np.isin(np.arange(12), [0, 4, 7])[None])  # nine of twelve
    0.75
    """
    return float((sounding_frames(X, "quiet_share") < threshold).mean())


def _entropy(weights: np.ndarray) -> np.ndarray:
    """Entropy in bits of each row, scaled to sum 1."""
    shares = weights / weights.sum(axis=-1, keepdims=True)
    return np.abs(np.sum(shares * np.log2(np.where(shares > 0, shares, 1)), axis=-1))
