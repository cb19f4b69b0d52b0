"""Estimation of bars: the number of beats per bar, and the downbeats.

Bars resemble each other. Onsets and changes of harmony recur after three, six and nine beats in a
waltz, and after two, four and eight beats in most other music. The downbeat is the beat of the bar
with the largest harmonic changes and the strongest bass onsets. The downbeat is uncertain if the
harmony changes between beats as much as on beats.
"""

import numpy as np

FEWEST = 12
"""Smallest number of beats from which to estimate bars."""

TRIPLE, DUPLE = (3, 6, 9), (2, 4, 8)
"""Lags in beats at which music recurs: in bars of three beats, and in bars of four."""

LEAST_TRIPLE = 0.2
"""Bars have three beats if triple recurrence exceeds duple recurrence by more than this.

This threshold is above 0 because bars of four beats are far more common.
"""

STRONGEST = 0.97
"""Quantile at which to clip onset strength.

Without clipping, a single onset after silence would outweigh all other onsets.
"""

MOST_BARS = 20
"""Largest number of bars to assume in standard errors, because bars are not independent."""

LEAST_ERROR = 0.05
"""Constant added to standard errors, so that the margin of a few identical bars is not infinite."""

RELIABLE_MARGIN = 2.0
"""Smallest margin at which a downbeat is reliable enough for the timing to have bars."""


def find_bars(
    chroma: np.ndarray, halves: np.ndarray, onsets: np.ndarray, bass: np.ndarray
) -> tuple[int, int, float]:
    """Estimate the beats per bar and the downbeat.

    Parameters
    ----------
    chroma : ndarray of shape (n_beats, 12)
        Chroma of each beat.
    halves : ndarray of shape (2 * n_beats, 12)
        Chroma of each half of each beat.
    onsets : ndarray of shape (n_beats, n_slots)
        Onset strength at `n_slots` times in each beat.
    bass : ndarray of shape (n_beats,)
        Onset strength of the bass bands on each beat.

    Returns
    -------
    beats_per_bar : int
        3 or 4; 4 for fewer than 12 beats.
    downbeat : int
        Index of the first downbeat; 0 for fewer than 12 beats.
    margin : float
        Confidence in the downbeat, in standard errors that assume at most 20 bars (see `Beats`); 0
        for fewer than 12 beats.
    """
    if len(bass) < FEWEST:
        return 4, 0, 0.0
    shapes = _shapes(chroma)
    change, change_over_two = _changes(shapes, 1), _changes(shapes, 2)
    triple = sum(_recurrence(stream) for stream in (_clip(onsets), change[:, np.newaxis]))
    beats_per_bar = 3 if triple > LEAST_TRIPLE else 4
    evidence = np.mean(
        [_standardize(each) for each in (change, change_over_two, _clip(bass))], axis=0
    )
    means = [evidence[phase::beats_per_bar].mean() for phase in range(beats_per_bar)]
    downbeat = int(np.argmax(means))
    n_bars = (len(evidence) - downbeat) // beats_per_bar
    bars = evidence[downbeat:][: n_bars * beats_per_bar].reshape(n_bars, beats_per_bar)
    on_and_between = _standardize(_changes(_shapes(halves), 1)).reshape(-1, 2)
    margins = [
        *_in_errors(bars[:, :1] - bars[:, 1:], most=MOST_BARS),
        *_in_errors(on_and_between[:, :1] - on_and_between[:, 1:], most=4 * MOST_BARS),
    ]
    return beats_per_bar, downbeat, float(min(margins))


def _in_errors(differences: np.ndarray, *, most: int) -> np.ndarray:
    """Divide each column's mean by its standard error, which assumes at most `most` rows.

    `LEAST_ERROR` is added to the standard error.
    """
    errors = differences.std(axis=0) / np.sqrt(min(len(differences), most))
    return differences.mean(axis=0) / (errors + LEAST_ERROR)


def _recurrence(stream: np.ndarray) -> float:
    """Return the sum of a stream's autocorrelations at triple lags minus the sum at duple lags."""
    centered = stream - stream.mean(axis=0)
    triple = sum(_autocorrelation(centered, lag) for lag in TRIPLE)
    return triple - sum(_autocorrelation(centered, lag) for lag in DUPLE)


def _autocorrelation(stream: np.ndarray, lag: int) -> float:
    """Return the correlation of a centered stream with itself `lag` beats later."""
    later, earlier = stream[lag:], stream[:-lag]
    product = np.sqrt(np.sum(later**2) * np.sum(earlier**2))
    return float(np.sum(later * earlier) / product) if product > 0 else 0.0


def _changes(shapes: np.ndarray, reach: int) -> np.ndarray:
    """Return how much the chroma changes at the start of each row, shape (n_rows,).

    A row is a beat or half-beat. The change is 1 minus the correlation between the `reach` rows
    before this point and the `reach` rows after it. Points too close to an end get the mean change.
    """
    n_beats = len(shapes)
    sums = np.cumsum(np.pad(shapes, ((1, 0), (0, 0))), axis=0)
    at = np.arange(reach, n_beats - reach + 1)
    before, after = _unit(sums[at] - sums[at - reach]), _unit(sums[at + reach] - sums[at])
    change = 1 - np.sum(before * after, axis=1)
    return np.pad(change, (reach, reach - 1), constant_values=change.mean())


def _shapes(chroma: np.ndarray) -> np.ndarray:
    """Center each frame and scale it to length 1, so that dot products are correlations."""
    return _unit(chroma - chroma.mean(axis=1, keepdims=True))


def _unit(rows: np.ndarray) -> np.ndarray:
    """Scale rows to length 1, except rows that are nearly zero."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 1e-6, length, 1)


def _clip(strength: np.ndarray) -> np.ndarray:
    """Clip onset strength at its 0.97 quantile."""
    return np.minimum(strength, np.quantile(strength, STRONGEST))


def _standardize(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / (values.std() or 1.0)
