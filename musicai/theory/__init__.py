"""Music theory shared by the other subpackages: keys, chords, spelling and the timing of frames."""
