"""File utilities: paths, audio formats, content digests, checks of output files, atomic writing."""
