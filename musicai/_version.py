"""Version number, in a separate file so that builds can read it without importing the package."""

__version__ = "0.1.0.dev2"
