"""Beat synchronization: frame borders on beats or half-beats, and averages between them."""

import numpy as np

from ._frames import to_decibels


def beat_grid(
    beats: np.ndarray, end: float, *, frames_per_beat: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the borders of beat-synchronous frames.

    Parameters
    ----------
    beats : ndarray of shape (n_beats,)
        Increasing times in seconds, at least two, within the recording.
    end : float
        End of the recording in seconds.
    frames_per_beat : int
        1, or 2 for half-beats.

    Returns
    -------
    seconds : ndarray of shape (n_frames + 1,)
        The borders: 0, the beats, the midpoints between beats if `frames_per_beat` is 2, and the
        end. If there is time before the first beat, one frame covers it. Another frame covers the
        time after the last beat.
    positions : ndarray of shape (n_frames + 1,)
        The same borders in beats; the first beat is at 0.
    """
    n_beats = len(beats)
    positions = np.arange((n_beats - 1) * frames_per_beat + 1) / frames_per_beat
    seconds = np.interp(positions, np.arange(n_beats), beats)
    first, last = beats[1] - beats[0], beats[-1] - beats[-2]
    if beats[0] > 0:
        seconds = np.append(0.0, seconds)
        positions = np.append(-beats[0] / first, positions)
    rest = (end - beats[-1]) / last
    return np.append(seconds, end), np.append(positions, n_beats - 1 + rest)


def frames_between(borders: np.ndarray, rate: float, n_frames: int) -> list[slice]:
    """Return the range of the frames that are centered in each interval.

    Parameters
    ----------
    borders : ndarray of shape (n_intervals + 1,)
        Increasing times in seconds.
    rate : float
        Frames per second; frame ``t`` is centered at ``t / rate`` seconds.
    n_frames : int
        Number of frames, at least 1.

    Returns
    -------
    parts : list of slice
        Frames of each interval. An interval that contains no frame center gets the nearest frame.
    """
    # The tolerance puts a frame centered on a border into the interval after the border.
    first = np.ceil(borders * rate - 1e-6).astype(int)
    nearest = np.rint((borders[:-1] + borders[1:]) / 2 * rate).astype(int)
    nearest = np.minimum(nearest, n_frames - 1)
    start, stop = first[:-1], np.minimum(first[1:], n_frames)
    empty = stop <= start
    start, stop = np.where(empty, nearest, start), np.where(empty, nearest + 1, stop)
    return [slice(*part) for part in zip(start.tolist(), stop.tolist(), strict=True)]


def median_chroma(chroma: np.ndarray, parts: list[slice]) -> np.ndarray:
    """Return the median chroma of each part; short events such as drum hits do not affect it."""
    return np.array([np.median(chroma[part], axis=0) for part in parts], dtype=np.float32)


def mean_level(levels: np.ndarray, parts: list[slice]) -> np.ndarray:
    """Return the mean power of the frames in each part, in decibels."""
    return to_decibels(np.array([np.mean(10 ** (levels[part] / 10)) for part in parts]))


def mean_rows(rows: np.ndarray, parts: list[slice]) -> np.ndarray:
    """Return the mean row of each part, for instance of cepstral coefficients."""
    return np.array([rows[part].mean(axis=0) for part in parts], dtype=np.float32)
