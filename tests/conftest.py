import signal

import pytest


@pytest.fixture
def ctrl_c():
    """Let Ctrl-C do what it usually does; what a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
