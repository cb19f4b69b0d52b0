"""The music that examples/compose.py learns: where it comes from, and what is held out.

Its sister examples/compose_midi.py leaves out as it does what was composed before.
"""

from collections import Counter
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split

from musicai.datasets import load_chorales, load_recordings

N_CHORALES = 80
HELD_OUT = 0.15
LEAST_PIECES = 10  # of fewer recordings we learn and hold out excerpts
LEAST_SECONDS = 60
EXCERPT_SECONDS = 45


class Piece(NamedTuple):
    """What a recording became."""

    title: str
    frames: np.ndarray
    style: str | None
    recording: Path


def extract(extractor, folder, out):
    """Find the recordings and return a piece of each, or excerpts where they are few."""
    if folder is None:
        data = load_chorales(N_CHORALES, n_jobs=-1, verbose=1)
    else:
        try:
            data = load_recordings(folder)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise SystemExit(str(error)) from None
    titles, labels, recordings = leave_out(data, folder, out)
    found = map(Piece, titles, extractor.transform(recordings), labels, recordings)
    pieces = [piece for piece in found if len(piece.frames)]  # unreadable recordings have none
    seconds = sum(map(len, frames(pieces))) / extractor.frame_rate
    print(f"{len(pieces)} recordings, {seconds / 60:.1f} minutes of music")
    if seconds < LEAST_SECONDS:
        raise SystemExit(
            f"too little music: {seconds:.0f} seconds in {len(pieces)} readable recordings, where "
            f"at least {LEAST_SECONDS} seconds are needed to learn and to hold out"
        )
    if len(pieces) >= LEAST_PIECES and min(Counter(styles(pieces)).values()) > 1:
        return pieces
    excerpt_seconds = min(EXCERPT_SECONDS, seconds / LEAST_PIECES)
    print(f"few recordings: learning and holding out excerpts of {excerpt_seconds:.0f} seconds")
    return cut(pieces, excerpt_seconds * extractor.frame_rate)


def leave_out(data, folder, out):
    """Return titles, styles and paths without those in `out`, which were composed; say so."""
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
        labels = [None] * len(paths)  # no style but the folder
    return titles, labels, paths


def cut(pieces, n_frames):
    """Cut every piece into excerpts of about `n_frames`."""
    return [
        piece._replace(title=f"{piece.title} (excerpt {i})", frames=excerpt)
        for piece in pieces
        for i, excerpt in enumerate(
            np.array_split(piece.frames, max(1, round(len(piece.frames) / n_frames))), start=1
        )
    ]


def hold_out(pieces, seed):
    """Split off whole pieces to test on, of every style."""
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
    """Say how many there are of a thing: 1 minute, 2 minutes."""
    return f"{number:.0f} {thing}{'' if round(number) == 1 else 's'}"


def frames(pieces):
    """Frames of each piece."""
    return [piece.frames for piece in pieces]


def styles(pieces):
    """Style of each piece; None where the folder names none."""
    return [piece.style for piece in pieces]
