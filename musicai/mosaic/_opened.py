"""A fitted mosaic from a file: its recordings in plain types, and whether it can be used."""

from typing import Any

import numpy as np

from ..base.learned_values import check_array, require
from ..base.parameters import is_integer, is_real
from ..base.pieces import N_PITCH_CLASSES
from ..chroma import ChromaExtractor
from ..theory.shapes import is_flat
from ._sources import Source


def with_sources(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a mosaic with its recordings as `Source`, whatever they are in it."""
    sources = state.get("sources_")
    if sources is None:
        return state
    return {**state, "sources_": [Source(*source) for source in sources]}


def check_learned(mosaic: Any) -> None:
    """Raise an error if what the mosaic has learned is not what it would have learned itself."""
    extractor = mosaic.extractor_
    told = isinstance(extractor, ChromaExtractor) and extractor.sync is None
    require("extractor_", type(extractor), told, "a ChromaExtractor without sync")
    extractor._check_parameters()
    of_each = mosaic.sources_, mosaic.chroma_, mosaic.levels_, mosaic.tunings_
    lengths = [len(values) for values in of_each]
    require("recordings", lengths, len(set(lengths)) == 1 and lengths[0] > 0, "as many of each")
    for i, (source, chroma, levels, tuning) in enumerate(zip(*of_each, strict=True)):
        _check_source(f"sources_[{i}]", source)
        n_frames = len(levels)
        check_array(
            f"chroma_[{i}]", chroma, (n_frames, N_PITCH_CLASSES), np.float16, lowest=0, highest=1
        )
        check_array(f"levels_[{i}]", levels, (n_frames,), np.float16)
        require(f"tunings_[{i}]", tuning, is_real(tuning), "a number of semitones")
        ChromaExtractor(tuning=tuning)._check_parameters()  # whoever analyzes may be told it
    sounds = not all(is_flat(each.astype(np.float32)).all() for each in mosaic.chroma_)
    require("chroma_", "silence", sounds, "music")


def _check_source(name: str, source: Source) -> None:
    recording = source.recording
    if isinstance(recording, bytes):
        known = source.size is None and source.modified is None
        known = known or (is_integer(source.size, 0) and is_integer(source.modified))
        require(name, source, known, "a file with its size and date")
        return
    samples, rate = recording
    require(name, rate, is_real(rate) and rate > 0, "samples at a positive rate")
    told = type(samples) in (np.ndarray, np.memmap) and samples.dtype.kind in "fiu"
    require(name, type(samples), told and samples.ndim in (1, 2), "samples of a sound")
    require(name, source, source.size is None and source.modified is None, "without a date")
