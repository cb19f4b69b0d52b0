"""Single-threaded BLAS and OpenMP, for small products and for reproducible sums.

The matrix products of sampling are too small for several threads. On a busy machine, threads that
synchronize after every product take ten times as long as a single thread. The rounding of
multithreaded sums also varies from run to run.
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

    The limit applies to the whole process. If contexts overlap, the first to start sets it, and the
    last to end restores the original limit.
    """
    user = _User()
    try:
        _limit.enter(user)
        yield
    finally:
        _limit.leave(user)


@contextmanager
def one_openmp_thread() -> Iterator[None]:
    """Limit the operations of torch that this thread calls to one thread within the context."""
    with _openmp().limit(limits=1):
        yield


class _User:
    """Token for one active `one_blas_thread` context."""


class _SharedLimit:
    def __init__(self) -> None:
        self._lock = Lock()
        # Weak references drop a context that was interrupted before `leave` could remove it.
        self._users: WeakSet[_User] = WeakSet()
        self._limiter: Any = None

    def enter(self, user: _User) -> None:
        with self._lock:
            if self._limiter is None:
                self._limiter = _controller().limit(limits=1, user_api="blas")
            self._users.add(user)

    def leave(self, user: _User) -> None:
        """Remove `user` if it was added, and restore the original limit if no users remain."""
        with self._lock:
            self._users.discard(user)
            if not self._users and self._limiter is not None:
                self._limiter.restore_original_limits()
                self._limiter = None


_limit = _SharedLimit()


@cache
def _controller() -> ThreadpoolController:
    # Cached, because finding the BLAS libraries takes longer than sampling a few frames.
    return ThreadpoolController()


@cache
def _openmp() -> ThreadpoolController:
    # Not `_controller`, which may have been made before torch loaded its library.
    return ThreadpoolController().select(user_api="openmp")
