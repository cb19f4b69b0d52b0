"""Files that several rooms read and write: paths, formats, and writing whole or not at all."""
