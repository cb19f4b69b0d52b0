"""Music moved by an interval is music: more to learn from, for data whose features are pitches."""

import numpy as np

# A piano has 88 keys, MIDI 128 notes.
_KEYBOARDS = (88, 128)
_CHROMA = 12


def is_piano_roll(piece: np.ndarray, emission: str) -> bool:
    """Tell whether `piece` looks like a piano roll: binary, as wide as a keyboard."""
    return emission.endswith("bernoulli") and piece.shape[1] in _KEYBOARDS


def transpose_at_random(frames: np.ndarray, *, rng: np.random.RandomState) -> np.ndarray:
    """Move `frames` (n_frames, n_features) by up to half an octave down or up.

    Chroma comes round at the octave. Of other data no sounding note leaves the range.
    """
    lowest, highest = -5, 6
    if frames.shape[1] != _CHROMA:
        sounding = np.flatnonzero(frames.any(0))
        if len(sounding) == 0:
            return frames
        lowest = max(lowest, -sounding[0])
        highest = min(highest, frames.shape[1] - 1 - sounding[-1])
    return np.roll(frames, rng.randint(lowest, highest + 1), axis=1)
