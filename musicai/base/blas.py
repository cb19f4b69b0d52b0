"""Single-threaded BLAS, for small products and for reproducible sums.

The matrix products of sampling are too small for several threads. On a busy machine, threads that
synchronize after every product take ten times as long as a single one. Multithreaded sums also
differ from run to run.
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
    """Limit BLAS to one thread within the context.

    The limit is global to the process, so overlapping contexts share it: the first one sets it and
    the last one restores it. If each context restored the value that it found, it might restore
    another context's limit.
    """
    user = _User()
    try:
        _limit.enter(user)
        yield
    finally:
        _limit.leave(user)


class _User:
    """Token of one context that needs the limit."""


class _SharedLimit:
    def __init__(self) -> None:
        self._lock = Lock()
        # Weak references, so that a context that is interrupted while it leaves is not counted.
        self._users: WeakSet[_User] = WeakSet()
        self._limiter: Any = None

    def enter(self, user: _User) -> None:
        with self._lock:
            if self._limiter is None:
                self._limiter = _controller().limit(limits=1, user_api="blas")
            self._users.add(user)

    def leave(self, user: _User) -> None:
        """Remove `user`, even if an interruption kept it from being added."""
        with self._lock:
            self._users.discard(user)
            if not self._users and self._limiter is not None:
                self._limiter.restore_original_limits()
                self._limiter = None


_limit = _SharedLimit()


@cache
def _controller() -> ThreadpoolController:
    # The result is cached, because finding the library takes longer than sampling a few frames.
    return ThreadpoolController()
