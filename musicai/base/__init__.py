"""Shared code, such as the validation of pieces, styles and parameters, and persistence."""
