"""Learning collections of pieces, and composing new ones."""

from ._composer import LSTMComposer

__all__ = ["LSTMComposer"]
