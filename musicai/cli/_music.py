"""Training music of `musicai compose`: loading, analysis, and held-out pieces."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from ..chroma import Analysis, ChromaExtractor
from ..datasets import load_recordings, make_songs
from ..theory.timing import Timing
from ._terminal import UserError, say

CLEAR = 0.5  # smallest mean clarity of beats at which frames are half-beats
N_SONGS = 40  # number of rule-based songs, if no folder is given
STYLES = ["pop", "waltz"]  # styles of the rule-based songs
HELD_OUT = 0.2  # share of the pieces that are held out
LEAST_PIECES = 10  # if there are fewer, recordings are cut into excerpts
LEAST_SECONDS = 60  # smallest total length of the recordings
EXCERPT_SECONDS = 45  # approximate length of the longest excerpts


class Piece(NamedTuple):
    """Chroma of a recording or an excerpt, with title, style, path and timing."""

    title: str
    frames: np.ndarray
    style: str | None
    recording: Path
    timing: Timing

    @property
    def seconds(self) -> float:
        """Length of the piece in seconds."""
        return self.timing.duration(len(self.frames))

    def from_first_bar(self) -> "Piece":
        """Return the piece from its first bar on, or from its first beat if it has no bars."""
        first = self.timing.first_bar
        if first == 0:
            return self
        return self._replace(frames=self.frames[first:], timing=self.timing[first:])


def find_music(folder: str | None, out: Path) -> tuple[list[str], list[str | None], list[Path]]:
    """Return titles, styles and paths of recordings; if `folder` is None, of rule-based songs.

    Recordings in the folder `out` are ignored.
    """
    if folder is None:
        songs = make_songs(N_SONGS, styles=STYLES, n_jobs=-1, verbose=1)
        styles: list[str | None] = [*songs.target]
        return songs.titles, styles, songs.recordings
    data = load_recordings(folder, exclude=out)  # `out` may hold earlier results
    labels: Sequence[str | None] = data.target or [None] * len(data.titles)
    return data.titles, [*labels], data.recordings


def extract(
    titles: Sequence[str],
    styles: Sequence[str | None],
    recordings: Sequence[Path],
    memory: str | None,
) -> tuple[ChromaExtractor, list[Piece]]:
    """Return the extractor, and a piece for each readable recording that is not silent.

    If frames are half-beats, recordings without beats are left out. If there are few recordings, or
    only one in some style, all recordings are cut into excerpts, and each excerpt is a piece.
    """
    extractor, analyses = analyze(recordings, memory)
    rows = list(zip(titles, styles, recordings, analyses, strict=True))
    pieces = []
    for title, style, recording, analysis in rows:
        if extractor.sync is None or analysis.timing.has_beats:
            if analysis.chroma.any():
                pieces.append(Piece(title, analysis.chroma, style, recording, analysis.timing))
        elif analysis.chroma.any():
            say(f"left out {recording}, which has no beats")
    seconds = sum(piece.seconds for piece in pieces)
    say(f"{counted(len(pieces), 'recording')}, {seconds / 60:.1f} minutes of music")
    if round(seconds) < LEAST_SECONDS:  # a piece may be a little shorter than its recording
        raise UserError(
            f"too little music: {seconds:.0f} seconds in {len(pieces)} readable recordings; at "
            f"least {LEAST_SECONDS} seconds are needed for training and held-out pieces"
        )
    if len(pieces) >= LEAST_PIECES and min(Counter(styles_of(pieces)).values()) > 1:
        return extractor, pieces
    excerpt_seconds = min(EXCERPT_SECONDS, seconds / LEAST_PIECES)
    say(
        f"few recordings: cut into excerpts of {excerpt_seconds:.0f} seconds, some for training "
        "and some held out"
    )
    return extractor, cut(pieces, excerpt_seconds)


def analyze(
    recordings: Sequence[Path | np.ndarray], memory: str | None = None
) -> tuple[ChromaExtractor, list[Analysis]]:
    """Return an extractor and its analyses of the recordings.

    If the pulse is clear, the frames of the analyses are half-beats.
    """
    by_frames = ChromaExtractor(n_jobs=-1, on_error="warn", verbose=1, memory=memory)
    extractor = clone(by_frames).set_params(sync="half-beat")
    analyses = extractor.analyze(list(recordings))
    clarity = mean_clarity(analyses)
    if clarity >= CLEAR:
        say(f"the pulse is clear ({clarity:.2f}; {CLEAR} or more): learning half-beats")
        return extractor, analyses
    say(f"the pulse is not clear ({clarity:.2f}; below {CLEAR}): learning frames")
    return by_frames, by_frames.analyze(list(recordings))


def mean_clarity(analyses: Sequence[Analysis]) -> float:
    """Return the mean clarity of beats, weighted by the durations of the recordings.

    The clarity of a recording without beats counts as 0.
    """
    seconds = [each.timing.duration(len(each.chroma)) for each in analyses]
    clarity = [each.clarity or 0 for each in analyses]
    return float(np.average(clarity, weights=seconds)) if sum(seconds) else 0.0


def cut(pieces: Sequence[Piece], seconds: float) -> list[Piece]:
    """Cut pieces into excerpts of the same number of frames, about `seconds` long.

    The last excerpt of a piece may be up to half an excerpt shorter or longer. A piece shorter than
    one and a half excerpts is not cut. Because most excerpts have the same length, `LSTMComposer`
    does not count them as pieces with an ending.
    """
    rate = sum(len(piece.frames) for piece in pieces) / sum(piece.seconds for piece in pieces)
    length = max(1, round(seconds * rate))
    excerpts = []
    for piece in pieces:
        n_excerpts = max(1, round(len(piece.frames) / length))
        borders = [*range(0, n_excerpts * length, length), len(piece.frames)]
        times = piece.timing.borders(len(piece.frames))
        for first, last in pairwise(borders):
            minutes, seconds_of_minute = divmod(round(times[first] - times[0]), 60)
            excerpts.append(
                piece._replace(
                    title=f"{piece.title}, from {minutes}:{seconds_of_minute:02}",
                    frames=piece.frames[first:last],
                    timing=piece.timing[first:last],
                )
            )
    return excerpts


def hold_out(pieces: Sequence[Piece], seed: int) -> tuple[list[Piece], list[Piece]]:
    """Split pieces into training and held-out pieces; both sets contain every style."""
    counts = Counter(styles_of(pieces))
    style, n_rarest = counts.most_common()[-1]
    if n_rarest < 2:
        raise UserError(
            f"too little music in the style {style!r}: one short recording can't be both learned "
            "and held out"
        )
    n_test = max(len(counts), ceil(HELD_OUT * len(pieces)))
    labels = list(map(str, styles_of(pieces)))
    train, test = train_test_split(pieces, test_size=n_test, stratify=labels, random_state=seed)
    return train, test


def counted(number: float, thing: str) -> str:
    """Return a rounded number and its noun, in the plural if needed: 1 minute, 2 minutes."""
    return f"{number:.0f} {thing}{'' if round(number) == 1 else 's'}"


def frames_of(pieces: Sequence[Piece]) -> list[np.ndarray]:
    """Return the frames of each piece."""
    return [piece.frames for piece in pieces]


def styles_of(pieces: Sequence[Piece]) -> list[str | None]:
    """Return the style of each piece; None for a piece without one."""
    return [piece.style for piece in pieces]
