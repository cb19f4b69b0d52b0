"""Contribution of each part of LSTMComposer: one part is changed, the others keep their defaults.

    python -m benchmarks.composer.ablation [DIR] [--recordings FILE ...] [--minutes 2]

DIR holds piano rolls in the same form as for likelihood.py. Composers of chroma are measured if
there is no DIR, or if `--recordings` is given: on these recordings or, if it lists none, on 120
chorales. The figures are negative log-likelihoods of the test pieces in nats per frame: lower is
better. Every composer trains for the same time, on one thread.
"""

import argparse
import os
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from benchmarks.composer.chroma_likelihood import EXCERPT, extract, split
from benchmarks.composer.likelihood import find_sets, load
from musicai import LSTMComposer
from musicai.composer import _data, _network

N_CHORALES = 120


# Each change: parameters of the composer, and values to replace inside its modules.
CHANGES = {
    "no transposition": ({"key_invariant": False}, {}),
    "batch_size=64": ({"batch_size": 64}, {}),
    "learning_rate=0.004": ({"learning_rate": 0.004}, {}),
    "excerpts of 32 frames": ({}, {(_data, "CHUNK_LENGTH"): 32}),
    "no dropout": ({"dropout": 0.0}, {}),
    "dropout=0.5": ({"dropout": 0.5}, {}),
    "hidden_size=128": ({"hidden_size": 128}, {}),
    "hidden_size=512": ({"hidden_size": 512}, {}),
    "n_layers=2": ({"n_layers": 2}, {}),
    "features independent": ({"emission": "independent"}, {}),
    "bfloat16": ({}, {(_network, "_autocast"): lambda d: torch.autocast(d.type, torch.bfloat16)}),
}


def run(parts, *, minutes, parameters, inside):
    """Train a changed composer; return the test pieces' negative log-likelihood, nats per frame."""
    training, validation, test = parts
    composer = LSTMComposer(
        max_iter=100_000,
        max_time=60 * minutes,
        n_iter_no_change=100_000,
        random_state=0,
        verbose=1,
        **parameters,
    )
    with ExitStack() as changes:
        for (module, name), value in inside.items():
            changes.enter_context(mock.patch.object(module, name, value))
        composer.fit(training, X_val=validation)
    return -composer.score(test)


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dir", nargs="?", type=Path, help="folder with the .mat files")
    parser.add_argument("--recordings", nargs="*", type=Path, help="audio files or folders")
    parser.add_argument("--minutes", type=float, default=2, help="training time of each composer")
    arguments = parser.parse_args()
    data = {}
    if arguments.dir:
        data = {name: load(name, arguments.dir) for name in find_sets(arguments.dir)}
    if arguments.recordings is not None or not arguments.dir:
        pieces, frame_rate = extract(arguments.recordings or [], N_CHORALES)
        data["chroma"] = split(pieces, round(EXCERPT * frame_rate))
    print(f"| changed | {' | '.join(data)} |\n| --- |{' --- |' * len(data)}")
    for name, (parameters, inside) in {"the defaults": ({}, {}), **CHANGES}.items():
        results = [
            run(parts, minutes=arguments.minutes, parameters=parameters, inside=inside)
            for parts in data.values()
        ]
        cells = [f"{result:.2f}" for result in results]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
