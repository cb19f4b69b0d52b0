import signal

import pytest
import torch
from hypothesis import HealthCheck, settings

from musicai.composer import _composer, _network

# Machines are slow or busy, and no test asserts a time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

collect_ignore = ["user_file.py"]  # read by a type checker, never run


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
        draw = _composer.draw_seed
        _composer.draw_seed = lambda seed, *stream: draw(_shifted(seed, shift), *stream)
    if config.getoption("--bfloat16"):
        _network._autocast = lambda device: torch.autocast(device.type, torch.bfloat16)


def _shifted(seed, shift):
    return seed + shift if isinstance(seed, int) else seed


@pytest.fixture
def trains_as_its_children(request):
    """Skip where this process trains with other seeds or precision than those that it starts."""
    if request.config.getoption("--shift-seeds") or request.config.getoption("--bfloat16"):
        pytest.skip("processes that a test starts know no options of pytest")


@pytest.fixture
def ctrl_c():
    """Let Ctrl-C do what it usually does; what a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
