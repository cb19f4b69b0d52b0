"""From frames at a fixed rate to one frame per beat."""

import numpy as np

from ..theory.timing import Timing


def synchronise(
    chroma: np.ndarray, frame_rate: float, beats: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Take the median of the frames between one beat and the next.

    As in ``librosa.util.sync``, what is before the first beat and after the last has a frame
    too, so that nothing is lost. The median keeps out the few frames in which a chord changes or
    a drum sounds.

    Parameters
    ----------
    chroma : ndarray of shape (n_frames, 12)
        Frames, the one at ``t`` centered on ``t / frame_rate`` seconds.
    frame_rate : float
        Frames per second.
    beats : ndarray of shape (n_beats,)
        Times of the beats in seconds, rising.

    Returns
    -------
    chroma : ndarray of shape (n_intervals, 12), dtype float32
        One frame per interval; intervals that hold no frame's center are joined to the next.
    borders : ndarray of shape (n_intervals + 1,)
        The borders of the intervals in seconds; the first is 0, the last the end of the frames.
    """
    n_frames = len(chroma)
    # A beat on a frame's center belongs to that frame, however the product was rounded.
    firsts = np.ceil(np.concatenate([[0.0], beats]) * frame_rate - 1e-6).astype(int)
    # Of borders with no frame between them the last counts.
    last_of_equals = np.append(firsts[1:] != firsts[:-1], True) & (firsts < n_frames)
    firsts = firsts[last_of_equals]
    borders = np.concatenate([[0.0], beats])[last_of_equals]
    borders[0] = 0.0
    frames = [np.median(part, axis=0) for part in np.split(chroma, firsts[1:])]
    end = Timing.from_rate(frame_rate).duration(n_frames)
    return np.array(frames, dtype=np.float32), np.append(borders, end)
