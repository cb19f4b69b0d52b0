"""Checks of the fitted attributes of a mosaic loaded from a file."""

from typing import Any

import numpy as np

from ..audio.recordings import as_samples
from ..base.parameters import is_integer
from ..base.persistence import Array
from ..base.pieces import N_PITCH_CLASSES
from ..chroma import ChromaExtractor
from ..files.paths import is_path
from ._sources import Source

DIGEST_BYTES = 32  # length of a SHA-256 digest
N_COEFFICIENTS = 13
"""Number of cepstral coefficients in `Analysis.timbre`."""


def fitted_state(mosaic: Any) -> dict[str, Any]:
    """Return the types of the fitted attributes of `mosaic`, as `check_state` expects them.

    If the attributes are malformed, this may raise an error of any type.
    """
    for source in mosaic.sources_:
        _check_source(Source(*source))
    if mosaic.channels_ not in (1, 2):
        raise ValueError(f"channels_ is {mosaic.channels_!r}, where 1 or 2 is expected")
    float(mosaic.extractor_.frame_rate)  # raises an error if its parameters are invalid
    by_beats = any(beats is not None for beats in mosaic.beats_)
    if (by_beats and mosaic.extractor_.sync is None) or by_beats != (mosaic.tempo_ is not None):
        raise ValueError("extractor_, beats_ and tempo_ do not agree on whether there are beats")
    n_frames = [len(levels) for levels in mosaic.levels_]
    n = len(n_frames)
    return {
        "extractor_": ChromaExtractor,
        "sources_": [tuple] * n,
        "chroma_": [Array(np.float16, (each, N_PITCH_CLASSES), 0, 1) for each in n_frames],
        "levels_": [Array(np.float16, (each,)) for each in n_frames],
        "tunings_": Array(np.float64, (n,), low=-12, high=12),
        "beats_": [_state_of_beats(*each) for each in zip(mosaic.beats_, n_frames, strict=True)],
        "tempo_": float | None,
        "channels_": int,
        "styles_": Array(object, (int(np.max(mosaic.recording_styles_, initial=0)),)),
        "recording_styles_": Array(np.int64, (n,), low=0),
    }


def _check_source(source: Source) -> None:
    known = (source.size, source.modified, source.digest)
    if not is_path(source.recording):
        as_samples(source.recording, 1.0, "sources_")
    elif known != (None, None, None):
        size, modified, digest = known
        is_digest = isinstance(digest, bytes) and len(digest) == DIGEST_BYTES
        if not (is_integer(size, 0) and is_integer(modified) and is_digest):
            raise ValueError(f"sources_ has {known!r}, where size, time and SHA-256 are expected")


def _state_of_beats(beats: Any, n_frames: int) -> Any:
    """Return the types of the beats of a recording, as `check_state` expects them.

    If the beats are malformed, this may raise an error of any type.
    """
    if beats is None:
        return type(None)
    if beats["beats_per_bar"] < 1 or np.any(np.diff(beats["times"]) <= 0):
        raise ValueError("beats_ has bars without beats, or beats that do not rise")
    n_beats = n_frames // 2
    return {
        "times": Array(np.float64, (n_beats + 1,), low=0),
        "timbre": Array(np.float16, (2 * n_beats, N_COEFFICIENTS)),
        "clarity": Array(np.float16, (n_beats,), low=-1, high=1),
        "beats_per_bar": int,
        "downbeat": int,
    }
