"""Bars: how many beats they have, and on which beats they begin.

Bars tend to begin where the harmony changes, where onsets are strong and where the bass enters.
Each of these is measured on every beat, and the phase at which their sum is highest is taken.
"""

import numpy as np

METERS = (4, 3)
"""Beats in a bar that are tried."""


def find_bars(chroma: np.ndarray, accents: np.ndarray, bass: np.ndarray) -> tuple[int, int, float]:
    """Find the beats on which bars begin.

    Parameters
    ----------
    chroma : ndarray of shape (n_beats, 12)
        Chroma of each beat.
    accents, bass : ndarray of shape (n_beats,)
        Onset strength on each beat, of all bands and of the low ones.

    Returns
    -------
    beats_per_bar : int
        3 or 4.
    downbeat : int
        The first beat that begins a bar.
    margin : float
        How far the mean score of downbeats lies above that of the next best phase.
    """
    score = _standard(_novelty(chroma)) + 0.5 * _standard(accents) + 0.5 * _standard(bass)
    found = [(*_best_phase(score, meter), meter) for meter in METERS]
    margin, downbeat, beats_per_bar = max(found)
    return beats_per_bar, downbeat, margin


def _best_phase(score: np.ndarray, meter: int) -> tuple[float, int]:
    """Return the margin of the phase at which bars of so many beats begin, and the phase."""
    if len(score) < 2 * meter:
        return 0.0, 0
    means = np.array([score[phase::meter].mean() for phase in range(meter)])
    order = np.argsort(means)
    return float(means[order[-1]] - means[order[-2]]), int(order[-1])


def _novelty(chroma: np.ndarray) -> np.ndarray:
    """Return how little each beat and the next are correlated with the two beats before."""
    centered = chroma - chroma.mean(axis=1, keepdims=True)
    shapes = _unit(centered)
    pairs = _unit(shapes + np.roll(shapes, -1, axis=0))
    novelty = 1 - np.sum(pairs * np.roll(pairs, 2, axis=0), axis=1)
    novelty[:2] = novelty.mean()
    return novelty


def _unit(rows: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 1e-6, length, 1)


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / (values.std() or 1.0)
