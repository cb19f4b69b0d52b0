"""File utilities: paths, audio formats, and atomic writing."""
