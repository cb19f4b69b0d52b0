import signal

import pytest
import torch
from hypothesis import HealthCheck, settings

from musicai.composer import _composer, _network

# Machines are slow or busy, and no test asserts a time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

collect_ignore = ["user_file.py"]  # for the type checker only


def pytest_addoption(parser):
    """Add options that show whether a test depends on one lucky training run."""
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
    """Skip if child processes would train with other seeds or precision than this one."""
    if request.config.getoption("--shift-seeds") or request.config.getoption("--bfloat16"):
        pytest.skip("child processes do not get the options of pytest")


@pytest.fixture
def ctrl_c():
    """Restore Python's handling of Ctrl-C, which processes in the background of a shell ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
