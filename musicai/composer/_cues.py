"""Cues, inputs that condition each frame on its distance to the end of the piece.

The network reads the cues of a frame together with the frame before it. There are three cues: a 1
over the last 128 frames, a ramp from 0 to 1 over the last 96, and a steeper ramp over the last 16.
The end of a training piece is its last frame that is not silent.

Cues are zeros in most training excerpts and whenever the network scores or predicts. Of the
excerpts that end with their piece, some have cues and others do not, so that the network learns
endings both with and without cues.
"""

from collections.abc import Sequence

import numpy as np

N_CUES = 3
LONGEST = 128  # number of frames that have cues

_HORIZONS = 96, 16
_FRAMES_AT_ONCE = 1024


def ending_cues(n_left: np.ndarray) -> np.ndarray:
    """Return the cues of frames, (n, N_CUES), given the number of frames left, `n_left` (n,).

    `n_left` counts the frame itself, so it is 1 for the last frame.
    """
    ramps = [np.clip(1 - (n_left - 1) / horizon, 0, 1) for horizon in _HORIZONS]
    return np.column_stack([n_left <= LONGEST, *ramps]).astype(np.float32)


def find_ends(pieces: Sequence[np.ndarray]) -> list[int]:
    """Return the length of each piece in frames, without the silent frames at its end.

    A frame is silent if all features are 0. Pieces, which may be memory-mapped, are read backward
    from the end.
    """
    ends = []
    for piece in pieces:
        end = len(piece)
        while end:
            sounds = np.flatnonzero(np.any(piece[max(0, end - _FRAMES_AT_ONCE) : end], axis=1))
            if len(sounds):
                end = max(0, end - _FRAMES_AT_ONCE) + int(sounds[-1]) + 1
                break
            end = max(0, end - _FRAMES_AT_ONCE)
        ends.append(end)
    return ends
