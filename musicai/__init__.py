"""Machine learning on chroma and piano rolls, with scikit-learn's interface.

A recording or MIDI file becomes a *piece*, a float32 array ``(n_frames, n_features)``; a list of
pieces is a *collection*. :class:`ChromaExtractor` converts recordings to chroma and chroma to
sound. :class:`PianoRollExtractor` converts MIDI files to piano rolls and back.
:class:`LSTMComposer` learns from a collection, predicts next frames and composes new pieces.
:class:`MosaicSynthesizer` plays a piece with segments of recordings. A :class:`Timing` gives the
start and end times of frames.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .base.versions import show_versions
    from .chroma import ChromaExtractor
    from .composer import LSTMComposer
    from .midi import PianoRollExtractor
    from .mosaic import MosaicSynthesizer
    from .theory.timing import Timing

__all__ = [
    "ChromaExtractor",
    "LSTMComposer",
    "MosaicSynthesizer",
    "PianoRollExtractor",
    "Timing",
    "__version__",
    "show_versions",
]

# Import names on first access, because importing PyTorch takes seconds.
_MODULES = {
    "ChromaExtractor": "chroma",
    "LSTMComposer": "composer",
    "MosaicSynthesizer": "mosaic",
    "PianoRollExtractor": "midi",
    "Timing": "theory.timing",
    "show_versions": "base.versions",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
