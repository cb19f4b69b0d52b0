"""Music theory that other packages share: keys, chords, spelling and the timing of frames."""
