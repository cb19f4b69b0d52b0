"""Compose from recordings, in scikit-learn's idiom.

A recording becomes a *piece*, a float32 array ``(n_frames, n_features)``; a list of pieces is a
*collection*. :class:`ChromaExtractor` turns recordings into pieces of chroma and back into sound,
:class:`PianoRollExtractor` turns MIDI files into piano rolls and back, :class:`LSTMComposer` learns
a collection, tells what comes next and composes new pieces. A :class:`Timing` says when the frames
of a piece sound.
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

# Estimators are imported when they are first asked for: PyTorch alone takes seconds.
_ROOMS = {
    "ChromaExtractor": "chroma",
    "LSTMComposer": "composer",
    "MosaicSynthesizer": "mosaic",
    "PianoRollExtractor": "midi",
    "Timing": "theory.timing",
    "show_versions": "base.versions",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_ROOMS[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
