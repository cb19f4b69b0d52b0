"""Composed chroma made audible and readable."""
