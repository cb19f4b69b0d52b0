"""Custom beat trackers: calls, validation of their results, and cache keys."""

import inspect
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np

Tracker = Callable[[np.ndarray, float], Any]
"""Function called as ``tracker(y, sr)`` that returns beats, or beats and downbeats, in seconds."""

SHORTEST_GAP = 0.005
"""Shortest time between beats in seconds; closer beats would give too many frames."""

LONGEST_GAP = 15.0
"""Longest time between beats in seconds: 4 beats per minute."""

NEAR = 0.07
"""Largest distance of a downbeat from a beat in seconds, the tolerance of mir_eval's F-measure."""


def call_tracker(
    tracker: Tracker, samples: np.ndarray, sr: float
) -> tuple[np.ndarray, tuple[int, int] | None]:
    """Return the beats that a tracker finds, and bars if it finds downbeats.

    Parameters
    ----------
    tracker : callable
        Called as ``tracker(samples, sr)``.
    samples : ndarray of shape (n_samples,), dtype float32
        The whole recording.
    sr : float
        Sampling rate in hertz.

    Returns
    -------
    beats : ndarray of shape (n_beats,), dtype float64
        Increasing times in seconds, within the recording.
    bars : (int, int) or None
        Beats per bar and index of the first downbeat; None without downbeats.

    Raises
    ------
    ValueError
        If the tracker does not return increasing times in seconds, or a pair of arrays of such
        times; if beats are too close or too far apart; if downbeats are not beats; or if bars have
        more than 16 beats.
    """
    answer = tracker(samples, sr)
    has_bars = isinstance(answer, tuple)
    if has_bars and len(answer) != 2:
        raise _wrong(f"a tuple of {len(answer)}")
    found = [_as_times(part) for part in (answer if has_bars else (answer,))]
    beats = found[0]
    if has_bars and len(found[1]) > len(beats):
        raise _wrong("more downbeats than beats")
    gaps = np.diff(beats)
    odd = np.flatnonzero((gaps < SHORTEST_GAP) | (gaps > LONGEST_GAP))
    if len(odd):
        gap, first = gaps[odd[0]], beats[odd[0]]
        raise _wrong(f"a gap of {gap:.3g} s after the beat at {first:.2f} s")
    beats = beats[beats < len(samples) / sr]
    if not has_bars or len(found[1]) == 0 or len(beats) == 0:
        return beats, None
    return beats, _bars(beats, found[1])


def tracker_key(tracker: Tracker) -> str:
    """Return the cache key of a tracker.

    The key is a hash of the pickled tracker or, for a function, of its module, name, source,
    defaults and closure. Editing a function therefore changes its key.
    """
    parts: Any = tracker
    if inspect.isfunction(tracker):
        try:
            source = inspect.getsource(tracker)
        except (OSError, TypeError):
            source = tracker.__code__.co_code.hex()
        cells = [cell.cell_contents for cell in tracker.__closure__ or ()]
        name = tracker.__module__, tracker.__qualname__
        parts = name, source, tracker.__defaults__, tracker.__kwdefaults__, cells
    try:
        return str(joblib.hash(parts))
    except Exception as error:
        raise ValueError(
            f"memory needs a tracker that can be pickled, and {tracker!r} cannot ({error}): pass a "
            "function, or memory=None"
        ) from error


def _as_times(values: Any) -> np.ndarray:
    try:
        times = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise _wrong(f"{type(values).__name__}") from None
    if times.ndim != 1:
        raise _wrong(f"an array of shape {times.shape}")
    if not np.all(np.isfinite(times)) or np.any(times < 0) or np.any(np.diff(times) <= 0):
        raise _wrong("times that are negative or do not increase")
    return times


def _bars(beats: np.ndarray, downbeats: np.ndarray) -> tuple[int, int]:
    """Return the most common number of beats per bar, and the index of the first downbeat.

    For a single downbeat, the number is 4. If bars differ in length, the index is the most common
    index of a downbeat, modulo the number of beats per bar.
    """
    nearest = np.abs(np.subtract.outer(downbeats, beats))
    at, distance = nearest.argmin(axis=1), nearest.min(axis=1)
    at = np.unique(at[downbeats <= beats[-1] + NEAR])
    if np.any(distance[downbeats <= beats[-1] + NEAR] > NEAR) or len(at) == 0:
        raise _wrong("downbeats that are not beats")
    lengths = np.diff(at)
    beats_per_bar = int(np.bincount(lengths).argmax()) if len(lengths) else 4
    if not 1 <= beats_per_bar <= 16:
        raise _wrong(f"bars of {beats_per_bar} beats")
    return beats_per_bar, int(np.bincount(at % beats_per_bar).argmax())


def _wrong(what: str) -> ValueError:
    return ValueError(
        f"tracker returned {what}; expected beats, or (beats, downbeats): increasing times in "
        f"seconds, {SHORTEST_GAP:g} to {LONGEST_GAP:g} apart"
    )
