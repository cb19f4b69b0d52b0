"""Beat trackers of the user's own: calls, checks of their answers, keys for the cache."""

import inspect
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np

Tracker = Callable[[np.ndarray, float], Any]
"""Called as ``tracker(y, sr)``; returns beats, or beats and downbeats, in seconds."""

SHORTEST_GAP = 0.005
"""Fewest seconds between beats; with closer ones what is left of a recording is too many beats."""

LONGEST_GAP = 15.0
"""Most seconds between beats, those of a beat at 4 beats per minute."""

NEAR = 0.07
"""Most seconds between a downbeat and its beat: the tolerance of mir_eval's F-measure of beats."""


def ask_tracker(
    tracker: Tracker, samples: np.ndarray, sr: float
) -> tuple[np.ndarray, tuple[int, int] | None]:
    """Return the beats that a tracker finds, and the bars if it finds downbeats, too.

    Parameters
    ----------
    tracker : callable
        Called as ``tracker(samples, sr)``.
    samples : ndarray of shape (n_samples,), dtype float32
        The whole recording.
    sr : float
        Its sampling rate in hertz.

    Returns
    -------
    beats : ndarray of shape (n_beats,), dtype float64
        Seconds, rising, within the recording.
    bars : (int, int) or None
        Beats in a bar and the first beat on which a bar begins; None without downbeats.

    Raises
    ------
    ValueError
        If the tracker returns anything else.
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
        raise _wrong(f"a gap of {gap:.3g} seconds after the beat at {first:.2f}")
    beats = beats[beats < len(samples) / sr]
    if not has_bars or len(found[1]) == 0 or len(beats) == 0:
        return beats, None
    return beats, _bars(beats, found[1])


def tracker_key(tracker: Tracker) -> str:
    """Return the key of a tracker in a cache.

    It is a hash of the pickled tracker, or of the name, source, defaults and closure of a function,
    so that an edited function has another key.
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
        raise _wrong("times that do not rise from 0 on")
    return times


def _bars(beats: np.ndarray, downbeats: np.ndarray) -> tuple[int, int]:
    """Return the most common number of beats in a bar, and the first beat that begins one."""
    nearest = np.abs(np.subtract.outer(downbeats, beats))
    at, distance = nearest.argmin(axis=1), nearest.min(axis=1)
    at = np.unique(at[downbeats <= beats[-1] + NEAR])
    if np.any(distance[downbeats <= beats[-1] + NEAR] > NEAR) or len(at) == 0:
        raise _wrong("downbeats that are no beats")
    lengths = np.diff(at)
    beats_per_bar = int(np.bincount(lengths).argmax()) if len(lengths) else 4
    if not 1 <= beats_per_bar <= 16:
        raise _wrong(f"bars of {beats_per_bar} beats")
    return beats_per_bar, int(np.bincount(at % beats_per_bar).argmax())


def _wrong(what: str) -> ValueError:
    return ValueError(
        f"tracker gave {what} where beats, or (beats, downbeats), are expected: arrays of seconds "
        f"that rise from 0 on, {SHORTEST_GAP:g} to {LONGEST_GAP:g} apart"
    )
