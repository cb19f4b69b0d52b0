"""Drawing of frames as an image, with time from left to right."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..base.pieces import N_KEYS, N_PITCH_CLASSES, PITCH_CLASSES, as_collection
from ..theory.spelling import key_number, note_name, signature
from ._matplotlib import finish, height_in_inches, ink, width_in_inches
from ._time_axis import TimeAxis, label_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

FLATS = range(-6, 6)
"""Positions on the line of fifths from Gb to B: all pitch classes, with flats for black keys."""

_COLUMNS_PER_INCH = 150  # print resolution
_WIDTHS = (N_PITCH_CLASSES, N_KEYS, 128)  # numbers of features: chroma, piano roll, MIDI piano roll
_LOWEST_C = 3  # column of C1 in a piano roll
_LARGEST_NAME, _SMALLEST_NAME = 8.5, 4.5  # font sizes of pitch-class names, in points


class Scale(NamedTuple):
    """Limits of the color scale and of the feature axis, which several plots can share.

    Attributes
    ----------
    values : (float, float)
        Lowest and highest value of the color scale.
    features : (float, float)
        Lower and upper limit of the feature axis.
    """

    values: tuple[float, float]
    features: tuple[float, float]


def one_piece(X: Any, who: str, *, name: str = "piece") -> np.ndarray:
    """Return the only piece in `X`; raise an error for several, no frames, or frames in columns."""
    if getattr(X, "shape", ())[:1] == (0,):
        raise ValueError(f"{name} has no frames: {who} draws one or more")
    pieces, _ = as_collection(X, name=name)
    if len(pieces) != 1 or len(pieces[0]) == 0:
        raise ValueError(
            f"{who} draws one piece with at least one frame, but {name} has {len(pieces)} with "
            f"{sum(map(len, pieces))} frames in total: draw each piece on separate axes"
        )
    n_frames, n_features = pieces[0].shape
    if n_frames == N_PITCH_CLASSES and n_features not in _WIDTHS:
        raise ValueError(
            f"{name} has shape {pieces[0].shape}, {n_frames} frames of {n_features} "
            f"features, but chroma has a row for each frame: did you mean {name}.T?"
        )
    return pieces[0]


def needs_colorbar(pieces: Iterable[np.ndarray]) -> bool:
    """Return whether any value is neither 0 nor 1. Binary piano rolls need no color bar."""
    return not all(np.isin(piece, (0, 1)).all() for piece in pieces)


def marks_within(marks: Any, times: np.ndarray, *, name: str = "marks") -> np.ndarray:
    """Validate that marks are numbers within a piece, and return them as a 1-D array."""
    try:
        places = np.ravel(np.asarray([] if marks is None else marks, dtype=np.float64))
    except (TypeError, ValueError):
        places = np.array([np.nan])
    slack = 1e-9 * np.abs(times[[0, -1]]).max()
    if not np.all((places >= times[0] - slack) & (places <= times[-1] + slack)):
        raise ValueError(
            f"{name} must be numbers within the piece, from {times[0]:.6g} to {times[-1]:.6g} on "
            f"its axis, got {marks!r}"
        )
    return places


def average_runs(
    piece: np.ndarray, times: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Average runs of adjacent frames, so that at most `most` frames remain.

    Returns
    -------
    piece : ndarray of shape (n_runs, n_features)
        Mean of each run, or the piece itself if it is short enough.
    times : ndarray of shape (n_runs + 1,)
        Borders of the runs.
    n_frames : int
        Number of frames per run; the last run may have fewer.
    """
    length = -(-len(piece) // max(1, most))
    if length == 1:
        return piece, times, 1
    starts = np.arange(0, len(piece), length)
    sums = np.add.reduceat(piece, starts, axis=0, dtype=np.float64)
    counts = np.diff([*starts, len(piece)])
    return sums / counts[:, None], times[[*starts, len(piece)]], length


def scale_of(pieces: Iterable[np.ndarray]) -> Scale:
    """Return a common scale for pieces.

    The color scale covers 0 to 1, and is extended if values are outside this range. Piano rolls
    show only the range of keys in use, with a margin, unless all of them are silent. Other pieces
    show all features.
    """
    some = list(pieces)
    values = (
        min(0.0, min(float(piece.min()) for piece in some)),
        max(1.0, max(float(piece.max()) for piece in some)),
    )
    n_features = some[0].shape[1]
    features = (-0.5, n_features - 0.5)
    used = np.flatnonzero(np.any([piece.any(axis=0) for piece in some], axis=0))
    if n_features == N_KEYS and len(used) > 0:
        middle = (used[0] + used[-1]) / 2
        reach = max((used[-1] - used[0]) / 2 + 2.5, N_PITCH_CLASSES)
        features = (max(-0.5, middle - reach), min(n_features - 0.5, middle + reach))
    return Scale(values, features)


def draw_frames(
    ax: "Axes",
    piece: np.ndarray,
    axis: TimeAxis,
    *,
    scale: Scale,
    marks: np.ndarray,
    title: str | None,
    key: str | None = None,
) -> "ScalarMappable":
    """Draw a piece with labeled axes, and return the image.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw on.
    piece : ndarray of shape (n_frames, n_features)
        The frames. If the plot would have more than 150 per inch, adjacent frames are averaged.
    axis : TimeAxis
        Times of the frames.
    scale : Scale
        Scale of colors and features.
    marks : ndarray of shape (n_marks,)
        Positions of vertical lines, in the unit of `axis`.
    title : str or None
        Title, on the left.
    key : str, default=None
        Key, as for `pitch_names`.
    """
    n_features = piece.shape[1]
    columns, times, _ = average_runs(
        piece, axis.times, round(width_in_inches(ax) * _COLUMNS_PER_INCH)
    )
    rows = np.arange(n_features + 1) - 0.5
    lowest, highest = scale.values
    image = ax.pcolorfast(times, rows, columns.T, cmap=ink(), vmin=lowest, vmax=highest)
    label_time(ax.xaxis, axis.unit, axis.times[-1] - axis.times[0])
    _name_features(ax, n_features, key)
    ax.set_ylim(scale.features)
    for mark in marks:
        for color, width in (("white", 3.5), ("black", 1.3)):  # visible on light and dark frames
            ax.axvline(mark, color=color, linewidth=width)
    ax.set_xlim(axis.times[0], axis.times[-1])
    finish(ax, title)
    return image


def pitch_names(key: str | None) -> list[str]:
    """Return the names of the pitch classes, with flats if `key` has flats, else with sharps."""
    if key is None or signature(key_number(key)) >= 0:
        return [name.replace("#", "♯") for name in PITCH_CLASSES]
    return [note_name(place).replace("b", "♭") for place in sorted(FLATS, key=lambda f: 7 * f % 12)]


def _name_features(ax: "Axes", n_features: int, key: str | None) -> None:
    if n_features == N_PITCH_CLASSES:
        size = 72 * height_in_inches(ax) / n_features * 0.8
        size = float(np.clip(size, _SMALLEST_NAME, _LARGEST_NAME))
        ax.set_yticks(range(n_features), pitch_names(key), fontsize=size)
        ax.tick_params(axis="y", length=0)
        ax.set_ylabel("Pitch class")
    elif n_features == N_KEYS:
        octaves = range(_LOWEST_C, N_KEYS, N_PITCH_CLASSES)
        ax.set_yticks(octaves, [f"C{i}" for i in range(1, len(octaves) + 1)], fontsize="small")
        ax.set_ylabel("Note")
    else:
        ax.set_ylabel("Feature")
