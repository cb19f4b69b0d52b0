"""Cues: per-frame conditioning, what is known of a frame before it is predicted.

The network reads the cues of a frame together with the frame before it. They are given from some
frame on in part of the training excerpts, and zeros elsewhere, so that the network models music
with and without them; scores and predictions are without.

The cue of an ending is how near the last sounding frame of the piece is: a 1 that says that it is
known, a ramp over the last 96 frames and a steeper one over the last 16. Silence after the end,
and a frame of it, has no cue: a recording ends with the last frame that sounds.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

N_CUES = 3

_HORIZONS = 96, 16
_FRAMES_AT_ONCE = 1024


def ending_cues(n_left: np.ndarray) -> np.ndarray:
    """Return the cues of frames with `n_left` frames to the end, 1 for the last: (n, N_CUES)."""
    ramps = [np.clip(1 - (n_left - 1) / horizon, 0, 1) for horizon in _HORIZONS]
    return np.column_stack([np.ones(len(n_left)), *ramps]).astype(np.float32)


def training_cues(start: int, stop: int, end: int) -> np.ndarray:
    """Return the cues of frames `start` to `stop` of a piece that ends with frame `end` - 1."""
    n_left = end - np.arange(start, stop)
    return ending_cues(n_left) * (n_left > 0)[:, None]


def find_ends(pieces: Sequence[np.ndarray]) -> list[int]:
    """Return the number of frames of each piece up to its last sounding one.

    A frame sounds if any feature is not 0. Pieces may be mapped from files; they are read from the
    end backwards.
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


def give_cues(cues: Tensor, mask: Tensor, draws: np.ndarray) -> Tensor:
    """Drop the cues of training excerpts up to some frame: of none, some or all of an excerpt.

    Parameters
    ----------
    cues : Tensor of shape (n_excerpts, n_frames, N_CUES)
        All cues.
    mask : Tensor of shape (n_excerpts, n_frames)
        True where there is a frame.
    draws : ndarray of shape (n_excerpts,)
        Numbers from 0 to 1, drawn to decide for each excerpt: a third has all of its cues, and a
        third none.
    """
    first = torch.from_numpy(3 * draws[:, None] - 1).to(cues.device) * mask.sum(1, keepdim=True)
    places = torch.arange(cues.shape[1], device=cues.device)
    return cues * (places >= first)[..., None]
