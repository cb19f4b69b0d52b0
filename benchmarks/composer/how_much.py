"""Quality of a composer by the amount of training music, from 5 minutes to 4 hours.

    OMP_NUM_THREADS=1 python -m benchmarks.composer.how_much FOLDER [--picture how_much.png]
    OMP_NUM_THREADS=1 python -m benchmarks.composer.how_much --chorales 350 --frames

Recordings are divided as in `benchmarks.composer.half_beats`: 64 % are for training, 18 % for the
test. Each size takes training recordings from the beginning of the list, so that a larger size
includes the smaller ones; the last recording that it takes is cut short. Sizes for which the folder
has too little music are left out. For each size and seed, a composer with default parameters is
trained, and `--pieces` of its pieces are compared with the test recordings:

- bits: the negative log-likelihood of the test recordings, in bits per frame; lower is better
- realism / ceiling: overlap of the pieces with the test recordings, divided by the overlap of all
  training recordings with the test recordings
- copies: the share of passages of 22 frames that are also in the training recordings, for the
  pieces and ("of real") for the test recordings
- recurrence and key stability of the pieces and of the test recordings
- passes over the music, and processor seconds of the fit

The table has means over seeds and, if there are several, standard deviations. The picture shows
bits, realism and recurrence; it needs matplotlib.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np

from benchmarks.common.music import add_recordings, find_recordings, print_table
from benchmarks.composer.half_beats import EXCERPT, PIECE, as_cell, split
from musicai import ChromaExtractor, LSTMComposer, Timing, metrics
from musicai.chroma import Analysis
from musicai.datasets import get_data_home

SIZES = (5, 15, 30, 60, 120, 240)
PANELS = {
    "bits": "bits per held-out frame",
    "realism / ceiling": "realism, as a share of its ceiling",
    "recurrence": "repetition within a piece",
}


def minutes_of(analysis: Analysis) -> float:
    """Return how long the frames of a recording last, in minutes."""
    if analysis.beats is None:
        return len(analysis.chroma) / analysis.timing.frame_rate / 60
    borders = analysis.timing.borders()
    return float(borders[-1] - borders[0]) / 60


def take(analyses: list[Analysis], minutes: float) -> list[tuple[np.ndarray, Timing]] | None:
    """Return pairs of chroma and timing of the first recordings, `minutes` long in total.

    Return None if all recordings together are shorter.
    """
    taken, left = [], minutes
    for analysis in analyses:
        has = minutes_of(analysis)
        n_frames = round(len(analysis.chroma) * min(1.0, left / has))
        timing = analysis.timing
        if analysis.beats is not None:
            timing = Timing.from_tempo(analysis.tempo, frames_per_beat=2)
        if n_frames > 1:
            taken.append((analysis.chroma[:n_frames], timing))
        left -= has
        if left <= 0:
            return taken
    return None


def measure(
    composer: LSTMComposer,
    learned: list[np.ndarray],
    everything: list[np.ndarray],
    held_out: list[np.ndarray],
    arguments: argparse.Namespace,
    seed: int,
) -> dict[str, float]:
    """Compose pieces and return their figures by name."""
    rate = composer.timing.frame_rate
    pieces = composer.sample(
        round(PIECE * rate),
        n_pieces=arguments.pieces,
        temperature=arguments.temperature,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # excerpts may be silent
        card = metrics.report(
            held_out, pieces, everything, timing=composer, n_frames=round(EXCERPT * rate)
        ).to_dict()
    return {
        "bits": -composer.score(held_out) / np.log(2),
        "realism / ceiling": card["overlap_area"] / card["ceiling_overlap_area"],
        "copies": metrics.memorization(pieces, learned),
        "of real": metrics.memorization(held_out, learned),
        "recurrence": card["recurrence"],
        "recurrence of real": card["real_recurrence"],
        "key stability": card["key_stability"],
        "key stability of real": card["real_key_stability"],
    }


def draw(rows: dict[float, list[dict[str, float]]], path: Path) -> None:
    """Plot figures against minutes of training music, with a mark for each seed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3), layout="constrained")
    for axes, (name, title) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        means = [np.mean([result[name] for result in results]) for results in rows.values()]
        axes.plot(list(rows), means, color="#7a2d8c")
        for minutes, results in rows.items():
            axes.plot(
                [minutes] * len(results),
                [each[name] for each in results],
                "o",
                c="#7a2d8c",
                clip_on=False,
            )
        if (real := f"{name} of real") in next(iter(rows.values()))[0]:
            means = [np.mean([each[real] for each in results]) for results in rows.values()]
            axes.plot(list(rows), means, "--", color="gray", label="held-out music")
            axes.legend(frameon=False)
        axes.set(title=title, xlabel="minutes of training music", xscale="log")
        axes.set_xticks(list(rows), [f"{minutes:g}" for minutes in rows], minor=False)
        axes.set_xticks([], minor=True)
        if name != "bits":
            axes.set_ylim(0, None)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_recordings(parser, n_chorales=350)
    parser.add_argument(
        "--frames", action="store_true", help="frames at 10.8 per second, not half-beats"
    )
    parser.add_argument("--sizes", nargs="+", type=float, default=SIZES, metavar="MINUTES")
    parser.add_argument("--seeds", type=int, default=2, help="number of seeds to train with")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--minutes", type=float, help="maximum training time of each composer")
    parser.add_argument("--temperature", type=float, default=0.9)
    parser.add_argument("--pieces", type=int, default=40, help="number of pieces to compose")
    parser.add_argument("--memory", type=Path, default=get_data_home() / "benchmarks")
    parser.add_argument("--picture", type=Path, metavar="FILE")
    return parser.parse_args()


def main() -> None:
    """Train on more and more music; print the table and draw the picture."""
    arguments = read_arguments()
    files = find_recordings(arguments.recordings, n_chorales=arguments.chorales)
    sync = None if arguments.frames else "half-beat"
    extractor = ChromaExtractor(sync=sync, memory=arguments.memory, on_error="warn")
    parts = split(files, extractor.analyze(files))
    everything = [each.chroma for each in parts["learned"]]
    held_out = [each.chroma for each in parts["test"]]
    print(
        f"{len(everything)} recordings to learn, {sum(map(minutes_of, parts['learned'])):.0f} "
        f"minutes; {len(held_out)} for the test, {sum(map(minutes_of, parts['test'])):.0f}"
    )
    rows: dict[float, list[dict[str, float]]] = {}
    for minutes in arguments.sizes:
        taken = take(parts["learned"], minutes)
        if taken is None:
            print(f"{minutes:g} minutes: the training recordings are shorter in total")
            continue
        learned = [chroma for chroma, _ in taken]
        rows[minutes] = []
        for seed in range(arguments.seeds):
            composer = LSTMComposer(
                max_iter=arguments.epochs,
                max_time=arguments.minutes and 60 * arguments.minutes,
                random_state=seed,
            )
            started = time.process_time()
            composer.fit(learned, timing=[timing for _, timing in taken])
            seconds = time.process_time() - started
            figures = measure(composer, learned, everything, held_out, arguments, seed)
            rows[minutes].append(figures | {"passes": composer.n_iter_, "CPU s": seconds})
            print(f"{minutes:g}", {k: round(float(v), 3) for k, v in rows[minutes][-1].items()})
    if not rows:
        raise SystemExit("There is not even enough music for the smallest size.")
    names = list(next(iter(rows.values()))[0])
    print_table(
        ["minutes", *names],
        [
            (f"{minutes:g}", *(as_cell([each[name] for each in results]) for name in names))
            for minutes, results in rows.items()
        ],
    )
    if arguments.picture:
        draw(rows, arguments.picture)


if __name__ == "__main__":
    main()
