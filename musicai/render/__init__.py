"""Composed chroma made audible and readable."""

from ._audio import chroma_to_audio

__all__ = ["chroma_to_audio"]
