"""Prediction of the next chords of a piece by counting chords in sampled continuations."""

from collections import defaultdict
from itertools import islice
from typing import Any

import numpy as np

from ..base.blas import one_blas_thread
from ..base.parameters import COUNT_RULE, SEED_RULE, Rule, as_rng, check_values, is_one_of
from ..base.pieces import is_collection
from ..theory.chord import Chord
from ..theory.chord_decoding import decode_chords
from ..theory.chord_symbols import FREE, quality_and_root
from ..theory.keys import pitch_classes
from ..theory.spelling import chord_name, estimated_key
from ..theory.timing import Timing
from ..theory.vocabulary import VOCABULARIES

_RULES: dict[str, Rule] = {
    "n_best": COUNT_RULE,
    "n_draws": COUNT_RULE,
    "vocabulary": (lambda v: is_one_of(v, tuple(VOCABULARIES)), f"one of {tuple(VOCABULARIES)}"),
    "random_state": SEED_RULE,
}
# Chords are recognized in the last 10 s of the piece, followed by 10 s of a continuation.
_SECONDS_BEFORE, _SECONDS_AFTER = 10.0, 10.0


class NextChordsMixin:
    """Mixin that adds the method `next_chords` to a composer."""

    def next_chords(
        self,
        X: Any,
        *,
        n_best: int = 5,
        vocabulary: str = "triads",
        style: Any = None,
        n_draws: int = 100,
        random_state: int | np.random.RandomState | None = None,
    ) -> Any:
        """Return the most likely next chords, with their times and probabilities.

        The composer samples many continuations of the piece, recognizes chords in each, and counts
        which chord is the first to begin after the end of the piece.

        Parameters
        ----------
        X : collection of array-like of shape (n_frames, n_features), or one such array
            Chroma or piano rolls to continue.
        n_best : int, default=5
            Maximum number of chords to return.
        vocabulary : {"triads", "qualities"}, default="triads"
            Chord vocabulary as in :func:`musicai.render.recognize_chords`.
        style : object or dict, default=None
            Style as in `sample`.
        n_draws : int, default=100
            Number of continuations to sample, of ten seconds each; time grows with it. The standard
            error of a probability is at most ``n_draws**-0.5 / 2``.
        random_state : int, RandomState instance or None, default=None
            Seed for sampling. None uses the `random_state` of the estimator.

        Returns
        -------
        chords : list of Chord
            The chords, the most likely one first. The `start` and `end` of each are medians over
            the continuations with this chord, in seconds from the end of the piece. For a
            collection, a list of pairs (chords, probabilities).
        probabilities : ndarray of shape (n_chords,)
            Probability that each chord comes next. The probabilities sum to less than 1 if there
            are more than `n_best` chords, or if some continuations have no chord change.

        Raises
        ------
        ValueError
            If the timing or tempo of the composer is unknown, its training data is neither chroma
            nor piano rolls, or an argument is invalid.

        See Also
        --------
        next_frames : Return the most likely next frames and their probabilities.

        Examples
        --------
        >>> from musicai import LSTMComposer, Timing
        >>> from musicai.render import chords_to_chroma
        >>> timing = Timing.from_tempo(120)
        >>> song = chords_to_chroma("C | F | G | C | F | G", timing=timing, random_state=0)
        >>> composer = LSTMComposer(hidden_size=32, max_iter=3, random_state=0)
        >>> composer = composer.fit([song] * 8, timing=timing)
        >>> chords, probabilities = composer.next_chords(song[:10], n_best=2)
        >>> len(chords), bool(probabilities.sum() <= 1), chords[0].start >= 0
        (2, True, True)
        """
        values = {"n_best": n_best, "n_draws": n_draws, "vocabulary": vocabulary}
        check_values({**values, "random_state": random_state}, _RULES)
        composer: Any = self  # this mixin uses methods of SamplingComposer
        pieces, _, _ = composer._check(X, None)
        composer._check_chords("next_chords")
        timing = composer.timing_of(style)
        rng = as_rng(composer.random_state if random_state is None else random_state)
        n_after = max(2, timing.frames_at(_SECONDS_AFTER))
        found = []
        for piece in pieces:
            requests = composer._requests([piece], None, n_draws, style, None, rng)
            frames = composer._generate(requests, 1.0)
            with one_blas_thread():
                new = np.stack(list(islice(frames, n_after)), axis=1)
            found.append(_count(piece, new, timing, vocabulary, n_best))
        return found if is_collection(X) else found[0]


def _count(
    piece: np.ndarray, continuations: np.ndarray, timing: Timing, vocabulary: str, n_best: int
) -> tuple[list[Chord], np.ndarray]:
    """Return the most frequent next chords of a piece, and the share of continuations with each.

    The next chord of a continuation is the first one that begins after the end of the piece.
    `continuations` has the shape (n_draws, n_frames, n_features).
    """
    before = pitch_classes(piece)[-max(1, timing.frames_at(_SECONDS_BEFORE)) :]
    n_before, n_after = len(before), continuations.shape[1]
    seconds = timing.borders(n_after)
    lengths = np.full(n_before + n_after, 1 / timing.frame_rate)
    times = defaultdict(list)
    for frames in pitch_classes(continuations):
        path = decode_chords(np.concatenate([before, frames]), lengths, vocabulary)
        changes = np.flatnonzero(np.diff(path)) + 1
        changes = changes[changes >= n_before]
        if len(changes):
            start, end = [*(changes - n_before).tolist(), n_after][:2]
            times[int(path[changes[0]])].append((seconds[start], seconds[end]))
    ranked = sorted(times, key=lambda number: (-len(times[number]), number))[:n_best]
    key = estimated_key(pitch_classes(piece))
    chords = []
    for number in ranked:
        start, end = np.median(times[number], axis=0).tolist()
        if number == FREE:
            chords.append(Chord(None, None, start, end, "N.C."))
        else:
            quality, root = quality_and_root(number)
            chords.append(Chord(root, quality, start, end, chord_name(root, quality, key)))
    return chords, np.array([len(times[number]) for number in ranked]) / len(continuations)
