"""Bars: how many beats they have, and on which beats they begin.

Bars are alike: onsets and changes of harmony recur after three, six and nine beats in a waltz, and
after two, four and eight in most other music. Bars begin where the harmony changes and the bass
enters; among the beats on which they may begin, those are taken where both happen most. It is not
sure where they begin if harmony changes between beats as much as on them.
"""

import numpy as np

FEWEST = 12
"""Of fewer beats bars are not found."""

TRIPLE, DUPLE = (3, 6, 9), (2, 4, 8)
"""Beats after which music recurs if bars have three or four."""

LEAST_TRIPLE = 0.2
"""Bars have three beats if what recurs exceeds that of four by more; four are far more common."""

STRONGEST = 0.97
"""Onsets above this quantile count as if they were at it."""

MOST_BARS = 20
"""More bars make a downbeat no surer: a mistake that is made in each of them stays one."""

LEAST_ERROR = 0.05
"""Standard error of the evidence, at least."""

SURE = 2.0
"""A downbeat whose margin is below this is not taken for the bars of a timing."""


def find_bars(
    chroma: np.ndarray, halves: np.ndarray, onsets: np.ndarray, bass: np.ndarray
) -> tuple[int, int, float]:
    """Find the beats on which bars begin.

    Parameters
    ----------
    chroma : ndarray of shape (n_beats, 12)
        Chroma of each beat.
    halves : ndarray of shape (2 * n_beats, 12)
        Chroma of each half-beat.
    onsets : ndarray of shape (n_beats, n_slots)
        Onset strength at some moments of each beat.
    bass : ndarray of shape (n_beats,)
        Onset strength of low notes on each beat.

    Returns
    -------
    beats_per_bar : int
        3 or 4.
    downbeat : int
        The first beat that begins a bar.
    margin : float
        How sure that is, in standard errors over at most 20 bars: by how much harmony changes and
        bass enters more on downbeats than on any other beat of bars, and harmony changes more on
        beats than between them; the least of these. 0 if there are few beats.
    """
    if len(bass) < FEWEST:
        return 4, 0, 0.0
    shapes = _shapes(chroma)
    change, change_of_two = _changes(shapes, 1), _changes(shapes, 2)
    triple = sum(_recurrence(stream) for stream in (_cut(onsets), change[:, np.newaxis]))
    beats_per_bar = 3 if triple > LEAST_TRIPLE else 4
    signs = np.mean([_standard(each) for each in (change, change_of_two, _cut(bass))], axis=0)
    means = [signs[phase::beats_per_bar].mean() for phase in range(beats_per_bar)]
    downbeat = int(np.argmax(means))
    n_bars = (len(signs) - downbeat) // beats_per_bar
    bars = signs[downbeat:][: n_bars * beats_per_bar].reshape(n_bars, beats_per_bar)
    on_and_between = _standard(_changes(_shapes(halves), 1)).reshape(-1, 2)
    margins = [
        *_in_errors(bars[:, :1] - bars[:, 1:], most=MOST_BARS),
        *_in_errors(on_and_between[:, :1] - on_and_between[:, 1:], most=4 * MOST_BARS),
    ]
    return beats_per_bar, downbeat, float(min(margins))


def _in_errors(differences: np.ndarray, *, most: int) -> np.ndarray:
    """Return the mean of each column in its standard errors, over at most so many rows."""
    errors = differences.std(axis=0) / np.sqrt(min(len(differences), most))
    return differences.mean(axis=0) / (errors + LEAST_ERROR)


def _recurrence(stream: np.ndarray) -> float:
    """Return how much more a stream recurs after bars of three than of four beats."""
    centered = stream - stream.mean(axis=0)
    return sum(_similarity(centered, lag) for lag in TRIPLE) - sum(
        _similarity(centered, lag) for lag in DUPLE
    )


def _similarity(stream: np.ndarray, lag: int) -> float:
    """Return the correlation of a centered stream with itself after some beats."""
    later, earlier = stream[lag:], stream[:-lag]
    product = np.sqrt(np.sum(later**2) * np.sum(earlier**2))
    return float(np.sum(later * earlier) / product) if product > 0 else 0.0


def _changes(shapes: np.ndarray, reach: int) -> np.ndarray:
    """Return how unlike the chroma is in as many beats before each beat and from it on."""
    n_beats = len(shapes)
    sums = np.cumsum(np.pad(shapes, ((1, 0), (0, 0))), axis=0)
    at = np.arange(reach, n_beats - reach + 1)
    before, after = _unit(sums[at] - sums[at - reach]), _unit(sums[at + reach] - sums[at])
    change = 1 - np.sum(before * after, axis=1)
    return np.pad(change, (reach, reach - 1), constant_values=change.mean())


def _shapes(chroma: np.ndarray) -> np.ndarray:
    """Return chroma whose products are correlations."""
    return _unit(chroma - chroma.mean(axis=1, keepdims=True))


def _unit(rows: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 1e-6, length, 1)


def _cut(strength: np.ndarray) -> np.ndarray:
    """Return onset strength whose few highest values are cut, as those after silence are."""
    return np.minimum(strength, np.quantile(strength, STRONGEST))


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / (values.std() or 1.0)
