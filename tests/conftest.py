import signal

import pytest
import torch
from hypothesis import HealthCheck, settings

from musicai.composer import _composer, _network

# Test machines may be slow or busy, so tests do not assert times.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

collect_ignore = ["user_file.py"]  # for the type checker only


def pytest_addoption(parser):
    """Add options that change training, to find tests that depend on one training run."""
    group = parser.getgroup("trainings")
    group.addoption(
        "--shift-seeds", type=int, default=0, help="number to add to integer seeds of training"
    )
    group.addoption("--bfloat16", action="store_true", help="train in bfloat16 on the CPU as well")


def pytest_configure(config):
    shift = config.getoption("--shift-seeds")
    if shift:
        draw = _composer.draw_seed
        _composer.draw_seed = lambda seed, *stream: draw(_shifted(seed, shift), *stream)
    if config.getoption("--bfloat16"):
        _network._autocast = lambda device: torch.autocast(device.type, torch.bfloat16)


def _shifted(seed, shift):
    return seed + shift if isinstance(seed, int) else seed


@pytest.fixture
def trains_as_its_children(request):
    """Skip a test if training in child processes would differ from training in this process."""
    if request.config.getoption("--shift-seeds") or request.config.getoption("--bfloat16"):
        pytest.skip("child processes do not get the options of pytest")


@pytest.fixture
def ctrl_c():
    """Use Python's handling of Ctrl-C, which background processes of a shell ignore by default."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
