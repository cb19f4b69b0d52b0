"""One thread for products that are small, or whose sums must come again.

Products of composing are too small for several threads: where other programs run too, threads that
wait for each other in every product take ten times as long as one thread alone. And sums of several
threads differ from run to run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any
from weakref import WeakSet

from threadpoolctl import ThreadpoolController


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let the BLAS library use one thread for a while.

    That is one number for the whole process, so callers that overlap share it: the first one
    changes it, and the last one puts it back. Were each to put back what it found, that could be
    what another had set.
    """
    user = _User()
    try:
        _limit.enter(user)
        yield
    finally:
        _limit.leave(user)


class _User:
    """Whoever asks for one thread."""


class _SharedLimit:
    def __init__(self) -> None:
        self._lock = Lock()
        # Weak, since who was interrupted while leaving is gone all the same.
        self._users: WeakSet[_User] = WeakSet()
        self._limiter: Any = None

    def enter(self, user: _User) -> None:
        with self._lock:
            if self._limiter is None:
                self._limiter = _controller().limit(limits=1, user_api="blas")
            self._users.add(user)

    def leave(self, user: _User) -> None:
        """Go, even if an interruption came before `user` had quite entered."""
        with self._lock:
            self._users.discard(user)
            if not self._users and self._limiter is not None:
                self._limiter.restore_original_limits()
                self._limiter = None


_limit = _SharedLimit()


@cache
def _controller() -> ThreadpoolController:
    # Looking for the library takes longer than composing a few frames.
    return ThreadpoolController()
