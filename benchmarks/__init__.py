"""Benchmarks of musicai and its strongest peers, by room: `python -m benchmarks.chroma.beats`."""
