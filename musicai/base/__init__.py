"""What estimators share: pieces, styles, parameters, seeds, persistence."""
