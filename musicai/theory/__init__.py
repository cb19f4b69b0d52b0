"""Music theory that several rooms share: keys, chords, spelling, and when frames sound."""
