"""The console command ``musicai``, for those who do not write Python."""

from ._command import main as main
