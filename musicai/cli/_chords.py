"""Chord charts and chord labels of recordings, for `musicai chords`."""

from collections.abc import Sequence
from pathlib import Path

from sklearn.base import clone

from ..chroma import Analysis, ChromaExtractor
from ..files.paths import one_line
from ..render import chord_chart, labeled_intervals, recognize_chords
from ._music import CLEAR


def print_chords(files: Sequence[Path], *, vocabulary: str, times: bool) -> None:
    """Print each file's chord chart or, with `times`, its chords with start and end in seconds."""
    for file in files:
        analysis = _analyze(file, by_beats=not times)
        if times:
            chords = recognize_chords(analysis.chroma, timing=analysis, vocabulary=vocabulary)
            for (start, end), label in zip(*labeled_intervals(chords), strict=True):
                print(f"{start:.3f}\t{end:.3f}\t{label}")
        else:
            title = one_line(file.stem)
            chart = chord_chart(
                analysis.chroma, timing=analysis, vocabulary=vocabulary, title=title
            )
            print(chart, end="\n\n")


def _analyze(file: Path, *, by_beats: bool) -> Analysis:
    """Analyze a recording: by beats if `by_beats` and the pulse is clear, otherwise by frames."""
    extractor = ChromaExtractor(sync="beat" if by_beats else None, verbose=1)
    (analysis,) = extractor.analyze([file])
    if by_beats and (analysis.clarity or 0) < CLEAR:
        (analysis,) = clone(extractor).set_params(sync=None).analyze([file])
    return analysis
