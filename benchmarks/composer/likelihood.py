"""Likelihood of test pieces from the piano rolls of Boulanger-Lewandowski et al. (2012).

    python -m benchmarks.composer.likelihood [DIR] [--epochs 40] [--seeds 3] [--sets NAME ...]

DIR holds the sets as MATLAB files with their published splits: JSB_Chorales.mat, Nottingham.mat,
MuseData.mat and Piano_midi.mat. Missing files are left out. Without DIR,
``musicai.datasets.fetch_polyphonic`` finds or downloads the sets. One composer is trained on each
set with each seed, always with the parameters in `SETTING`. Early stopping uses the published
validation pieces. The test pieces are scored once and used for nothing else. All figures are
negative log-likelihoods in nats per frame (lower is better), except the last row, which has the CPU
minutes of training.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from musicai import LSTMComposer
from musicai.datasets import fetch_polyphonic

SETS = ("JSB_Chorales", "Nottingham", "MuseData", "Piano_midi")
SETTING = {"hidden_size": 128, "batch_size": 8, "learning_rate": 0.01, "dropout": 0.5}

# (model, kind of figure, negative log-likelihoods in the order of SETS, source)
PUBLISHED = (
    ("RNN-NADE", "exact, joint", (5.19, 2.31, 5.60, 7.05), "Boulanger-Lewandowski 2012 [1]"),
    ("RNN-NADE", "exact, joint", (5.56, None, None, None), "as quoted in [2] and [3]"),
    ("LSTM", "exact, joint", (5.01, 2.06, 5.16, 6.67), "Walder 2016 [2]"),
    ("LSTM, transposed copies", "exact, joint", (4.34, 1.66, 4.46, 5.43), "Walder 2016 [2]"),
    ("LSTM, four sets pooled", "exact, joint", (4.45, 1.57, 4.41, 4.94), "Walder 2016 [2]"),
    ("TP-LSTM-NADE", "exact, joint", (5.92, 1.64, 4.34, 5.49), "Johnson 2017 [3], in C"),
    ("BALSTM", "exact, joint", (5.86, 1.62, 4.41, 5.00), "Johnson 2017 [3], in C"),
    ("DMM-Aug-NADE", "bound, joint", (5.12, 2.31, 6.05, 7.05), "Krishnan 2017 [1]"),
    ("LV-RNN (NASMC)", "estimate, joint", (3.99, 2.72, 6.89, 7.61), "Gu 2015 [1]"),
    ("DBN-LSTM", "estimate, joint", (3.47, 1.32, None, None), "Vohra 2015"),
    ("LSTM", "exact, independent", (8.45, 3.29, None, None), "Bai 2018, table 1"),
    ("GRU", "exact, independent", (8.43, 3.46, None, None), "Bai 2018, table 1"),
    ("TCN", "exact, independent", (8.10, 3.07, None, None), "Bai 2018, table 1"),
)
NOTES = """
exact: the probability itself; bound, estimate: an approximation of it; joint: the model describes
all notes of a frame together; independent: given the past, notes are independent, a weaker model.
[1] as quoted in Krishnan et al. 2017, table 4 (LV-RNN: table 3).
[2] C. Walder, Modelling symbolic music: beyond the piano roll, ACML 2016, table 1.
[3] D. D. Johnson, Generating polyphonic music using tied parallel networks, EvoMUSART 2017;
medians of five runs, all pieces transposed to C.
Published figures are means over frames, as far as the papers say."""


def find_sets(folder, names=SETS):
    """Return the names of the sets that a folder holds; without a folder, all names."""
    return [name for name in names if folder is None or (folder / f"{name}.mat").exists()]


def load(name, folder):
    """Return the training, validation and test pieces of one set."""
    return [
        fetch_polyphonic(name, subset=subset, folder=folder).data
        for subset in ("train", "valid", "test")
    ]


def run(name, folder, *, epochs, seed):
    """Train on one set, score its test pieces, and return two means of their NLL and a CPU time.

    The means are over frames and over pieces. The CPU time is that of training, in minutes.
    """
    training, validation, test = load(name, folder)
    composer = LSTMComposer(**SETTING, max_iter=epochs, random_state=seed, verbose=1)
    started = time.process_time()
    composer.fit(training, X_val=validation)
    minutes = (time.process_time() - started) / 60
    log_probs = composer.score_samples(test)
    per_frame = -np.concatenate(log_probs).mean()
    per_piece = -np.mean([log_prob.mean() for log_prob in log_probs])
    print(f"{name}, seed {seed}: {per_frame:.3f} nats per frame", file=sys.stderr, flush=True)
    return per_frame, per_piece, minutes


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dir", nargs="?", type=Path, help="folder with the .mat files")
    parser.add_argument("--epochs", type=int, default=40, help="passes over each set")
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds to train with")
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    arguments = parser.parse_args()
    found = find_sets(arguments.dir, arguments.sets)
    if not found:
        parser.error(f"{arguments.dir} holds none of {', '.join(s + '.mat' for s in SETS)}")

    print("| model | figure | " + " | ".join(SETS) + " | source |")
    print("| --- | --- |" + " --- |" * len(SETS) + " --- |")
    for model, kind, figures, source in PUBLISHED:
        cells = ["" if figure is None else f"{figure:.2f}" for figure in figures]
        print(f"| {model} | {kind} | {' | '.join(cells)} | {source} |")
    results = {
        name: [
            run(name, arguments.dir, epochs=arguments.epochs, seed=seed)
            for seed in range(arguments.seeds)
        ]
        for name in found
    }
    rows = (
        "exact, joint, mean over frames",
        "exact, joint, mean over pieces",
        "CPU minutes of training",
    )
    for i, row in enumerate(rows):
        cells = [summary([run[i] for run in results[s]]) if s in results else "" for s in SETS]
        print(f"| LSTMComposer | {row} | {' | '.join(cells)} | this run |")
    print(NOTES)


def summary(figures):
    """Return the mean of figures as text, with the standard deviation if there are several."""
    spread = f" ± {np.std(figures):.2f}" if len(figures) > 1 else ""
    return f"{np.mean(figures):.2f}{spread}"


if __name__ == "__main__":
    main()
