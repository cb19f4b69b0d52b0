"""Console command ``musicai``, for users who do not write Python."""

from ._command import main as main
