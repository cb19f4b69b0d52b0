import functools
import signal

import pytest
import torch

from musicai import LSTMComposer
from musicai.composer import _loss


def pytest_addoption(parser):
    """Add the options that show whether a test hangs on one lucky training."""
    group = parser.getgroup("trainings")
    group.addoption(
        "--shift-seeds", type=int, default=0, help="added to every integer seed of a training"
    )
    group.addoption("--bfloat16", action="store_true", help="train in bfloat16 on the CPU as well")


def pytest_configure(config):
    shift = config.getoption("--shift-seeds")
    if shift:
        for name in ("fit", "partial_fit"):
            setattr(LSTMComposer, name, _shifted(getattr(LSTMComposer, name), shift))
    if config.getoption("--bfloat16"):
        _loss._autocast = lambda device: torch.autocast(device.type, torch.bfloat16)


def _shifted(method, shift):
    @functools.wraps(method)
    def train(composer, *args, **kwargs):
        seed = composer.random_state
        if not isinstance(seed, int):
            return method(composer, *args, **kwargs)
        composer.random_state = seed + shift
        try:
            return method(composer, *args, **kwargs)
        finally:
            composer.random_state = seed

    return train


@pytest.fixture
def ctrl_c():
    """Let Ctrl-C do what it usually does; what a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
