"""Statistics of the training music that are stored for warnings: log-likelihoods and endings.

Sampling warns if the log-likelihood of a prime is unusual and, if an ending is requested, if few
training pieces have one. The stored log-likelihoods are those of validation pieces and, if there
are few, also of some training pieces.
"""

from collections.abc import Sequence

import numpy as np

from ..base.user_warnings import warn_user

# Log-likelihoods are averaged over windows of about this many frames, because they vary a lot from
# frame to frame.
_WINDOW = 32
_MOST_WINDOWS = 256  # maximum number of windows to store
_FEWEST_WINDOWS = 8  # with fewer windows of the training music, primes are not checked
_FEWEST_FRAMES = 4  # primes with fewer frames are not checked
# A prime is unusual if its log-likelihood is outside the range of the middle 98% of windows, by
# more than this share of the range's width. For short primes, the share is larger.
_FARTHEST = 0.2
# Smallest width of the range, in nats per frame, even if the training music varies less.
_SMALLEST_SPREAD = 5.0

_FEWEST_ENDINGS = 8


def window_scores(scores: Sequence[np.ndarray]) -> np.ndarray:
    """Return the sorted mean log-likelihoods of windows of pieces, in nats per frame.

    If there are more than 256 windows, 256 evenly spaced entries of the sorted list are returned.

    Parameters
    ----------
    scores : sequence of ndarray of shape (n_frames,)
        Log-likelihood of every frame of each piece. A short piece counts as a single window.
    """
    means = np.sort(
        [
            part.mean(dtype=np.float64)
            for of_frames in scores
            for part in np.array_split(of_frames, max(1, len(of_frames) // _WINDOW))
            if len(part)
        ]
    )
    return means[np.linspace(0, len(means) - 1, min(len(means), _MOST_WINDOWS)).astype(int)]


def warn_of_strange_primes(means: Sequence[tuple[float, int]], reference: np.ndarray) -> None:
    """Warn about primes that are far more or far less likely than real music.

    Parameters
    ----------
    means : sequence of pairs
        Log-likelihood per frame of each prime, and the prime's number of frames.
    reference : ndarray of shape (n_windows,)
        Log-likelihoods per frame of windows of real music, from `window_scores`.
    """
    if len(reference) < _FEWEST_WINDOWS:
        return
    low, high = np.quantile(reference, [0.01, 0.99])
    spread = max(high - low, _SMALLEST_SPREAD)
    for number, (mean, n_frames) in enumerate(means):
        if n_frames < _FEWEST_FRAMES:
            continue
        # Means over fewer frames vary more.
        shorter = max(1.0, (_WINDOW / n_frames) ** 0.5)
        margin = (_FARTHEST * shorter + (shorter - 1) / 2) * spread
        if not low - margin <= mean <= high + margin:
            which = f" {number}" if len(means) > 1 else ""
            warn_user(
                f"prime{which} is far from the training music: {mean:.4g} nats per frame, but "
                f"{low:.4g} to {high:.4g} for training music. The continuation may not match the "
                "prime. Make the prime in the same way as the training pieces, for example with "
                "their extractor"
            )


def count_endings(lengths: Sequence[int]) -> int:
    """Return the number of training pieces that have an ending, given their lengths in frames.

    If more than half of the pieces, and at least two, have the same length, these count as excerpts
    without an ending.
    """
    _, counts = np.unique(lengths, return_counts=True)
    most = int(counts.max())
    return len(lengths) - most if most > len(lengths) / 2 and most > 1 else len(lengths)


def warn_of_few_endings(n_endings: int) -> None:
    """Warn if few training pieces have an ending."""
    if n_endings < _FEWEST_ENDINGS:
        warn_user(
            f"this composer was trained on few endings: only {n_endings} training pieces have one "
            "(if most pieces have the same length, they count as excerpts, which stop anywhere); "
            "new pieces may not end well"
        )
