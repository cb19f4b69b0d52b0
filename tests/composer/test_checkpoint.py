"""A fit that is interrupted and run again ends with the same weights as an undisturbed one."""

import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from musicai import LSTMComposer
from musicai.composer import _checkpoint, _progress, _training


def small(**changes):
    return LSTMComposer(
        **{"hidden_size": 8, "max_iter": 4, "batch_size": 2, "random_state": 0, **changes}
    )


def assert_same(one, other):
    for name, weights in one.weights_.items():
        np.testing.assert_array_equal(weights, other.weights_[name])
    assert one.loss_curve_ == other.loss_curve_
    assert one.validation_curve_ == other.validation_curve_
    assert one.best_validation_score_ == other.best_validation_score_


def plain(path):
    with np.load(path) as file:
        return json.loads(file["plain.json"].tobytes())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fit.npz"


@pytest.fixture
def often(monkeypatch):
    """Take a snapshot before every second step."""
    monkeypatch.setattr(LSTMComposer, "_steps_between_snapshots", 2)


def fail_after(monkeypatch, n_steps, error):
    step = _training.Trainer._step

    def failing(self, *args):
        if self.optimizer.n_steps >= n_steps:
            raise error
        return step(self, *args)

    monkeypatch.setattr(_training.Trainer, "_step", failing)


OPTIONS = {
    "validation": {},
    "no validation": {"early_stopping": False},
    "early stopping": {"n_iter_no_change": 1, "tol": 5.0},
    "two layers, no dropout": {"n_layers": 2, "dropout": 0.0},
    "no seed": {"random_state": None},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("n_steps", [0, 1, 3, 6, 7])
def test_a_failed_fit_resumes_from_its_checkpoint(
    chroma, styles, path, often, monkeypatch, options, n_steps
):
    with monkeypatch.context() as patch:
        fail_after(patch, n_steps, MemoryError("no memory"))
        stopped = small(checkpoint=path, **options)
        with pytest.raises(MemoryError):
            stopped.fit(chroma, styles)
    assert path.exists()
    seed = plain(path)["seed"]
    resumed = small(checkpoint=str(path), verbose=1, **options).fit(chroma, styles)
    assert os.listdir(path.parent) == []
    monkeypatch.setattr("musicai.composer._composer.draw_seed", lambda *_: seed)
    assert_same(resumed, small(**options).fit(chroma, styles))


def test_an_interrupted_fit_keeps_its_checkpoint(chroma, path, often, monkeypatch):
    with monkeypatch.context() as patch:
        fail_after(patch, 6, KeyboardInterrupt())
        with pytest.warns(UserWarning, match=rf"interrupted after 1 of 4.*resumes from {path}"):
            half = small(checkpoint=path).fit(chroma, X_val=chroma[:2])
    assert half.n_iter_ == 1
    resumed = small(checkpoint=path).fit(chroma, X_val=chroma[:2])
    assert_same(resumed, small().fit(chroma, X_val=chroma[:2]))


def test_a_failed_warm_start_resumes_from_its_checkpoint(chroma, path, often, monkeypatch):
    first = small().fit(chroma)
    goes_on = {**first.get_params(), "warm_start": True, "checkpoint": path}

    def started():
        return pickle.loads(pickle.dumps(first)).set_params(**goes_on)

    undisturbed = started().fit(chroma)
    with monkeypatch.context() as patch:
        fail_after(patch, 5, MemoryError())
        with pytest.raises(MemoryError):
            started().fit(chroma)
    assert_same(started().fit(chroma), undisturbed)


def test_the_same_composer_resumes_after_an_interruption(chroma, path, often, monkeypatch):
    for earlier in (False, True):
        composers = [small(warm_start=True) for _ in range(2)]
        if earlier:
            composers = [composer.fit(chroma) for composer in composers]
        undisturbed, interrupted = composers
        undisturbed.fit(chroma)
        interrupted.set_params(checkpoint=path)
        with monkeypatch.context() as patch:
            fail_after(patch, 5, KeyboardInterrupt())
            with pytest.warns(UserWarning, match="the next fit resumes from"):
                interrupted.fit(chroma)
        assert path.exists()
        assert_same(interrupted.fit(chroma), undisturbed)
        assert not path.exists()


def test_other_files_in_the_folder_are_kept(chroma, path):
    other = path.with_name(path.name + ".part")
    other.write_text("notes")
    small(checkpoint=path).fit(chroma)
    assert other.read_text() == "notes"
    assert [file.name for file in path.parent.iterdir()] == [other.name]


def test_changing_the_working_directory_does_not_move_the_checkpoint(
    chroma, tmp_path, often, monkeypatch
):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    run_epoch = _training.Trainer.run_epoch

    def wander(self, *args, **kwargs):
        loss = run_epoch(self, *args, **kwargs)
        os.chdir(tmp_path / "elsewhere")
        return loss

    monkeypatch.setattr(_training.Trainer, "run_epoch", wander)
    small(checkpoint="fit.npz").fit(chroma)
    assert [file.name for file in tmp_path.rglob("*")] == ["elsewhere"]


def test_max_time_limits_the_total_time_of_all_attempts(chroma, path, often, monkeypatch):
    with monkeypatch.context() as patch:
        fail_after(patch, 6, MemoryError())
        patch.setattr(_progress.Budget, "clock", lambda self: 3599.9)
        with pytest.raises(MemoryError):
            small(checkpoint=path, max_iter=10**6, max_time=3600).fit(chroma)
    started = time.monotonic()
    small(checkpoint=path, max_iter=10**6, max_time=3600).fit(chroma)
    assert time.monotonic() - started < 60


CHILD = """
    import sys
    sys.path.insert(0, {tests!r})
    from composer.conftest import make_chroma
    from musicai import LSTMComposer

    LSTMComposer._steps_between_snapshots = 5
    LSTMComposer._seconds_between_checkpoints = 0.0
    LSTMComposer(
        hidden_size=8, max_iter=100000, batch_size=2, random_state=0, checkpoint={path!r},
        early_stopping=False, max_time=None,
    ).fit(make_chroma(8, 40, seed=0))
"""


@pytest.mark.usefixtures("trains_as_its_children")
def test_a_fit_resumes_after_its_process_was_killed(chroma, path, often, monkeypatch):
    """A process that is killed at any time, even while it writes, leaves an intact file."""
    n_epochs = 100_000
    code = textwrap.dedent(CHILD.format(tests=str(Path(__file__).parents[1]), path=str(path)))
    child = subprocess.Popen([sys.executable, "-c", code])
    try:
        deadline = time.monotonic() + 120
        while not (path.exists() and plain(path)["optimizer"]["n_steps"] > 0):
            assert time.monotonic() < deadline, "nothing was learned in two minutes"
            time.sleep(0.05)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    options = {"max_iter": n_epochs, "early_stopping": False}
    monkeypatch.setattr(LSTMComposer, "_steps_between_snapshots", 5)
    # The child cannot finish within its budget. Stop the resumed and the undisturbed fit a few
    # steps after the step of the checkpoint.
    n_steps = plain(path)["optimizer"]["n_steps"]
    assert n_steps > 0
    fail_after(monkeypatch, n_steps + 7, KeyboardInterrupt())
    with pytest.warns(UserWarning, match="interrupted"):
        resumed = small(checkpoint=path, **options).fit(chroma)
    with pytest.warns(UserWarning, match="interrupted"):
        undisturbed = small(**options).fit(chroma)
    assert len(resumed.loss_curve_) >= 1
    assert_same(resumed, undisturbed)


def test_the_checkpoint_of_another_fit_is_refused(chroma, styles, path, often, monkeypatch):
    with monkeypatch.context() as patch:
        fail_after(patch, 5, MemoryError())
        with pytest.raises(MemoryError):
            small(checkpoint=path).fit(chroma, styles)
    before = path.read_bytes()
    changed = [chroma[0] * 0.5, *chroma[1:]]
    for match, composer, X, y in (
        ("hidden_size was 8 and is 9", small(hidden_size=9), chroma, styles),
        ("learning_rate was 0.03 and is 0.01.*remove", small(learning_rate=0.01), chroma, styles),
        ("random_state was 0 and is 1", small(random_state=1), chroma, styles),
        ("the pieces differ", small(), changed, styles),
        ("the pieces differ", small(), chroma[::-1], styles[::-1]),
        ("the pieces differ", small(), chroma, styles[::-1]),
        ("styles was", small(), chroma, None),
    ):
        with pytest.raises(ValueError, match=f"another fit.*{match}"):
            composer.set_params(checkpoint=path).fit(X, y)
    with pytest.raises(ValueError, match="the pieces of X_val differ"):
        small(checkpoint=path).fit(chroma, styles, X_val=chroma)
    assert path.read_bytes() == before
    small(checkpoint=path, device="cpu").fit(chroma, styles)


def test_a_checkpoint_with_different_initial_weights_is_refused(chroma, path, monkeypatch):
    """Such a file remains if a script that fits twice is killed in the second fit and run again."""
    options = {"warm_start": True, "checkpoint": path}
    composer = small(**options).fit(chroma)
    with monkeypatch.context() as patch:
        fail_after(patch, 5, MemoryError())
        with pytest.raises(MemoryError):
            composer.fit(chroma)
    before = path.read_bytes()
    for other in (small(**options), small(max_iter=1, warm_start=True).fit(chroma)):
        with pytest.raises(ValueError, match="a fit with other initial weights: remove the file"):
            other.set_params(**options, max_iter=4).fit(chroma)
    assert path.read_bytes() == before
    composer.fit(chroma)
    assert not path.exists()


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_a_symbolic_link_to_the_checkpoint_is_kept(chroma, tmp_path, monkeypatch):
    (tmp_path / "large disk").mkdir()
    link, target = tmp_path / "fit.npz", tmp_path / "large disk" / "fit.npz"
    link.symlink_to(target)
    with monkeypatch.context() as patch:
        fail_after(patch, 5, MemoryError())
        with pytest.raises(MemoryError):
            small(checkpoint=link).fit(chroma)
    assert link.is_symlink()
    assert target.exists()
    small(checkpoint=link).fit(chroma)
    assert not target.exists()


def test_damaged_and_foreign_files_are_refused(chroma, path, often, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        fail_after(patch, 5, MemoryError())
        with pytest.raises(MemoryError):
            small(checkpoint=path).fit(chroma)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    np.save(tmp_path / "array.npy", np.zeros(3))
    np.savez(tmp_path / "arrays.npz", weights=np.zeros(3))
    pickled = (tmp_path / "pickled.npy").open("wb")
    np.save(pickled, np.array([object()]), allow_pickle=True)
    pickled.close()
    foreign = [p.read_bytes() for p in tmp_path.iterdir() if p != path]
    for content in (whole[:-100], whole[: len(whole) // 2], flipped, b"", b"notes", *foreign):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"{path} is damaged or not a checkpoint"):
            small(checkpoint=path).fit(chroma)
        assert path.read_bytes() == content


def test_a_path_that_cannot_be_written_is_refused_before_training(chroma, tmp_path, monkeypatch):
    monkeypatch.setattr(_training.Trainer, "run", None)
    for path in (tmp_path, tmp_path / "none" / "fit.npz", tmp_path / "a\0b"):
        with pytest.raises(ValueError, match="checkpoint=.*: use (a|the) path"):
            small(checkpoint=path).fit(chroma)


def test_a_full_disk_does_not_end_training(chroma, path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LSTMComposer, "_seconds_between_checkpoints", 0.0)
    monkeypatch.setattr(np, "savez", full)
    with pytest.warns(UserWarning, match=f"{path} could not be written.*No space left"):
        composer = small(checkpoint=path, max_iter=1).fit(chroma)
    assert composer.n_iter_ == 1
    assert os.listdir(path.parent) == []


def test_a_path_to_a_pipe_is_refused(chroma, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="pipe' is not a regular file"):
        small(checkpoint=tmp_path / "pipe").fit(chroma)


def test_no_resumption_is_promised_if_the_checkpoint_cannot_be_written(chroma, path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    fail_after(monkeypatch, 5, KeyboardInterrupt())
    with pytest.warns(UserWarning, match="checkpoint|interrupted") as told:
        small(checkpoint=path).fit(chroma)
    assert ["resumes from" in str(warning.message) for warning in told] == [False, False]


def test_a_fit_resumes_from_the_step_of_the_interruption(chroma, path, monkeypatch, ctrl_c):
    """An interruption takes a snapshot even if none is due."""
    step = _training.Trainer._step

    def disturbed(self, *args):
        if self.optimizer.n_steps == 5:
            signal.raise_signal(signal.SIGINT)
        step(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(_training.Trainer, "_step", disturbed)
        with pytest.warns(UserWarning, match="interrupted after 1 of 4.*resumes from"):
            small(checkpoint=path).fit(chroma)
    assert plain(path)["optimizer"]["n_steps"] == 6
    assert_same(small(checkpoint=path).fit(chroma), small().fit(chroma))


def test_a_short_fit_writes_no_checkpoint(chroma, path, monkeypatch):
    written = []
    monkeypatch.setattr(_checkpoint.Checkpoint, "write", lambda *_: written.append(1))
    small(checkpoint=path).fit(chroma)
    assert not written


def test_partial_fit_ignores_the_checkpoint(chroma, path):
    small(checkpoint=path).partial_fit(chroma)
    assert not path.exists()


def rewrite(path, change):
    """Change the contents of a checkpoint, and write it with correct checksums."""
    with np.load(path) as file:
        arrays = dict(file)
    plain = json.loads(arrays["plain.json"].tobytes())
    change(arrays, plain)
    arrays["plain.json"] = np.frombuffer(json.dumps(plain).encode(), np.uint8)
    np.savez(path, **arrays)


@pytest.mark.parametrize("emission", ["gaussian", "mse"])
@pytest.mark.parametrize("magnitude", [1e-30, 1e30])
def test_a_fit_on_data_of_any_magnitude_resumes(path, often, monkeypatch, emission, magnitude):
    rng = np.random.default_rng(0)
    pieces = [(magnitude * rng.random((30, 3))).astype(np.float32) for _ in range(8)]
    options = {"emission": emission, "hidden_size": 4}
    with monkeypatch.context() as patch:
        fail_after(patch, 5, MemoryError())
        with pytest.raises(MemoryError):
            small(checkpoint=path, **options).fit(pieces)
    assert path.exists()
    assert_same(small(checkpoint=path, **options).fit(pieces), small(**options).fit(pieces))


def without_optimizer(arrays, plain):
    for name in [name for name in arrays if name.startswith("optimizer/")]:
        del arrays[name]
    plain.update(optimizer=None)


OF_CHECKPOINT = [
    (
        lambda arrays, plain: arrays.update({"weights/key": np.zeros((3, 3), np.float32)}),
        r"weights\['key'\] is ndarray of float32 of shape \(3, 3\)",
    ),
    (
        lambda arrays, plain: arrays.update({"weights/key": np.full((13, 16), np.nan, np.float32)}),
        r"weights\['key'\] is ndarray .* expected finite values",
    ),
    (
        lambda arrays, plain: arrays.pop("weights/key"),
        "weights is dict of length .*expected a dict of style, key",
    ),
    (
        lambda arrays, plain: arrays.update(
            {"progress/best_weights/key": np.zeros((3, 3), np.float32)}
        ),
        r"best_weights.*\['key'\] is ndarray of float32 of shape \(3, 3\)",
    ),
    (
        lambda arrays, plain: arrays.pop("progress/best_weights/key"),
        "best_weights.* is dict of length",
    ),
    (
        without_optimizer,
        "optimizer is NoneType None; expected a dict of n_steps, moments",
    ),
    (
        lambda arrays, plain: plain["optimizer"].update(n_steps="many"),
        "n_steps.* is str 'many'; expected a value of type int",
    ),
    (
        lambda arrays, plain: plain["progress"].update(loss_curve="abc"),
        "loss_curve.* is str 'abc'",
    ),
    (
        lambda arrays, plain: plain["progress"].update(loss_curve=None),
        "loss_curve.* is NoneType None; expected a value of type list",
    ),
    (
        lambda arrays, plain: plain["progress"].update(validation_curve=[None]),
        "validation_curve.* is NoneType None; expected a value of type float",
    ),
    (
        lambda arrays, plain: plain["progress"].update(best_score="abc"),
        "best_score.* is str 'abc'",
    ),
    (lambda arrays, plain: plain["progress"].update(nats=None), "nats.* is NoneType None"),
    (lambda arrays, plain: plain["progress"].update(waited=-1), "counts are negative"),
    (lambda arrays, plain: plain["progress"].update(decay_start=-1), "or counts are negative"),
    (
        lambda arrays, plain: plain["progress"].update(decay_start=9),
        "decay_start is after the last epoch",
    ),
    (
        lambda arrays, plain: plain["progress"].update(best_score=None),
        "best score and best weights do not match",
    ),
    (
        lambda arrays, plain: plain["progress"].update(n_frames=0, n_batches=5),
        "frames and batches do not match",
    ),
    (
        lambda arrays, plain: plain["progress"].update(other=1),
        "progress is dict of length 14",
    ),
    (lambda arrays, plain: plain.update(elapsed=-1), "seconds or counts are negative"),
    (lambda arrays, plain: plain.update(seed="abcd"), "is damaged or not a checkpoint"),
    (lambda arrays, plain: plain.update(seed=[1]), "not a checkpoint .TypeError: 'list' object"),
    (lambda arrays, plain: plain.pop("seed"), "is damaged or not a checkpoint"),
]


@pytest.mark.parametrize(("change", "reason"), OF_CHECKPOINT, ids=[r for _, r in OF_CHECKPOINT])
def test_a_tampered_checkpoint_is_refused(chroma, path, often, monkeypatch, change, reason):
    with monkeypatch.context() as patched:
        fail_after(patched, 7, KeyboardInterrupt())
        with pytest.warns(UserWarning, match="interrupted"):
            small(checkpoint=path).fit(chroma)
    rewrite(path, change)
    with pytest.raises(ValueError, match=f"{reason}.*: remove the file, or use another path"):
        small(checkpoint=path).fit(chroma)
