"""Shared music theory: keys, chords, spelling and the timing of frames."""
