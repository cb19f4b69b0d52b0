"""Code that the estimators share: pieces, styles, parameters, seeds and persistence."""
