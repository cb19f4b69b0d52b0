"""Music for examples/compose.py: loading, analysis, and the split into training and test pieces.

examples/compose_midi.py uses parts of it, too.
"""

from collections import Counter
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split

from musicai import ChromaExtractor, Timing
from musicai.datasets import load_recordings, make_songs

CLEAR = 0.5  # least mean clarity of beats of music that is learned by half-beats
N_SONGS = 40
STYLES = ["pop", "waltz"]
HELD_OUT = 0.15  # share of the pieces
LEAST_PIECES = 10  # with fewer recordings, excerpts are learned and held out
LEAST_SECONDS = 60  # of all music
EXCERPT_SECONDS = 45


class Piece(NamedTuple):
    """The chroma of a recording, or of an excerpt, with its title, style and timing."""

    title: str
    frames: np.ndarray
    style: str | None
    recording: Path
    timing: Timing

    @property
    def seconds(self):
        """Length of the piece."""
        return self.timing.duration(len(self.frames))


def extract(folder, out):
    """Analyze the recordings; return the extractor, and pieces, or excerpts if there are few."""
    if folder is None:
        data = make_songs(N_SONGS, styles=STYLES, n_jobs=-1, verbose=1)
    else:
        try:
            data = load_recordings(folder)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise SystemExit(str(error)) from None
    titles, labels, recordings = leave_out(data, folder, out)
    extractor, analyses = analyze(recordings)
    pieces = [
        Piece(title, analysis.chroma, label, recording, analysis.timing)
        for title, label, recording, analysis in zip(
            titles, labels, recordings, analyses, strict=True
        )
        if has_frames(analysis, extractor)
    ]
    for recording, analysis in zip(recordings, analyses, strict=True):
        if analysis.chroma.any() and not has_frames(analysis, extractor):
            print(f"left out {recording}, which has no beats")
    seconds = sum(piece.seconds for piece in pieces)
    print(f"{len(pieces)} recordings, {seconds / 60:.1f} minutes of music")
    if round(seconds) < LEAST_SECONDS:  # frames end a little before or after a recording
        raise SystemExit(
            f"too little music: {seconds:.0f} seconds in {len(pieces)} readable recordings, where "
            f"at least {LEAST_SECONDS} seconds are needed to learn and to hold out"
        )
    if len(pieces) >= LEAST_PIECES and min(Counter(styles(pieces)).values()) > 1:
        return extractor, pieces
    excerpt_seconds = min(EXCERPT_SECONDS, seconds / LEAST_PIECES)
    print(f"few recordings: learning and holding out excerpts of {excerpt_seconds:.0f} seconds")
    return extractor, cut(pieces, excerpt_seconds)


def analyze(recordings):
    """Return an extractor and its analyses: by half-beats if the pulse is clear, else by frames."""
    options = {"n_jobs": -1, "on_error": "warn", "verbose": 1}
    extractor = ChromaExtractor(sync="half-beat", **options)
    analyses = extractor.analyze(recordings)
    clarity = mean_clarity(analyses)
    if clarity >= CLEAR:
        print(f"the pulse is clear ({clarity:.2f}; {CLEAR} or more): learning half-beats")
        return extractor, analyses
    print(f"the pulse is not clear ({clarity:.2f}; below {CLEAR}): learning frames")
    extractor = ChromaExtractor(**options)
    return extractor, extractor.analyze(recordings)


def from_downbeat(piece):
    """Return a piece from its first downbeat on, or from its first beat if bars are not known."""
    timing = piece.timing
    if not timing.has_beats:
        return piece
    beats = timing.beats()[:-1]
    whole = beats % 1 == 0
    if timing.downbeat is not None:
        whole &= (beats - timing.downbeat) % timing.beats_per_bar == 0
    first = int(np.argmax(whole))
    return piece._replace(frames=piece.frames[first:], timing=timing[first:])


def has_frames(analysis, extractor):
    """Whether a recording sounds, and has beats if it is learned by them."""
    return analysis.chroma.any() and (extractor.sync is None or analysis.timing.has_beats)


def mean_clarity(analyses):
    """Return the mean clarity of beats over all seconds; 0 where no beats were found."""
    seconds = [each.timing.duration(len(each.chroma)) for each in analyses]
    clarity = [each.clarity or 0 for each in analyses]
    return float(np.average(clarity, weights=seconds)) if sum(seconds) else 0.0


def leave_out(data, folder, out):
    """Return titles, styles and paths without files in `out`, which were composed; report them."""
    labels = data.target or [None] * len(data.recordings)
    if folder is None:
        return data.titles, labels, data.recordings
    folder, out = Path(folder).expanduser().resolve(), out.resolve()
    if out == folder:
        raise SystemExit(
            f"--out {out} is the folder of the music itself: name another one, or what is "
            "composed would be learned the next time"
        )
    listed = list(zip(data.titles, labels, data.recordings, strict=True))
    kept = [each for each in listed if not each[-1].is_relative_to(out)]
    if not kept:
        raise SystemExit(f"no music in {str(folder)!r} but in {out}, where new pieces are written")
    if len(kept) < len(listed):
        print(f"left out {counted(len(listed) - len(kept), 'file')} in {out}: that is --out")
    titles, labels, paths = map(list, zip(*kept, strict=True))
    if all(path.parent == folder for path in paths):
        labels = [None] * len(paths)  # one folder is not a choice of styles
    return titles, labels, paths


def cut(pieces, seconds):
    """Cut every piece into excerpts that last about so many seconds."""
    excerpts = []
    for piece in pieces:
        n_excerpts = max(1, round(piece.seconds / seconds))
        borders = np.linspace(0, len(piece.frames), n_excerpts + 1).round().astype(int)
        for i, (first, last) in enumerate(pairwise(borders), start=1):
            excerpts.append(
                piece._replace(
                    title=f"{piece.title} (excerpt {i})",
                    frames=piece.frames[first:last],
                    timing=piece.timing[first:last],
                )
            )
    return excerpts


def hold_out(pieces, seed):
    """Split pieces into training and test pieces; every style is in both."""
    counts = Counter(styles(pieces))
    style, n_rarest = counts.most_common()[-1]
    if n_rarest < 2:
        raise SystemExit(
            f"too little music in the style {style!r}: one short recording can't be both learned "
            "and held out"
        )
    n_test = max(len(counts), ceil(HELD_OUT * len(pieces)))
    labels = list(map(str, styles(pieces)))
    return train_test_split(pieces, test_size=n_test, stratify=labels, random_state=seed)


def counted(number, thing):
    """Return a number with a noun: 1 minute, 2 minutes."""
    return f"{number:.0f} {thing}{'' if round(number) == 1 else 's'}"


def frames(pieces):
    """Return the frames of each piece."""
    return [piece.frames for piece in pieces]


def styles(pieces):
    """Return the style of each piece; None if it has none."""
    return [piece.style for piece in pieces]
