"""Similarity to real music of pieces by LSTMComposer and by baseline composers.

    python -m benchmarks.metrics.realism [FILE_OR_FOLDER ...] [--epochs 40] [--temperature 1]
    python -m benchmarks.metrics.realism [FILE_OR_FOLDER ...] --sync half-beat
    python -m benchmarks.metrics.realism FOLK_FOLDER BLUES_FOLDER --styles folk blues

Without files, the recordings are chorales played with a soundfont. Half of the recordings are for
training, in parts of at most a minute; the other half is held out. For comparison, excerpts of 30 s
are cut from both halves, equally many from each. The composer samples as many pieces of that
length, without primes. It is compared with a Markov chain over 64 prototypes of frames, a hidden
Markov model with Gaussian frames, frames in random order, a network that is trained on squared
error and reads its own predictions, and noise. With ``--sync``, all beats are taken to have the
median tempo of the recordings.

The script prints

- every metric of `musicai.metrics.REALISM_METRICS`, and the overlap of its distribution over pieces
  with its distribution over held-out excerpts. "other real music" is the ceiling: excerpts of the
  training recordings;
- a ranking by the geometric mean of these overlaps, with the share of copies of training music and
  the area under the ROC curve of a classifier: a convolutional network that learns to tell windows
  of 6 s from held-out ones, judged on pieces on which it was not trained (mean of four folds; 0.5
  is chance, 1 is perfect);
- the share of frames in which two or more pitch classes are loudest, at the same level;
- stability over minutes, in whole held-out recordings and in composed pieces of 3 minutes: how
  often the key is the same 10, 60 and 100 s later, and two other metrics;
- whether the music is still varied after 20,000 frames, and whether a continuation keeps the key of
  its prime;
- at temperature 1, the negative log-likelihood of the composer's own samples and of held-out
  pieces. They may differ, because samples are conditioned on traits and on the flag of generated
  frames, and scores are not;
- with styles, the effect of a style label: the likelihood of music with its own label, with a wrong
  one and without one, and the styles that a classifier finds in composed pieces.
"""

import argparse
from time import perf_counter
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.common.music import add_recordings, excerpts, find_recordings, print_table
from benchmarks.metrics.composers import frozen_pieces, hidden_markov_pieces, noise_pieces
from benchmarks.metrics.telling import told_apart
from musicai import ChromaExtractor, LSTMComposer, metrics
from musicai.datasets import get_data_home
from musicai.metrics._realism import measure
from musicai.theory.keys import in_common_key

LEARNED = 60  # seconds; longest training part
EXCERPT = 30
LONG = 180
WINDOW = 10  # seconds of music from which a key is found
JUDGED = 6  # seconds of music that the classifier judges at once
LAGS = (10, 60, 100)
N_LONG = 12
ENDLESS = 20_000  # frames of the longest sample
END = 2_000  # last frames of that sample, which are measured
OPENING = 20  # frames that are scored with and without a style label
CEILING = "other real music"
SHARE_OF_FROZEN = 0.25  # share of --epochs for the frozen network; with more, it still freezes


class Piece(NamedTuple):
    """A recording or an excerpt of it."""

    frames: np.ndarray
    style: str | None
    recording: int


def read_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_recordings(parser, n_chorales=120)
    parser.add_argument("--styles", nargs="+", default=[], metavar="S", help="one for each of them")
    parser.add_argument(
        "--sync", choices=("half-beat", "beat"), help="without it, frames have a fixed rate"
    )
    parser.add_argument("--epochs", type=int, default=40, help="of training")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0, help="of split, training and sampling")
    arguments = parser.parse_args()
    if arguments.styles and len(arguments.styles) != len(arguments.recordings):
        parser.error("--styles: one for each FILE_OR_FOLDER")
    return arguments


def find_labeled(arguments):
    """Return the paths of all recordings and their style labels, None where there are no styles."""
    if not arguments.styles:
        files = find_recordings(arguments.recordings, n_chorales=arguments.chorales)
        return files, [None] * len(files)
    files, labels = [], []
    for path, style in zip(arguments.recordings, arguments.styles, strict=True):
        found = find_recordings([path], n_chorales=0)
        files += found
        labels += [style] * len(found)
    return files, labels


def split(recordings, rng):
    """Divide the recordings of each style into two halves at random."""
    order = [recordings[i] for i in rng.permutation(len(recordings))]
    order.sort(key=lambda recording: str(recording.style))
    return order[::2], order[1::2]


def cut(recordings, rate):
    """Cut recordings into excerpts of 30 s."""
    return [
        recording._replace(frames=frames)
        for recording in recordings
        for frames in excerpts([recording.frames], round(EXCERPT * rate))
    ]


def in_parts(recordings, rate):
    """Divide recordings into equal parts of at most a minute."""
    return [
        recording._replace(frames=frames)
        for recording in recordings
        for frames in np.array_split(
            recording.frames, -(-len(recording.frames) // round(LEARNED * rate))
        )
    ]


def equally_many(first, second, rng):
    """Draw equally many pieces of each style from both sets, as overlap areas require."""
    chosen = [], []
    for style in known_styles(first):
        both = [[p for p in pieces if p.style == style] for pieces in (first, second)]
        n_pieces = min(map(len, both))
        for kept, pieces in zip(chosen, both, strict=True):
            kept += [pieces[i] for i in rng.permutation(len(pieces))[:n_pieces]]
    return chosen


def known_styles(pieces):
    return list(dict.fromkeys(piece.style for piece in pieces))


def frames_of(pieces):
    return [piece.frames for piece in pieces]


def styles_of(pieces):
    styles = [piece.style for piece in pieces]
    return None if set(styles) == {None} else styles


def compose_like(pieces, composer, **options):
    """Compose as many pieces as `pieces` has, with the same lengths and styles."""
    composed = [None] * len(pieces)
    for style in known_styles(pieces):
        places = [i for i, piece in enumerate(pieces) if piece.style == style]
        longest = max(len(pieces[i].frames) for i in places)
        samples = composer.sample(longest, n_pieces=len(places), style=style, **options)
        for i, sample in zip(places, samples, strict=True):
            composed[i] = sample[: len(pieces[i].frames)]
    return composed


def print_metrics(held_out, others, rate, style):
    """Print the mean and deviation of each metric, and the overlap of each set with real music."""
    rows = []
    measured = {key: measure(pieces, rate) for key, pieces in others.items()}
    for name, real in measure(held_out, rate).items():
        values = {key: of_set[name] for key, of_set in measured.items()}
        spreads = [f"{x.mean():.3f} ± {x.std():.3f}" for x in (real, values["composed"])]
        rows.append((name, *spreads, *(metrics.overlap_area(x, real) for x in values.values())))
    overlaps = [metrics.transition_overlap(pieces, held_out) for pieces in others.values()]
    rows.append(("transition_matrix", "", "", *overlaps))
    first = "metric" if style is None else f"{style}: metric"
    print_table([first, "held out", "composed", *(f"area: {key}" for key in others)], rows)


def print_ranking(held_out, other, others, learned, rate, style, seed):
    """Print the realism, share of copies, classifier's AUC and `two_loudest` of each set."""
    real = frames_of(held_out)
    groups = [piece.recording for piece in held_out]
    rows = [("held out", 1.0, metrics.memorization(real, learned), "", two_loudest(real))]
    for name, pieces in others.items():
        own = [piece.recording for piece in other] if name == CEILING else range(-len(pieces), 0)
        copied = "" if name == CEILING else metrics.memorization(pieces, learned)
        rows.append(
            (
                name,
                metrics.realism(pieces, real, timing=rate),
                copied,
                told_apart(real, pieces, groups, own, seed, window=round(JUDGED * rate)),
                two_loudest(pieces),
            )
        )
    first = "pieces" if style is None else f"{style}: pieces"
    print_table(
        [first, "geometric mean of overlaps", "copies", "classifier, AUC", "two loudest"], rows
    )


def two_loudest(pieces):
    """Return the share of sounding frames in which two or more pitch classes are loudest."""
    frames = np.concatenate(pieces)
    frames = frames[frames.any(axis=1)]
    highest = np.round(255 * frames) >= 255 * frames.max(axis=1, keepdims=True) - 0.5
    return (highest.sum(axis=1) > 1).mean()


def same_key(pieces, rate, lag):
    """Return the share of windows with the same key `lag` seconds later; NaN if there are none."""
    window, lag = round(WINDOW * rate), round(lag * rate)
    long_enough = [piece for piece in pieces if len(piece) >= window + lag]
    if not long_enough:
        return np.nan
    return metrics.key_stability(long_enough, n_frames=window, lag=lag)


def print_long(recordings, composer, chain, rate, **options):
    """Print how stable whole recordings and long samples are over minutes."""
    length = round(LONG * rate)
    chosen = [recordings[i * len(recordings) // N_LONG] for i in range(N_LONG)]
    order = [recording._replace(frames=np.empty((length, 0))) for recording in chosen]
    sets = {
        "held out, whole": frames_of(recordings),
        f"composed, {LONG} s": compose_like(order, composer, **options),
        f"Markov, {LONG} s": compose_like(order, chain),
    }
    rows = [
        (f"same key {lag} s later", *(same_key(pieces, rate, lag) for pieces in sets.values()))
        for lag in LAGS
    ]
    for metric in (metrics.falling_fifths, metrics.recurrence):
        rows.append((metric.__name__, *(metric(pieces) for pieces in sets.values())))
    print_table(["over minutes", *sets], rows)


def print_life(held_out, composer, rate, **options):
    """Print how varied the end of a long sample is, and whether continuations keep the key."""
    window = round(WINDOW * rate)
    started = perf_counter()
    end = composer.sample(ENDLESS, **options)[-END:]
    name = f"last {END} of {ENDLESS} frames ({perf_counter() - started:.0f} s)"
    real = np.concatenate(held_out)[:END]
    continued = composer.sample(window, prime=[piece[:-window] for piece in held_out], **options)
    seams = [
        np.concatenate([piece[-2 * window : -window], after])
        for piece, after in zip(held_out, continued, strict=True)
    ]
    ends = [piece[-2 * window :] for piece in held_out]
    rows = [
        (f"flux, {name}", metrics.flux(held_out), metrics.flux(end)),
        (f"frame entropy, {name}", metrics.frame_entropy(held_out), metrics.frame_entropy(end)),
        (f"repeated frames, {name}", repeated(real), repeated(end)),
        (
            "continuation in the key of its prime",
            *(same_key(x, rate, WINDOW) for x in (ends, seams)),
        ),
    ]
    print_table(["long samples and continuations", "held out", "composed"], rows)


def repeated(frames):
    """Return the share of frames that exactly repeat another frame."""
    return 1 - len(np.unique(frames, axis=0)) / len(frames)


def print_entropy_rate(held_out, composer, seed):
    """Print the negative log-likelihood of the composer's own samples and of held-out pieces."""
    own = compose_like(held_out, composer, temperature=1.0, random_state=seed)
    bits = [
        -composer.score(pieces, styles_of(held_out)) / np.log(2)
        for pieces in (frames_of(held_out), own)
    ]
    print_table(
        ["bits per frame", "held out", "own samples", "own / held out"],
        [("at temperature 1", *bits, bits[1] / bits[0])],
    )


def print_styles(held_out, learned, composer, rate, **options):
    """Print the effect of a style label on likelihoods and on samples."""
    names = list(composer.styles_)
    openings = [piece.frames[:OPENING] for piece in held_out]
    right = styles_of(held_out)
    wrong = [names[(names.index(style) + 1) % len(names)] for style in right]
    scores = [composer.score(openings, labels) for labels in (right, None, wrong)]
    print_table(
        ["nats per frame", "right label", "none", "wrong label"],
        [(f"first {OPENING} frames", *scores)],
    )

    pair = names[:2]
    classifier = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    known = [piece for piece in learned if piece.style in pair]
    classifier.fit([portrait(piece.frames, rate) for piece in known], styles_of(known))
    n_frames, n_pieces = round(EXCERPT * rate), 20
    halves = dict.fromkeys(pair, 0.5)
    sets = {f"held out, {name}": [p.frames for p in held_out if p.style == name] for name in pair}
    for label, style in {pair[0]: pair[0], "half and half": halves, pair[1]: pair[1]}.items():
        sets[f"composed, {label}"] = composer.sample(
            n_frames, n_pieces=n_pieces, style=style, **options
        )
    rows = [
        (name, classifier.predict_proba([portrait(piece, rate) for piece in pieces])[:, 1].mean())
        for name, pieces in sets.items()
    ]
    print_table(["pieces", f"probability of {pair[1]}"], rows)


def portrait(piece, rate):
    """Return a piece as input for the style classifier: chroma in a common key, and metrics."""
    chroma = in_common_key(piece)
    return [
        *chroma.mean(axis=0),
        *chroma.std(axis=0),
        *np.concatenate(list(measure([piece], rate).values())),
    ]


def main():
    """Train, compose and print the tables."""
    arguments = read_arguments()
    rng = np.random.default_rng(arguments.seed)
    options = {"temperature": arguments.temperature, "random_state": arguments.seed}
    files, labels = find_labeled(arguments)
    extractor = ChromaExtractor(
        sync=arguments.sync, memory=get_data_home() / "benchmarks", n_jobs=-1, on_error="warn"
    )
    analyses = extractor.analyze(files)
    chroma = [analysis.chroma for analysis in analyses]
    if arguments.sync:
        tempo = np.median([each.tempo for each in analyses if len(each.chroma) > 1])
        rate = extractor.timing.at_tempo(tempo).frame_rate
    else:
        rate = extractor.frame_rate
    recordings = [
        Piece(frames, label, number)
        for number, (frames, label) in enumerate(zip(chroma, labels, strict=True))
        if len(frames) > 1
    ]
    learned, held_out_recordings = split(recordings, rng)
    held_out, some = equally_many(cut(held_out_recordings, rate), cut(learned, rate), rng)
    learned = in_parts(learned, rate)

    composer = LSTMComposer(max_iter=arguments.epochs, random_state=arguments.seed, verbose=1)
    composer.fit(frames_of(learned), styles_of(learned))
    chain = metrics.MarkovBaseline(random_state=arguments.seed)
    chain.fit(frames_of(learned), styles_of(learned))
    print(
        f"{len(files)} recordings, {rate:.1f} frames a second; {len(learned)} training parts, "
        f"{composer.n_iter_} epochs; {len(held_out)} pieces of each set; temperature "
        f"{arguments.temperature}"
    )
    started = perf_counter()
    composed = compose_like(held_out, composer, **options)
    print(f"composed {sum(map(len, composed))} frames in {perf_counter() - started:.0f} s")
    real, lengths = frames_of(held_out), [len(piece.frames) for piece in held_out]
    others = {
        CEILING: frames_of(some),
        "composed": composed,
        "Markov chain": compose_like(held_out, chain, random_state=arguments.seed),
        "hidden Markov model": hidden_markov_pieces(frames_of(learned), lengths, arguments.seed),
        "shuffled frames": [rng.permutation(piece.frames) for piece in some],
        "frozen network": frozen_pieces(
            frames_of(learned),
            lengths,
            arguments.seed,
            max_iter=max(1, round(SHARE_OF_FROZEN * arguments.epochs)),
        ),
        "noise": noise_pieces(lengths, arguments.seed),
    }
    for style in known_styles(held_out):  # pooled over styles, distributions would hide differences
        places = [i for i, piece in enumerate(held_out) if piece.style == style]
        chosen = {name: [pieces[i] for i in places] for name, pieces in others.items()}
        print_metrics([real[i] for i in places], chosen, rate, style)
        print_ranking(
            [held_out[i] for i in places],
            [some[i] for i in places],
            chosen,
            frames_of(learned),
            rate,
            style,
            arguments.seed,
        )
    print_long(held_out_recordings, composer, chain, rate, **options)
    print_life(real, composer, rate, **options)
    print_entropy_rate(held_out, composer, arguments.seed)
    if len(composer.styles_) > 1:
        print_styles(held_out, some, composer, rate, **options)


if __name__ == "__main__":
    main()
