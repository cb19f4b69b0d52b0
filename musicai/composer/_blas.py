"""One thread for the products of composing.

They are too small for several threads: where other programs run too, threads that wait for each
other in every product take ten times as long as one thread alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

from threadpoolctl import ThreadpoolController

_limiting = Lock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let the BLAS library use one thread for a while.

    That is one number for the whole process. Only one caller at a time changes it and puts it
    back: two that overlap would put back what the other had set.
    """
    if not _limiting.acquire(blocking=False):
        yield
        return
    try:
        with _controller().limit(limits=1, user_api="blas"):
            yield
    finally:
        _limiting.release()


@cache
def _controller() -> ThreadpoolController:
    # Looking for the library takes longer than composing a few frames.
    return ThreadpoolController()
