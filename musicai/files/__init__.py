"""Tools for files, shared by all rooms: paths, formats, and writing whole or not at all."""
