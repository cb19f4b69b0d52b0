"""Fréchet distance between two sets of frames, each modeled as a Gaussian."""

from typing import Any

import numpy as np

from ..base.pieces import as_collection


def frechet_distance(X: Any, Y: Any) -> float:
    r"""Return the squared Fréchet distance between Gaussians fitted to two sets of frames.

    .. math:: \|\mu_X - \mu_Y\|^2 + \mathrm{tr}\left(\Sigma_X + \Sigma_Y
        - 2 (\Sigma_X^{1/2} \Sigma_Y \Sigma_X^{1/2})^{1/2}\right)

    The distance is large if the frames of one set are blurred or noisy. It is blind to time
    (shuffled frames score perfectly) and to every aspect of a distribution except its mean and
    covariance. It shrinks as the number of frames grows, so compare it with the distance between
    two sets of real pieces of the same size. Its unit is the square of the features' unit, so
    distances for different kinds of features are not comparable.

    Parameters
    ----------
    X, Y : array-like of shape (n_frames, n_features), or collections of them
        Chroma, piano rolls, log-mel spectra or other features; at least two frames in each set.
        Every frame of a set has the same weight. Transpose chroma to a common key first, as
        :func:`report` does: a mean over many keys says little about harmony.

    Returns
    -------
    distance : float
        Zero or more; 0 if the means and covariances are equal.

    Raises
    ------
    ValueError
        If the sets differ in their number of features, or one has fewer than two frames.

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
    # The trace of the matrix square root in the formula equals this sum of singular values, which
    # can be computed even if a covariance is singular.
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
    """Return the symmetric square root of the covariance of centered frames."""
    values, vectors = np.linalg.eigh(centered.T @ centered / (len(centered) - 1))
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
