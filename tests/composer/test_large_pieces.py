"""Memory-mapped pieces, and pieces of unusual lengths and types."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

from musicai import LSTMComposer

SCRIPT = """
    import sys, threading
    import numpy as np
    from musicai import LSTMComposer

    path, dtype, emission, n_features, frames_of_piece = sys.argv[1:]
    pieces = np.memmap(path, dtype, "r").reshape(-1, int(frames_of_piece), int(n_features))
    pieces = [pieces[0], *pieces[1:]]
    composer = LSTMComposer(
        hidden_size=4, max_iter=1, max_time=1, batch_size=4, random_state=0, emission=emission,
        checkpoint=path + ".npz", device="cpu",
    )
    small = [np.array(piece[:500]) for piece in pieces]
    composer.fit(small, X_val=small[:1])  # load everything that is loaded only once

    def own_memory():
        with open("/proc/self/status") as file:  # pages of the mapped file do not count
            return 1024 * next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))

    def watch():
        while not ended.wait(0.002):
            seen.append(own_memory())

    before, seen, ended = own_memory(), [], threading.Event()
    watching = threading.Thread(target=watch)
    watching.start()
    composer.fit(pieces, X_val=small[:1])
    composer.partial_fit([piece[:1000] for piece in pieces])
    ended.set()
    watching.join()
    print((max(seen) - before) / sum(piece.nbytes for piece in pieces))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured in Linux's way")
@pytest.mark.parametrize(
    ("dtype", "emission", "n_features"),
    [("float32", "auto", 12), ("float32", "gaussian", 12), ("uint8", "auto", 88)],
)
def test_training_does_not_load_whole_memory_mapped_pieces(tmp_path, dtype, emission, n_features):
    """Training needs less than half of the memory that the pieces would take as float32."""
    n_bytes = 200_000_000 if dtype == "float32" else 400_000_000
    n_frames = n_bytes // (4 * n_features * 4)
    path = tmp_path / "pieces"
    pieces = np.memmap(path, dtype, "w+", shape=(4, n_frames, n_features))
    rng = np.random.RandomState(0)
    for piece in pieces:  # the rest is zeros, which take no space in a sparse file
        piece[:10_000] = rng.random_sample((10_000, n_features)) < 3 / n_features
    pieces.flush()
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(path), dtype, emission]
    command += [str(n_features), str(n_frames)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert float(done.stdout) * np.dtype(dtype).itemsize / 4 < 0.5


def small(**changes):
    return LSTMComposer(**{"hidden_size": 8, "max_iter": 2, "random_state": 0, **changes})


@pytest.mark.parametrize("emission", ["logistic", "gaussian"])
def test_memory_mapped_pieces_give_the_same_model_as_those_in_memory(chroma, tmp_path, emission):
    for dtype in ("float32", "float64"):
        mapped = []
        for i, piece in enumerate(chroma):
            mapped.append(np.memmap(tmp_path / f"{dtype}{i}", dtype, "w+", shape=piece.shape))
            mapped[-1][:] = piece
        one, other = small(emission=emission).fit(mapped), small(emission=emission).fit(chroma)
        for name, weights in one.weights_.items():
            np.testing.assert_array_equal(weights, other.weights_[name])
    mapped[1][3, 4] = np.nan
    with pytest.raises(ValueError, match=r"X\[1\] contains NaN"):
        small().fit(mapped)


def test_memory_mapped_bytes_give_the_same_model_as_floats(rolls, tmp_path):
    mapped = []
    for i, roll in enumerate(rolls):
        mapped.append(np.memmap(tmp_path / str(i), np.uint8, "w+", shape=roll.shape))
        mapped[-1][:] = roll
    one, other = small().fit(mapped), small().fit(rolls)
    assert one.emission_ == "bernoulli"
    assert one.loss_curve_ == other.loss_curve_
    assert one.score(mapped) == other.score(rolls)
    np.testing.assert_array_equal(one.predict(mapped[0]), other.predict(rolls[0]))


@pytest.mark.parametrize("convert", [np.float64, torch.tensor, np.ndarray.tolist])
def test_results_do_not_depend_on_the_type_of_a_piece(chroma, convert):
    converted = [convert(piece) for piece in chroma]
    assert small().fit(converted).loss_curve_ == small().fit(chroma).loss_curve_


def test_a_composer_trains_on_pieces_of_integers(rolls):
    whole = small().fit([roll.astype(int) for roll in rolls])
    assert whole.emission_ == "bernoulli"
    assert whole.loss_curve_ == small().fit(rolls).loss_curve_


@pytest.mark.parametrize("emission", ["logistic", "gaussian", "mse"])
def test_a_composer_trains_on_short_and_empty_pieces(chroma, emission):
    pieces = [chroma[0], chroma[1][:1], chroma[2][:0], chroma[3][:1], *chroma[4:6]]
    composer = small(emission=emission).fit(pieces)
    assert np.isfinite(composer.score(pieces))
    assert small(emission=emission).fit([chroma[0][:2]]).n_iter_ == 2
    assert small(emission=emission).fit([chroma[0][:1], chroma[1][:1]]).n_iter_ == 2


def test_iterators_and_sets_are_refused(chroma):
    for X in ((piece for piece in chroma), map(np.array, chroma), {"a": chroma[0]}, {1, 2}):
        with pytest.raises(TypeError, match="X is a .*: pass a list of pieces"):
            small().fit(X)
    tensor = torch.tensor(np.stack([piece[:40] for piece in chroma]))
    with pytest.raises(TypeError, match=r"Tensor of 3 dimensions.*pass list\(X\)"):
        small().fit(tensor)
    assert small().fit(list(tensor)).n_iter_ == 2
