"""What each part of LSTMComposer gives: one thing changed at a time, the rest as it is.

    python -m benchmarks.composer.ablation [DIR] [--recordings FILE ...] [--minutes 2] [--only key]

DIR holds piano rolls as for likelihood.py. The figures are negative log-likelihoods of the test
pieces in nats per frame, for piano rolls, and for chroma of recordings (without any the chorales of
the demo): lower is better. Training is the same time for all, on one thread.

The first rows are about the key. "none" learns and scores every piece as it is; "random rotation"
moves each excerpt by chance while learning and scores pieces as they are, which is what data
augmentation means elsewhere; "its mixture" scores with the mean of the likelihoods in all keys.
"common key alone" moves all that is learned to one key, "any key, told" moves it to any and mostly
tells the network which; the default does the first with chroma and the second with piano rolls.
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
from musicai.composer._data import UNKNOWN_KEY
from musicai.theory.keys import COMMON_KEY

N_CHORALES = 120


COMMON = {(_data, "learns_in_any_key"): lambda emission, n_features: False}
ANY = {(_data, "learns_in_any_key"): lambda emission, n_features: True}
UNKNOWN = {(_data, "_SHARE_OF_UNKNOWN_KEYS"): 1.1}

# What is changed: a parameter, or something inside.
KEY_CHANGES = {
    "none": ({"key_invariant": False}, {}),
    "random rotation": ({}, ANY | UNKNOWN),
    "common key alone": ({}, COMMON),
    "any key, told": ({}, ANY),
}
CHANGES = {
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
    """Return NLL of the test pieces under a composer with some changes, as it scores them."""
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
    if (_data, "_SHARE_OF_UNKNOWN_KEYS") not in inside:
        return {"": -composer.score(test)}
    # Scoring tells the common key; this network knows music of an untold key only.
    composer.weights_["key"][COMMON_KEY] = composer.weights_["key"][UNKNOWN_KEY]
    mixed = -composer.score(test)
    composer.key_invariant_ = False
    return {"": -composer.score(test), ", its mixture": mixed}


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dir", nargs="?", type=Path, help="folder with the .mat files")
    parser.add_argument("--recordings", nargs="*", type=Path, help="audio files or folders")
    parser.add_argument("--minutes", type=float, default=2, help="training time of each")
    parser.add_argument("--only", choices=("key", "rest"), help="one half of the table")
    arguments = parser.parse_args()
    data = {}
    if arguments.dir:
        data = {name: load(name, arguments.dir) for name in find_sets(arguments.dir)}
    if arguments.recordings is not None or not arguments.dir:
        pieces, frame_rate = extract(arguments.recordings or [], N_CHORALES)
        data["chroma"] = split(pieces, round(EXCERPT * frame_rate))
    changes = {"the defaults": ({}, {})}
    changes |= {} if arguments.only == "rest" else KEY_CHANGES
    changes |= {} if arguments.only == "key" else CHANGES
    print(f"| changed | {' | '.join(data)} |\n| --- |{' --- |' * len(data)}")
    for name, (parameters, inside) in changes.items():
        results = [
            run(parts, minutes=arguments.minutes, parameters=parameters, inside=inside)
            for parts in data.values()
        ]
        for kind in results[0]:
            cells = [f"{result[kind]:.2f}" for result in results]
            print(f"| {name}{kind} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
