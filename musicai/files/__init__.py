"""Shared tools for files: paths, formats, and writing files whole or not at all."""
