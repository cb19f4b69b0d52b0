"""Timing of composed pieces: the usual tempo and meter of the training pieces, by style.

A composer stores a table of the *clocks* of its training pieces. Each row holds a style number, the
number of frames per beat (0 if frames have a fixed rate), beats per bar, a speed, and the number of
training frames with these values. The speed is the tempo in beats per minute or, at a fixed rate,
the number of frames per second; 0 means that the tempo is unknown.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..base.parameters import TEMPO_RULE
from ..base.styles import style_weights
from ..theory.timing import Timing

NO_CLOCKS = np.empty((0, 5))
"""Table of a composer that was fitted without timing."""

# Assumed length of a frame if the composer was fitted without timing. If only the tempo is unknown,
# a beat is assumed to last twice this time.
_USUAL_SECONDS = 0.25
_RATE = 0.0  # in place of frames per beat if frames have a fixed rate


class TimingMixin:
    """Timing of sampled pieces, for a composer that was fitted with `timing`."""

    styles_: np.ndarray
    _clocks: np.ndarray

    @property
    def timing(self) -> Timing:
        """Timing of pieces that are sampled without a style, the same as ``timing_of()``."""
        return self.timing_of()

    def timing_of(self, style: Any = None) -> Timing:
        """Return the timing of sampled pieces: the usual tempo and meter of the training pieces.

        Parameters
        ----------
        style : object or dict, default=None
            Style as in `sample`. The tempo of a blend is the weighted geometric mean of the tempi
            of its styles, as far as known, and its meter is the one with the largest total weight.
            None stands for all training pieces.

        Returns
        -------
        timing : Timing
            Timing for any number of frames. If the training pieces follow beats, so do the frames,
            at the median tempo and in the most frequent meter of the training frames of this style.
            If their tempo is not known, the timing has none; ``timing.at_tempo(96)`` sets one. If
            the training pieces have a fixed frame rate, so does the timing.

        Raises
        ------
        ValueError
            If the style is unknown, or the composer was fitted without `timing`.

        Examples
        --------
        >>> import numpy as np
        >>> from musicai import LSTMComposer, Timing
        >>> scale = np.eye(12, dtype=np.float32)[[0, 2, 4, 5, 7, 9, 11] * 4]
        >>> tempi = [Timing.from_tempo(80), Timing.from_tempo(125)] * 4
        >>> composer = LSTMComposer(hidden_size=16, max_iter=1, random_state=0)
        >>> composer = composer.fit([scale] * 8, ["slow", "fast"] * 4, timing=tempi)
        >>> composer.timing_of("slow")
        Timing.from_tempo(80)
        >>> composer.timing_of({"slow": 1, "fast": 1})
        Timing.from_tempo(100)
        """
        check_is_fitted(self)
        weights = style_weights(style, self.styles_)
        if len(self._clocks) == 0:
            raise ValueError(
                f"this {type(self).__name__} was fitted without timing, so the time of its frames "
                "is not known: pass timing to fit, or use the timing of the training pieces"
            )
        return usual_timing(self._clocks, weights)


def clocks_of(
    timings: Sequence[Timing | None], styles: Sequence[np.ndarray], *, before: np.ndarray
) -> np.ndarray:
    """Tabulate the clocks of training pieces.

    Parameters
    ----------
    timings : sequence of Timing or None
        Timing of each piece; None if it is unknown.
    styles : sequence of integer ndarray of shape (n_frames,)
        The style number of every frame.
    before : ndarray of shape (n_clocks, 5)
        Table from an earlier call, to be extended, or `NO_CLOCKS`.

    Returns
    -------
    clocks : ndarray of shape (n_clocks, 5)
        Table of clocks, as described in the docstring of this module.

    Raises
    ------
    ValueError
        If timings differ in frames per beat or in frame rate, or if a timing has neither beats nor
        a rate.
    """
    rows = [before]
    for timing, numbers in zip(timings, styles, strict=True):
        if timing is None or (timing.n_frames == 1 and not timing.has_beats):
            continue  # unknown timing, or the only frame of a recording without beats
        for number, n_frames in zip(*np.unique(numbers, return_counts=True), strict=True):
            rows.append(np.array([[number, *_clock(timing), n_frames]]))
    clocks = np.concatenate(rows)
    if len(clocks) == 0:
        return NO_CLOCKS
    _check_alike(clocks)
    kinds, places = np.unique(clocks[:, :-1], axis=0, return_inverse=True)
    return np.column_stack([kinds, np.bincount(places.ravel(), clocks[:, -1])])


def _clock(timing: Timing) -> tuple[float, int, float]:
    """Return the frames per beat, beats per bar and speed of a piece for the table of clocks."""
    if timing.frames_per_beat is not None and timing.beats_per_bar is not None:
        tempo = timing.tempo
        known = tempo is not None and TEMPO_RULE[0](tempo)
        return timing.frames_per_beat, timing.beats_per_bar, tempo if known and tempo else 0.0
    if timing.n_frames is not None:
        raise ValueError(
            f"timing is {timing}, which has neither a tempo nor a rate for new pieces: make it "
            "with Timing.from_beats if its frames are beats, or leave timing out"
        )
    return _RATE, 1, timing.frame_rate


def _check_alike(clocks: np.ndarray) -> None:
    """Raise an error if the frames per beat or the frame rates of pieces differ."""
    kinds = [f"{n:g} to a beat" if n != _RATE else "at a rate" for n in np.unique(clocks[:, 1])]
    rates = np.unique(clocks[clocks[:, 1] == _RATE, 3])
    if len(kinds) == 1 and len(rates) > 1 and not np.allclose(rates, rates[0], rtol=1e-6):
        kinds = [f"{rate:g} a second" for rate in rates]
    if len(kinds) > 1:
        raise ValueError(
            f"timing has frames {', '.join(kinds[:-1])} and {kinds[-1]}: train a composer on "
            "frames of one kind, such as those of one extractor"
        )


def usual_timing(clocks: np.ndarray, weights: np.ndarray) -> Timing:
    """Return the usual timing of a blend of styles.

    Parameters
    ----------
    clocks : ndarray of shape (n_clocks, 5)
        Table of clocks, as described in the docstring of this module.
    weights : ndarray of shape (n_styles + 1,)
        Weight of all training pieces (no particular style), followed by the weight of each style.
    """
    kind = float(clocks[0, 1])
    if kind == _RATE:
        return Timing.from_rate(float(clocks[0, 3]))
    speeds, shares = [], []
    meters = np.zeros(17)
    for number in np.flatnonzero(weights):
        some = clocks[clocks[:, 0] == number] if number else clocks
        some = some if len(some) else clocks  # if no frame of this style has a known timing
        bars, counts = some[:, 2].astype(int), some[:, 4]
        meters += weights[number] * np.bincount(bars, counts, len(meters)) / counts.sum()
        known = some[some[:, 3] > 0]
        if len(known):
            speeds.append(_median(known[:, 3], known[:, 4]))
            shares.append(weights[number])
    tempo = _mean(np.array(speeds), np.array(shares)) if speeds else None
    return Timing.from_tempo(tempo, frames_per_beat=kind, beats_per_bar=int(meters.argmax()))


def seconds_of_frames(clocks: np.ndarray) -> float:
    """Return the usual length of a frame in seconds.

    If no tempo is known, a beat is assumed to last 0.5 s. Without timing, a frame is assumed to
    last 0.25 s.
    """
    if len(clocks) == 0:
        return _USUAL_SECONDS
    timing = usual_timing(clocks, np.ones(1))
    if timing.has_beats and timing.tempo is None:
        return 2 * _USUAL_SECONDS / (timing.frames_per_beat or 1)
    return 1 / timing.frame_rate


def _median(values: np.ndarray, counts: np.ndarray) -> float:
    """Return the weighted median; of two middle values, the smaller one."""
    order = np.argsort(values)
    total = counts[order].cumsum()
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _mean(values: np.ndarray, weights: np.ndarray) -> float:
    """Return the weighted geometric mean, without rounding errors if all values are equal."""
    if np.all(values == values[0]):
        return float(values[0])
    return round(float(np.exp(weights @ np.log(values) / weights.sum())), 9)
