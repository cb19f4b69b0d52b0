"""Fits shared by processes that torchrun starts, on the CPU with torch's gloo backend."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch

from musicai import LSTMComposer
from musicai.composer._distributed import Group

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not torch.distributed.is_available() or not torch.distributed.is_gloo_available(),
        reason="this torch cannot share training",
    ),
]

OPTIONS = {"hidden_size": 8, "max_iter": 4, "batch_size": 3, "random_state": 0, "device": "cpu"}

SCRIPT = """
    import json, os, signal, sys, warnings
    import numpy as np

    sys.path.insert(0, {tests!r})
    from composer.conftest import make_chroma
    from musicai import LSTMComposer
    from musicai.composer import _training

    LSTMComposer._steps_between_snapshots = 2
    rank = int(os.environ["RANK"])
    chroma = make_chroma(8, 40, seed=0)  # 7 train: the last batch has one piece for two ranks
    styles = ["folk", "jazz"] * 4
    told = {{}}

    def keep(name, composer):
        np.savez(f"{{name}}{{rank}}.npz", **composer.weights_)
        told[name] = [composer.score(chroma, styles), composer.best_validation_score_]
        told[name] += [composer.loss_curve_[-1], composer.n_iter_]

    def fit(X=chroma, **options):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                return LSTMComposer(**{{**{options!r}, **options}}).fit(X, styles)
            finally:
                told["warnings"] = [str(warning.message) for warning in caught]

    keep("plain", fit(dropout=0.0))
    keep("dropout", fit())
    keep("own seeds", fit(random_state=None))
    keep("time", fit(max_iter=10**6, max_time=0.5, early_stopping=False))
    try:
        fit(chroma[::-1] if rank else chroma)
    except ValueError as error:
        told["different"] = str(error)

    step = _training.Trainer._step

    def failing(self, *args):
        if self.optimizer.n_steps == 5:
            raise MemoryError
        step(self, *args)

    _training.Trainer._step = failing
    try:
        fit(checkpoint="fit.npz")
    except MemoryError:
        told["stopped"] = True
    _training.Trainer._step = step
    keep("resumed", fit(checkpoint="fit.npz"))

    def interrupting(self, *args):
        if self.optimizer.n_steps == 5 and rank == 1:
            os.kill(os.getpid(), signal.SIGINT)
        step(self, *args)

    _training.Trainer._step = interrupting
    keep("interrupted", fit())
    print(rank, "ends")
    with open(f"told{{rank}}.json", "w") as file:
        json.dump(told, file)
"""


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    script = folder / "script.py"
    tests = str(Path(__file__).parents[1])
    script.write_text(textwrap.dedent(SCRIPT.format(tests=tests, options=OPTIONS)))
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0", str(script)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, [json.loads((folder / f"told{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.parametrize(
    "name", ["plain", "dropout", "own seeds", "time", "resumed", "interrupted"]
)
def test_all_processes_end_with_the_same_weights(ended, name):
    folder, told = ended
    one, other = (np.load(folder / f"{name}{rank}.npz") for rank in (0, 1))
    assert one.files
    for key in one.files:
        np.testing.assert_array_equal(one[key], other[key])
    assert told[0][name] == told[1][name]


@pytest.mark.usefixtures("trains_as_its_children")
def test_a_model_trained_by_two_processes_scores_about_as_well_as_by_one(ended, chroma, styles):
    _, told = ended
    # Each rank draws its own dropout and redrawn frames, so scores are only approximately equal.
    for name, dropout, rtol in (("plain", 0.0, 0.015), ("dropout", 0.3, 0.015)):
        alone = LSTMComposer(**OPTIONS, dropout=dropout).fit(chroma, styles)
        score, best, loss, n_iter = told[0][name]
        assert score == pytest.approx(alone.score(chroma, styles), rel=rtol)
        assert best == pytest.approx(alone.best_validation_score_, rel=rtol)
        assert loss == pytest.approx(alone.loss_curve_[-1], rel=rtol)
        assert n_iter == alone.n_iter_


def test_all_processes_raise_an_error_if_their_pieces_differ(ended):
    for told in ended[1]:
        assert "2 processes started by torchrun fit one model" in told["different"]
        assert "differ in the pieces" in told["different"]


def test_all_processes_resume_from_the_checkpoint_of_the_first_process(ended):
    folder, told = ended
    assert told[0]["stopped"]
    assert told[1]["stopped"]
    assert told[0]["resumed"] == told[0]["dropout"]
    assert not (folder / "fit.npz").exists()


def test_interrupting_one_process_stops_all(ended):
    _, told = ended
    assert told[0]["interrupted"][-1] == 2
    assert ["interrupted after 2 of 4" in warning for warning in told[0]["warnings"]] == [True]
    assert told[1]["warnings"] == []


def test_a_single_process_is_a_group_of_one():
    group = Group(torch.device("cpu"))
    assert group.is_first
    assert group.share(lambda: 5) == 5
    assert group.sum(1.5, 2.0) == [1.5, 2.0]
    group.check_alike({"a": 1})


@pytest.mark.parametrize(
    "odd",
    [{"WORLD_SIZE": "abc"}, {"RANK": ""}, {"RANK": "2"}, {"RANK": "-1"}, {"MASTER_PORT": "x"}],
)
def test_invalid_torchrun_variables_are_refused(chroma, monkeypatch, odd):
    sound = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
    for name, value in {**sound, **odd}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="has invalid variables of torchrun"):
        LSTMComposer(**OPTIONS).fit(chroma)
