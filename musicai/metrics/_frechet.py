"""Distance between two sets of frames as Gaussians."""

from typing import Any

import numpy as np

from ..base.pieces import as_collection


def frechet_distance(X: Any, Y: Any) -> float:
    r"""Return the squared Fréchet distance between Gaussians fitted to two sets of frames.

    .. math:: \|\mu_X - \mu_Y\|^2 + \mathrm{tr}\left(\Sigma_X + \Sigma_Y
        - 2 (\Sigma_X^{1/2} \Sigma_Y \Sigma_X^{1/2})^{1/2}\right)

    It catches frames of the wrong mean, spread or correlation: blur and noise. It is blind to time,
    so that shuffled frames are perfect, and to everything in a distribution but its mean and
    covariance. It decreases with the number of frames, so compare with the distance between two
    sets of real pieces of the same size. It has the squared unit of the features, so compare only
    distances of the same kind of features.

    Parameters
    ----------
    X, Y : array-like of shape (n_frames, n_features), or collections of them
        Chroma, piano rolls, log-mel spectra or any other features, at least two frames each. Every
        frame of a set has the same weight. Chroma in many keys says little about harmony: transpose
        pieces to a common key first, as :func:`report` does.

    Returns
    -------
    distance : float
        At least 0, which means equal mean and covariance; without an upper limit.

    Raises
    ------
    ValueError
        If the widths differ, or a set has fewer than two frames.

    References
    ----------
    .. [1] M. Heusel, H. Ramsauer, T. Unterthiner, B. Nessler, S. Hochreiter, "GANs trained by a two
       time-scale update rule converge to a local Nash equilibrium", NeurIPS 2017.
    .. [2] K. Kilgour, M. Zuluaga, D. Roblek, M. Sharifi, "Fréchet audio distance: a reference-free
       metric for evaluating music enhancement algorithms", Interspeech 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import frechet_distance
    >>> frames = np.random.default_rng(0).normal(size=(1000, 3))
    >>> round(frechet_distance(frames, frames[::-1]), 6)
    0.0
    >>> round(frechet_distance(frames, frames + [0, 3, 4]), 3)
    25.0
    """
    first = _frames(X, "X")
    second = _frames(Y, "Y", first.shape[1])
    means = first.mean(axis=0), second.mean(axis=0)
    roots = [
        _root_of_covariance(frames - mean)
        for frames, mean in zip((first, second), means, strict=True)
    ]
    # The trace of the root is the sum of the singular values of the product of both roots. The
    # product itself need not be symmetric, and may be singular and have no root.
    common = np.linalg.svd(roots[0] @ roots[1], compute_uv=False).sum()
    spread = sum(float(np.square(root).sum()) for root in roots) - 2 * common
    return float(np.square(means[0] - means[1]).sum() + max(0.0, spread))


def _frames(X: Any, name: str, n_features: int | None = None) -> np.ndarray:
    pieces, _ = as_collection(X, n_features=n_features, name=name)
    frames = np.concatenate(pieces).astype(np.float64)
    if len(frames) < 2:
        raise ValueError(
            f"frechet_distance needs two frames or more of each set: {name} has {len(frames)}"
        )
    return frames


def _root_of_covariance(centered: np.ndarray) -> np.ndarray:
    """Return the symmetric root of the covariance, which may be singular."""
    values, vectors = np.linalg.eigh(centered.T @ centered / (len(centered) - 1))
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
