"""Recordings, excerpts and tables for benchmarks."""

from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from musicai.datasets import load_chorales, load_recordings


def add_recordings(parser: ArgumentParser, *, n_chorales: int) -> None:
    """Add the arguments `recordings` and `chorales`, for `find_recordings`."""
    parser.add_argument("recordings", nargs="*", type=Path, help="audio files or folders of them")
    parser.add_argument(
        "--chorales",
        type=int,
        default=n_chorales,
        metavar="N",
        help="number of chorales to use without recordings",
    )


def find_recordings(paths: Sequence[Path], *, n_chorales: int) -> list[Path]:
    """Return the given files and those in the given folders; by default, chorales."""
    if not paths:
        return load_chorales(n_chorales, n_jobs=-1, verbose=1).recordings
    found: list[Path] = []
    for path in paths:
        found += load_recordings(path).recordings if path.is_dir() else [path]
    return found


def excerpts(pieces: Iterable[np.ndarray], n_frames: int) -> list[np.ndarray]:
    """Cut pieces into excerpts of equal length; return those of which less than 10 % is silent."""
    parts = [
        piece[first : first + n_frames]
        for piece in pieces
        for first in range(0, len(piece) - n_frames + 1, n_frames)
    ]
    return [part for part in parts if part.any(axis=1).mean() > 0.9]


def print_table(head: Sequence[str], rows: Iterable[Sequence[str | float]]) -> None:
    """Print a Markdown table; numbers have three significant digits."""
    print(f"\n| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for name, *cells in rows:
        shown = [cell if isinstance(cell, str) else f"{cell:.3g}" for cell in cells]
        print(f"| {' | '.join([str(name), *shown])} |", flush=True)
