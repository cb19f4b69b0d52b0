"""Shared code of the estimators: pieces, styles, parameters, seeds and persistence."""
