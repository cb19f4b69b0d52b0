"""Speed of sampling and of training on one core.

::

    python -m benchmarks.composer.sampling [DIR] [--seconds 60] [--repeats 5]

The script trains a composer with default parameters on piano rolls and another on chroma, each for
`--seconds`. The one of chroma has a layer of 256 units; the one of piano rolls has an LSTM of 64
units per pitch class. Both then compose 1, 16, 64 and 256 pieces at once. DIR contains
JSB_Chorales.mat (see likelihood.py). Without DIR, the script makes rolls of four voices in random
keys. Chroma is made from the rolls, with decaying notes and noise, and with the loudest pitch class
at 1.

The composers are compared with models with a layer of 256 units whose outputs are simpler:
independent of each other, and drawn as zeros and ones. These models are

- a step of torch's `nn.LSTM` alone, without reading out or drawing a frame;
- `nn.LSTM` and a linear layer, with the state carried from frame to frame;
- the same layers in a naive loop that runs the last 64 frames through the network for each new one;
- Keras (`pip install keras`; it runs on torch here) with LSTM and Dense layers: a stateful model
  that is called frame by frame and, as in tutorials, `predict` on the last 64 frames for each new
  one.

The second table compares the speed of training, in frames of music a second without padding:
`LSTMComposer.fit` with ``key_invariant=False``, a plain loop in torch, and Keras's `fit`. All use
batches of 16 excerpts of up to 128 frames; the other models use Adam and binary cross-entropy.

Figures are medians of several repeats. They are processor times with one thread, so other programs
on the machine hardly affect them. Ratios are the composer's speed divided by the speed in each row.
"""

import argparse
import os
from itertools import pairwise
from pathlib import Path
from time import process_time

# Set before NumPy and torch are imported, so that everything runs on one core.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
os.environ["KERAS_BACKEND"] = "torch"

import numpy as np
import torch
from torch import nn

from musicai import LSTMComposer
from musicai.datasets import fetch_polyphonic

try:
    import keras
except ImportError:
    keras = None

BATCHES = (1, 16, 64, 256)
HIDDEN_SIZE = 256
WINDOW = 64  # number of past frames that the naive loops read
CHUNK_LENGTH = 128
BATCH_SIZE = 16
LEAST_SECONDS = 0.3  # shortest measurement


def make_rolls(n_pieces=200):
    """Return pieces for four voices: triads of one key, each held for a few frames."""
    rng = np.random.RandomState(0)
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    rolls = []
    for _ in range(n_pieces):
        key, n_chords = rng.randint(12), rng.randint(10, 40)
        roots = rng.choice(7, n_chords, p=[0.3, 0.1, 0.05, 0.2, 0.2, 0.1, 0.05])
        degrees = (roots[:, None] + [0, 0, 2, 4]) % 7  # root position, with the root doubled
        keys = scale[degrees] + key + [15, 27, 39, 46]
        roll = np.zeros((n_chords, 88), np.float32)
        np.put_along_axis(roll, keys, 1, axis=1)
        rolls.append(np.repeat(roll, rng.randint(1, 5, n_chords), axis=0))
    return rolls


def to_chroma(rolls):
    """Return chroma of rolls with decaying notes and noise; every frame peaks at 1."""
    rng = np.random.RandomState(0)
    pieces = []
    for roll in rolls:
        energy = np.zeros((len(roll), 12))
        for key in range(88):
            energy[:, (key + 9) % 12] += roll[:, key]  # the lowest key is an A
        energy = energy * rng.uniform(0.5, 1, energy.shape) + rng.gamma(0.5, 0.04, energy.shape)
        for before, now in pairwise(energy):
            now += 0.4 * before
        pieces.append((energy / energy.max(1, keepdims=True)).astype(np.float32))
    return pieces


class Plain(nn.Module):
    """An LSTM and a linear layer that returns the logits of independent outputs."""

    def __init__(self, n_features):
        super().__init__()
        self.lstm = nn.LSTM(n_features, HIDDEN_SIZE, batch_first=True)
        self.output = nn.Linear(HIDDEN_SIZE, n_features)

    def forward(self, frames, state=None):
        """Return the logits of the next frame at every frame, and the state."""
        context, state = self.lstm(frames, state)
        return self.output(context), state


# Ways to compose: each takes a model and a number of pieces, and returns a function that composes
# a given number of frames.


def composer_way(composer, n_pieces):
    return lambda n_frames: composer.sample(n_frames, n_pieces=n_pieces, random_state=0)


def torch_step_alone(model, n_pieces):
    frame = torch.zeros(n_pieces, 1, model.lstm.input_size)

    @torch.inference_mode()
    def compose(n_frames):
        state = None
        for _ in range(n_frames):
            _, state = model.lstm(frame, state)

    return compose


def torch_steps(model, n_pieces):
    @torch.inference_mode()
    def compose(n_frames):
        frame, state = torch.zeros(n_pieces, 1, model.lstm.input_size), None
        for _ in range(n_frames):
            logits, state = model(frame, state)
            frame = torch.bernoulli(torch.sigmoid(logits))

    return compose


def torch_windows(model, n_pieces):
    @torch.inference_mode()
    def compose(n_frames):
        window = torch.zeros(n_pieces, WINDOW, model.lstm.input_size)
        for _ in range(n_frames):
            logits, _ = model(window)
            frame = torch.bernoulli(torch.sigmoid(logits[:, -1:]))
            window = torch.cat([window[:, 1:], frame], 1)

    return compose


def keras_model(n_features, *, stateful=False, batch_shape=(None, None)):
    inputs = keras.Input(batch_shape=(*batch_shape, n_features))
    hidden = keras.layers.LSTM(HIDDEN_SIZE, return_sequences=True, stateful=stateful)(inputs)
    outputs = keras.layers.Dense(n_features, activation="sigmoid")(hidden)
    return keras.Model(inputs, outputs)


def keras_steps(n_features, n_pieces):
    model = keras_model(n_features, stateful=True, batch_shape=(n_pieces, 1))
    rng = np.random.RandomState(0)

    @torch.inference_mode()
    def compose(n_frames):
        frame = np.zeros((n_pieces, 1, n_features), np.float32)
        for _ in range(n_frames):
            chances = keras.ops.convert_to_numpy(model(frame))
            frame = (rng.random_sample(chances.shape) < chances).astype(np.float32)

    return compose


def keras_windows(n_features, n_pieces):
    model = keras_model(n_features)
    rng = np.random.RandomState(0)

    def compose(n_frames):
        window = np.zeros((n_pieces, WINDOW, n_features), np.float32)
        for _ in range(n_frames):
            chances = model.predict(window, batch_size=n_pieces, verbose=0)[:, -1:]
            frame = (rng.random_sample(chances.shape) < chances).astype(np.float32)
            window = np.concatenate([window[:, 1:], frame], 1)

    return compose


def seconds_a_frame(compose, repeats):
    """Return the median processor time per frame over repeats that are long enough to measure."""
    compose(2)  # not measured, since some work is done only once
    n_frames = 4
    while True:
        started = process_time()
        compose(n_frames)
        seconds = process_time() - started
        if seconds >= LEAST_SECONDS:
            break
        n_frames *= 2
    measured = [seconds]
    for _ in range(repeats - 1):
        started = process_time()
        compose(n_frames)
        measured.append(process_time() - started)
    return np.median(measured) / n_frames


# Ways to learn: each takes pieces and a number of epochs.


def composer_fit(pieces, n_epochs):
    LSTMComposer(
        max_iter=n_epochs, batch_size=BATCH_SIZE, early_stopping=False, key_invariant=False
    ).fit(pieces)


def padded_chunks(pieces):
    """Return the previous frames, the frames and a mask of all excerpts, padded to one length."""
    chunks = [
        piece[i : i + CHUNK_LENGTH] for piece in pieces for i in range(0, len(piece), CHUNK_LENGTH)
    ]
    frames = np.zeros((len(chunks), CHUNK_LENGTH, pieces[0].shape[1]), np.float32)
    mask = np.zeros(frames.shape[:2], np.float32)
    for i, chunk in enumerate(chunks):
        frames[i, : len(chunk)] = chunk
        mask[i, : len(chunk)] = 1
    previous = np.concatenate([np.zeros_like(frames[:, :1]), frames[:, :-1]], 1)
    return previous, frames, mask


def torch_fit(pieces, n_epochs):
    arrays = [torch.from_numpy(array) for array in padded_chunks(pieces)]
    model = Plain(pieces[0].shape[1])
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(n_epochs):
        for rows in torch.randperm(len(arrays[0])).split(BATCH_SIZE):
            previous, frames, mask = (array[rows] for array in arrays)
            logits, _ = model(previous)
            loss = nn.functional.binary_cross_entropy_with_logits(logits, frames, reduction="none")
            optimizer.zero_grad()
            ((loss.sum(-1) * mask).sum() / mask.sum()).backward()
            optimizer.step()


def keras_fit(pieces, n_epochs):
    previous, frames, mask = padded_chunks(pieces)
    model = keras_model(pieces[0].shape[1], batch_shape=(None, CHUNK_LENGTH))
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(
        previous, frames, sample_weight=mask, batch_size=BATCH_SIZE, epochs=n_epochs, verbose=0
    )


def seconds_an_epoch(fit, pieces, repeats):
    """Return the median processor time, over repeats, of one pass over the pieces."""
    fit(pieces[:BATCH_SIZE], 1)  # not measured, since some work is done only once
    measured = []
    for _ in range(repeats):
        started = process_time()
        fit(pieces, 1)
        measured.append(process_time() - started)
    return np.median(measured)


NO_KERAS = "Keras is not installed (`pip install keras`)"


def sampling_table(name, composer, repeats):
    """Print the table of sampling speeds."""
    n_features = composer.n_features_in_
    plain = Plain(n_features).eval()
    ways = [
        ("`LSTMComposer.sample`", composer_way, composer),
        ("step of `nn.LSTM` alone", torch_step_alone, plain),
        ("`nn.LSTM` + linear, step by step", torch_steps, plain),
        (f"`nn.LSTM` + linear, last {WINDOW} frames", torch_windows, plain),
        ("Keras, stateful, step by step", keras_steps, n_features),
        (f"Keras, `predict` on the last {WINDOW} frames", keras_windows, n_features),
    ]
    heads = [f"frames a second, {n} together (ratio)" for n in BATCHES]
    print(f"\n| composing {name} | us a frame, alone | {' | '.join(heads)} |")
    print("| --- |" + " ---: |" * (1 + len(heads)))
    fastest = None
    for what, way, model in ways:
        if keras is None and what.startswith("Keras"):
            print(f"| {what} | {NO_KERAS} |" + " |" * len(heads), flush=True)
            continue
        rates = np.array([n / seconds_a_frame(way(model, n), repeats) for n in BATCHES])
        fastest = rates if fastest is None else fastest
        cells = [
            f"{rate:,.0f} ({ratio:.1f})" for rate, ratio in zip(rates, fastest / rates, strict=True)
        ]
        print(f"| {what} | {1e6 / rates[0]:,.0f} | {' | '.join(cells)} |", flush=True)


def learning_table(pieces_by_name, repeats):
    """Print the table of training speeds."""
    ways = [
        ("`LSTMComposer.fit`", composer_fit),
        ("`nn.LSTM` + linear, plain loop", torch_fit),
        ("Keras `fit`", keras_fit),
    ]
    print(f"\n| learning | {' | '.join(f'{n}, frames a second (ratio)' for n in pieces_by_name)} |")
    print("| --- |" + " ---: |" * len(pieces_by_name))
    fastest = {}
    for what, fit in ways:
        if keras is None and what.startswith("Keras"):
            print(f"| {what} | {NO_KERAS} |" + " |" * (len(pieces_by_name) - 1))
            continue
        cells = []
        for name, pieces in pieces_by_name.items():
            rate = sum(map(len, pieces)) / seconds_an_epoch(fit, pieces, repeats)
            ratio = fastest.setdefault(name, rate) / rate
            cells.append(f"{rate:,.0f} ({ratio:.1f})")
        print(f"| {what} | {' | '.join(cells)} |", flush=True)


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dir", nargs="?", type=Path, help="folder with JSB_Chorales.mat")
    parser.add_argument("--seconds", type=float, default=60, help="training time of each composer")
    parser.add_argument("--repeats", type=int, default=5, help="measurements of each figure")
    arguments = parser.parse_args()
    if arguments.dir and not (arguments.dir / "JSB_Chorales.mat").exists():
        parser.error(f"{arguments.dir} holds no JSB_Chorales.mat")
    torch.set_num_threads(1)
    if arguments.dir:
        rolls = fetch_polyphonic("JSB_Chorales", folder=arguments.dir).data
    else:
        rolls = make_rolls()
    pieces_by_name = {"piano rolls": rolls, "chroma": to_chroma(rolls)}
    for name, pieces in pieces_by_name.items():
        composer = LSTMComposer(max_iter=10000, max_time=arguments.seconds, random_state=0)
        sampling_table(name, composer.fit(pieces), arguments.repeats)
    learning_table(pieces_by_name, arguments.repeats)


if __name__ == "__main__":
    main()
