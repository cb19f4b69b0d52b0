"""Realism, repetition and key of pieces composed in frames of a fixed rate, beats and half-beats.

Pass recordings with a pulse, or folders of them::

    python -m benchmarks.composer.half_beats FOLDER ... [--part development] [--seeds 3]

A hash of their names divides whole recordings into three parts: 64 % for training, 18 % for
development, on which settings were chosen, and 18 % for the test, whose figures are in the tables
of the documentation. For each kind of frames and each seed, a composer with default parameters is
trained and samples `--pieces` pieces at each `--temperature`. ``musicai.metrics.report`` compares
excerpts of 40 s of these pieces, of the held-out recordings and of the training recordings.

The table has means over seeds and draws and, if there are several, standard deviations:

- realism: the overlap of composed with held-out music; the ceiling, which is the overlap of
  training music with held-out music; and the ratio of the two;
- recurrence and key stability of composed and of held-out music, and their ratios;
- the same over minutes, in pieces of 3 minutes and in held-out recordings: the share of windows of
  10 s with the same key 60 s later (*return of the key*), and the recurrence of passages of 2 s
  that are at least 60 s apart;
- copies: the share of passages of 2 s that are also in the training music, for composed and for
  held-out music;
- nats a second: the log-likelihood of the held-out recordings. Compare it between seeds and
  settings of one kind of frames only, because kinds of frames are different data;
- processor seconds of the fit.

All beats and half-beats are taken to have one tempo, the median tempo of the training recordings.
"""

import argparse
import hashlib
import time
import warnings
from pathlib import Path

import numpy as np

from benchmarks.common.music import add_recordings, find_recordings, print_table
from musicai import ChromaExtractor, LSTMComposer
from musicai.datasets import get_data_home
from musicai.metrics import key_stability, recurrence, report

KINDS = {"frames": None, "beats": "beat", "half-beats": "half-beat"}
EXCERPT = 40  # seconds
PIECE = 80  # seconds of a composed piece: two excerpts
LONG_PIECE = 180  # seconds of a composed piece for `form`
LATER = 60  # seconds
LEARNED, DEVELOPMENT = 0.64, 0.18


def read_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_recordings(parser, n_chorales=120)
    parser.add_argument("--part", choices=("development", "test"), default="test")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--temperature", type=float, nargs="+", default=[0.9], metavar="T")
    parser.add_argument("--pieces", type=int, default=40, help="number of pieces to compose")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds to train with")
    parser.add_argument(
        "--draws", type=int, default=1, help="sets of pieces by each trained composer"
    )
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--minutes", type=float, help="maximum training time")
    return parser.parse_args()


def hash_of(path):
    """Return a hash of a recording's name and of the name of its folder."""
    return hashlib.sha256("/".join(Path(path).parts[-2:]).encode()).hexdigest()


def split(files, analyses):
    """Return the analyses of each part by its name; those of fewer than two frames are left out."""
    ranks = np.argsort(np.argsort([hash_of(file) for file in files])) / len(files)
    parts = {"learned": [], "development": [], "test": []}
    for rank, analysis in zip(ranks, analyses, strict=True):
        part = "learned" if rank < LEARNED else "test"
        if LEARNED <= rank < LEARNED + DEVELOPMENT:
            part = "development"
        if len(analysis.chroma) > 1:
            parts[part].append(analysis)
    return parts


def measure(composer, learned, held_out, *, temperature, n_pieces, seed):
    """Compose pieces and return their figures by name."""
    rate = composer.timing.frame_rate
    pieces, long_pieces = (
        composer.sample(
            round(seconds * rate), n_pieces=n_pieces, temperature=temperature, random_state=seed
        )
        for seconds in (PIECE, LONG_PIECE)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # excerpts may be silent
        card = report(
            held_out, pieces, learned, timing=composer, n_frames=round(EXCERPT * rate)
        ).to_dict()
    real = {name: card[f"real_{name}"] for name in ("recurrence", "key_stability", "memorization")}
    long, real_long = form(long_pieces, rate), form(held_out, rate)
    realism, ceiling = card["overlap_area"], card["ceiling_overlap_area"]
    return {
        "realism": realism,
        "ceiling": ceiling,
        "of ceiling": realism / ceiling,
        "recurrence": card["recurrence"],
        "real recurrence": real["recurrence"],
        "of real recurrence": card["recurrence"] / real["recurrence"],
        "key stability": card["key_stability"],
        "real key stability": real["key_stability"],
        "of real key stability": card["key_stability"] / real["key_stability"],
        **long,
        **{f"real {name}": value for name, value in real_long.items()},
        "copies": card["memorization"],
        "real copies": real["memorization"],
        "nats a second": composer.score(held_out) * rate,
    }


def form(pieces, rate):
    """Return how often the key and passages of pieces are the same a minute later."""
    passage, window, lag = (round(seconds * rate) for seconds in (2, 10, LATER))
    return {
        "return of the key": key_stability(pieces, n_frames=window, lag=lag),
        "recurrence after 60 s": recurrence(pieces, n_frames=passage, min_distance=lag),
    }


def main():
    """Train and compose with each kind of frames and each seed, and print a table."""
    arguments = read_arguments()
    files = find_recordings(arguments.recordings, n_chorales=arguments.chorales)
    rows = {}
    for kind in arguments.kinds:
        extractor = ChromaExtractor(
            sync=KINDS[kind],
            memory=get_data_home() / "benchmarks",
            n_jobs=-1,
            on_error="warn",
            verbose=1,
        )
        parts = split(files, extractor.analyze(files))
        chroma = {name: [each.chroma for each in part] for name, part in parts.items()}
        learned, held_out = chroma["learned"], chroma[arguments.part]
        print(f"{kind}: {len(learned)} recordings learned, {len(held_out)} held out")
        results = {temperature: [] for temperature in arguments.temperature}
        for seed in range(arguments.seeds):
            composer = LSTMComposer(
                max_iter=arguments.epochs,
                max_time=arguments.minutes and 60 * arguments.minutes,
                random_state=seed,
                verbose=1,
            )
            start = time.process_time()
            composer.fit(learned, timing=parts["learned"])
            training = {"CPU seconds": time.process_time() - start, "epochs": composer.n_iter_}
            for temperature in arguments.temperature:
                for draw in range(arguments.draws):
                    figures = measure(
                        composer,
                        learned,
                        held_out,
                        temperature=temperature,
                        n_pieces=arguments.pieces,
                        seed=seed * arguments.draws + draw,
                    )
                    results[temperature].append(figures | training)
                    print({k: round(float(v), 3) for k, v in figures.items()}, flush=True)
        for temperature, every in results.items():
            row = {name: [figures[name] for figures in every] for name in every[0]}
            rows[f"{kind}, temperature {temperature:g}"] = row
    print_table(
        [arguments.part, *rows],
        (
            (name, *(as_cell(rows[kind][name]) for kind in rows))
            for name in next(iter(rows.values()))
        ),
    )


def as_cell(values):
    """Return the mean of values as text, with the standard deviation if there are several."""
    mean = f"{np.mean(values):.3g}"
    return mean if len(values) == 1 else f"{mean} ± {np.std(values, ddof=1):.2g}"


if __name__ == "__main__":
    main()
