"""A scorecard: how similar composed music is to real music, with a ceiling and baselines."""

import warnings
from typing import Any

import numpy as np

from ..base.parameters import as_rng, check_values, is_integer
from ..theory.keys import in_common_key
from ..theory.shapes import is_flat
from ._card import Report
from ._chroma import chroma_pieces
from ._excerpts import FEWEST_EXCERPTS, count, counted, cut, draw, excerpt_length, require_excerpts
from ._figures import doubts
from ._frechet import frechet_distance
from ._markov import MarkovBaseline
from ._memorization import memorization
from ._overlap import geometric_mean
from ._realism import common_frame_rate, measure, shared_areas
from ._words import TOTAL


def report(
    real: Any,
    generated: Any,
    train: Any = None,
    *,
    n_frames: int | None = None,
    n_excerpts: int | None = None,
    timing: Any = None,
    random_state: int | np.random.RandomState | None = 0,
) -> Report:
    """Return a scorecard for composed music, with a ceiling and simple baselines.

    All sets are cut into excerpts of equal length, and equally many are drawn from each set. Every
    metric in ``REALISM_METRICS`` is computed for each excerpt. A set's score in a metric is the
    overlap of the set's values with the values of `real`. The total is the geometric mean over all
    metrics and the transition matrix, as in :func:`realism`. Besides composed music, three other
    sets are compared with `real`:

    - Ceiling: other real music, from `train` or half of `real`. Composed music is not expected to
      score higher.
    - Markov chain: pieces composed by a :class:`MarkovBaseline` that is fitted to the other real
      music.
    - Shuffled frames: the excerpts of the ceiling with their frames in random order.

    Parameters
    ----------
    real : collection of array-like of shape (n_frames, 12)
        Chroma of held-out real music.
    generated : collection of array-like of shape (n_frames, 12)
        Chroma of composed music.
    train : collection of array-like of shape (n_frames, 12), default=None
        Chroma of the training music. If None, the pieces of `real` are divided into two halves: one
        is used as `real`, the other as `train`.
    n_frames : int, default=None
        Length of an excerpt in frames; the metrics need at least 20 s. If None, the length is the
        greatest one up to 60 s that at least half of the pieces in each set reach, or 20 s if that
        is longer.
    n_excerpts : int, default=None
        Maximum number of excerpts to draw from each set. If None, as many are drawn from each set
        as the smallest set has. Overlaps grow with the number of excerpts, so compare only
        scorecards with the same number.
    timing : Timing, object with a `timing`, or float
        Timing of the frames, the same for all pieces, with a rate or a tempo: for example, the
        extractor that made the pieces. A number is frames per second. The timing determines the
        number of frames in the windows of `key_stability` (10 s), `recurrence` and `memorization`
        (2 s) and `dynamics` (1 s).
    random_state : int, RandomState instance or None, default=0
        Seed for dividing `real`, drawing excerpts, fitting and sampling the Markov chain, and
        shuffling frames. With an integer, the figures are the same every time.

    Returns
    -------
    report : Report
        The scorecard. It prints as a table, notebooks show it as HTML, and ``to_dict()`` and
        ``to_html()`` convert it.

    Raises
    ------
    ValueError
        If a set is not chroma or has fewer than two excerpts, a parameter is out of range, beats
        have no tempo, frames last longer than 10 s, or a piece and a measured timing differ in
        their number of frames.
    TypeError
        If `timing` is None or a list.

    Warns
    -----
    UserWarning
        If excerpts of `generated` are left out; if fewer than ten excerpts are drawn from each set,
        too few for reliable figures; if at least half of `real` or of `generated` is copied from
        `train`; or if `generated` scores well above the ceiling, for example because composed music
        was passed as `train`. The scorecard repeats all of these warnings except the first.

    See Also
    --------
    realism : Computes only the total.

    Notes
    -----
    Pieces shorter than an excerpt are left out, and so are excerpts for which a metric may be
    undefined: those with more than a tenth of their frames silent or otherwise flat, and those
    without a key. The Fréchet distance compares frames transposed to a common key. Composed music
    and held-out real music are searched for copies from all of `train`. The ceiling is drawn from
    `train`, so it is not searched for copies. Judge music of several styles one style at a time;
    see :func:`overlap_area`.

    With 150 excerpts of 60 s per set and two and a half hours of training music, a report takes
    about 20 s on one core, and longer if many passages are alike.

    Examples
    --------
    >>> import numpy as np
    >>> from musicai.metrics import report
    >>> rng = np.random.default_rng(0)
    >>> walk = lambda: np.eye(12)[np.repeat(rng.integers(12, size=60).cumsum() % 12, 5)]
    >>> real, train = [walk() for _ in range(12)], [walk() for _ in range(12)]
    >>> card = report(real, generated=rng.random((12, 300, 12)), train=train, timing=10)
    >>> figures = card.to_dict()
    >>> figures["overlap_area"] < 0.1 < figures["ceiling_overlap_area"]
    True
    >>> print(card)  # doctest: +ELLIPSIS
    Scorecard of 12 excerpts of 300 frames (30.0 s) each
    ...
    """
    rule = (
        lambda v: v is None or is_integer(v, FEWEST_EXCERPTS),
        f"None or an integer from {FEWEST_EXCERPTS}",
    )
    check_values({"n_excerpts": n_excerpts}, {"n_excerpts": rule})
    rng = as_rng(random_state)
    held_out, composed = chroma_pieces(real, "real"), chroma_pieces(generated, "generated")
    others = None if train is None else chroma_pieces(train, "train")
    given = {"real": held_out, "generated": composed} | (
        {} if others is None else {"train": others}
    )
    frame_rate = common_frame_rate(timing, given)
    n_frames = excerpt_length(n_frames, list(given.values()), frame_rate)
    if others is None:
        held_out, others = _halves(held_out, n_frames, frame_rate, rng)
    sets = _equal_sets(held_out, composed, others, n_frames, n_excerpts, frame_rate, rng)
    chain = MarkovBaseline(random_state=rng).fit([_with_shape(piece) for piece in others])
    sets["markov"] = chain.sample(n_frames, n_pieces=len(sets["real"]))
    sets["shuffled"] = [rng.permutation(excerpt) for excerpt in sets["ceiling"]]
    for name in ("markov", "shuffled"):
        made = cut(sets[name], n_frames, frame_rate)
        require_excerpts(name, sets[name], made, n_frames, frame_rate)
        sets[name] = [excerpt for (excerpt,) in filter(None, made)]

    values = {name: measure(excerpts, frame_rate) for name, excerpts in sets.items()}
    overlaps = {}
    for name in sets:
        if name != "real":
            areas = shared_areas(sets[name], sets["real"], values[name], values["real"])
            overlaps[name] = areas | {TOTAL: geometric_mean(list(areas.values()))}
    frames = {name: [in_common_key(each) for each in excerpts] for name, excerpts in sets.items()}
    moment = max(1, round(2 * frame_rate))
    card = Report(
        n_frames=n_frames,
        frame_rate=frame_rate,
        values=values,
        overlaps=overlaps,
        frechet_distances={
            name: frechet_distance(frames[name], frames["real"]) for name in overlaps
        },
        memorization={
            name: memorization(sets[name], others, n_frames=moment)
            for name in ("real", "generated")
        },
    )
    for doubt in doubts(card):
        warnings.warn(doubt, UserWarning, stacklevel=2)
    return card


def _halves(
    pieces: list[np.ndarray], n_frames: int, frame_rate: float, rng: np.random.RandomState
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Divide pieces at random into two groups with about the same number of excerpts."""
    order = rng.permutation(len(pieces))
    n_excerpts = np.array([len(each) for each in cut(pieces, n_frames, frame_rate)])
    halves: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    totals = [0, 0]
    for i in order[np.argsort(-n_excerpts[order], kind="stable")]:
        smaller = totals.index(min(totals))
        halves[smaller].append(pieces[i])
        totals[smaller] += n_excerpts[i]
    if min(totals) < FEWEST_EXCERPTS:
        raise ValueError(
            f"without train, real is halved by piece, and each half needs {FEWEST_EXCERPTS} "
            f"excerpts of {n_frames} frames or more that sound: of "
            f"{counted(len(pieces), 'piece')} one half has {totals[0]} and one {totals[1]}. "
            "Pass more or longer pieces, or train"
        )
    return halves


def _equal_sets(
    real: list[np.ndarray],
    generated: list[np.ndarray],
    others: list[np.ndarray],
    n_frames: int,
    n_excerpts: int | None,
    frame_rate: float,
    rng: np.random.RandomState,
) -> dict[str, list[np.ndarray]]:
    """Return equally many excerpts of each set in a dict: "real", "generated" and "ceiling"."""
    found = {}
    for name, pieces in {"real": real, "generated": generated, "train": others}.items():
        found[name] = cut(pieces, n_frames, frame_rate)
        require_excerpts(name, pieces, found[name], n_frames, frame_rate)
    possible = sum(len(piece) // n_frames for piece in generated)
    n_lost = possible - count(found["generated"])
    if n_lost:
        warnings.warn(
            f"{n_lost} of {possible} excerpts of generated are left out of the scorecard, because "
            "they are silent for more than a tenth of their length or have no key",
            UserWarning,
            stacklevel=3,
        )
    n_each = min(map(count, found.values()))
    n_each = n_each if n_excerpts is None else min(n_each, n_excerpts)
    found["ceiling"] = found.pop("train")
    return {name: draw(excerpts, n_each, rng) for name, excerpts in found.items()}


def _with_shape(piece: np.ndarray) -> np.ndarray:
    """Return a piece without flat frames such as silence, in which a Markov chain might stay."""
    return piece[~is_flat(piece)]
