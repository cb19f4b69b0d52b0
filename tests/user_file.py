"""Code as a user may write it. mypy checks its types, but it is never run."""

from pathlib import Path
from typing import assert_type

import numpy as np

from musicai import ChromaExtractor, LSTMComposer, MosaicSynthesizer, PianoRollExtractor, Timing
from musicai.chroma import Analysis
from musicai.datasets import load_recordings, make_progressions, make_songs
from musicai.metrics import Report, flux, report
from musicai.mosaic import Segment
from musicai.render import Chord, chord_chart, labeled_intervals, recognize_chords

data = load_recordings("recordings")
assert_type(data.recordings, list[Path])
assert_type(data.target, list[str] | None)
extractor = ChromaExtractor(sync="half-beat", n_jobs=-1)
analyses = assert_type(extractor.analyze(data.recordings), list[Analysis])
pieces = [assert_type(analysis.chroma, np.ndarray) for analysis in analyses]
composer = LSTMComposer(random_state=0).fit(pieces, data.target, timing=analyses)
assert_type(composer, LSTMComposer)
assert_type(composer.best_validation_score_, float | None)
assert_type(composer.loss_curve_, list[float])
piece = assert_type(composer.sample(128, key="G", temperature=0.9, random_state=7), np.ndarray)
several = assert_type(composer.sample(64, n_pieces=3, style="folk"), list[np.ndarray])
assert_type(composer.sample(64, random_state=[1, 2]), list[np.ndarray])
assert_type(composer.predict(piece), np.ndarray)
assert_type(composer.score_samples(several), list[np.ndarray])
timing = assert_type(composer.timing_of("folk"), Timing)
assert_type(timing.seconds_at(8), float)
assert_type(timing.frames_at(1.5), int)
mosaic = MosaicSynthesizer(extractor).fit(data.recordings, data.target)
assert_type(mosaic.segments(piece, timing=timing), list[Segment])
chords = assert_type(recognize_chords(piece, timing=timing), list[Chord])
assert_type(recognize_chords(several, timing=timing), list[list[Chord]])
assert_type(labeled_intervals(chords), tuple[np.ndarray, list[str]])
assert_type(chord_chart(piece, timing=timing), str)
assert_type(chord_chart(several, timing=timing), list[str])
assert_type(make_progressions(3, random_state=0).timing, Timing)
assert_type(make_songs(2).chords, list[list[Chord]])
assert_type(PianoRollExtractor(steps_per_beat=2).transform(data.recordings), list[np.ndarray])
assert_type(report(pieces, several, timing=timing), Report)
assert_type(flux(piece), float)
