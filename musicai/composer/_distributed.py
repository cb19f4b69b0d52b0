"""Choice of the training device, and training in several processes started by torchrun.

Every process (rank) has the same pieces and weights, and computes the gradient of its share of each
batch. Gradients are summed over all processes, so that all processes take the same step. The first
rank determines all values that could differ between processes, such as the time, a drawn seed or
the content of a file, and sends them to the others.

A rank that fails raises its error and leaves the group. The other ranks, which are waiting for this
rank, then raise a connection error, and torchrun terminates them.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed

from ..base.user_warnings import warn_user

T = TypeVar("T")

# Counter of the groups made here. Its value is part of a group's prefix in torch's store, so that a
# new group does not read addresses that an earlier group has stored.
_MADE = itertools.count()
# Older versions of torch hold Python's global interpreter lock while they destroy a group and wait
# for gloo's threads, which may need the lock (pytorch/pytorch#154976). This pause lets the threads
# finish first.
_SECONDS_TO_LET_GO = 0.05
_TORCHRUN = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


class Group:
    """Processes that train together.

    Parameters
    ----------
    device : torch.device
        Device of this process.
    rank, size : int
        Index of this process, and number of processes.
    """

    def __init__(self, device: torch.device, rank: int = 0, size: int = 1) -> None:
        self.device = device
        self.rank = rank
        self.size = size
        self.is_first = rank == 0  # the process that decides for all

    def share(self, compute: Callable[[], T]) -> T:
        """Call `compute` in the first process; all processes get its result or raise its error."""
        if self.size == 1:
            return compute()
        sent: list[Any] = [None]
        if self.is_first:
            try:
                sent = [(compute(), None)]
            except Exception as failure:  # send any error, or the others would wait forever
                sent = [(None, failure)]
        distributed.broadcast_object_list(sent, src=0, device=self.device)
        result, error = sent[0]
        if error is not None:
            raise error
        return result

    def sum(self, *values: float) -> list[float]:
        """Sum each of the values over all processes; return one sum per value."""
        if self.size == 1:
            return list(values)
        total = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(total)
        return total.tolist()

    def sum_gradients(self, parameters: Sequence[Tensor], *values: float) -> list[float]:
        """Sum gradients, in place, and `values` over all processes; return the sums of `values`."""
        if self.size == 1:
            return list(values)
        gradients = [
            torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            for parameter in parameters
        ]
        summands = torch.tensor(values, device=self.device)
        flat = torch.cat([*(gradient.flatten() for gradient in gradients), summands])
        distributed.all_reduce(flat)
        *parts, total = flat.split([*(gradient.numel() for gradient in gradients), len(values)])
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.grad = part.view_as(parameter)
        return total.tolist()

    def check_alike(self, fingerprint: dict[str, Any] | None) -> None:
        """Raise an error in every process if the fingerprints of the processes differ."""
        if self.size == 1:
            return
        others = self.share(lambda: fingerprint) or {}
        mine = fingerprint or {}
        different = [name for name in {**others, **mine} if others.get(name) != mine.get(name)]
        sent: list[Any] = [None] * self.size
        distributed.all_gather_object(sent, different)
        names = sorted({name for different in sent for name in different})
        if names:
            raise ValueError(
                f"{self.size} processes started by torchrun fit one model, but differ in "
                f"{', '.join(names)}: pass the same to fit in every process; to fit a separate "
                "model in each process, del os.environ['WORLD_SIZE'] first"
            )


def choose_device(device: Any) -> torch.device:
    """Return the torch device; if a GPU is requested but there is none, warn and return the CPU."""
    if isinstance(device, str) and device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        if chosen.type != "cuda":
            torch.zeros(1, device=chosen).cpu()  # fails for devices that this machine lacks
    except (RuntimeError, TypeError, ValueError, AssertionError, ImportError, OverflowError):
        raise ValueError(
            f"device must be 'auto' or a torch device such as 'cpu' or 'cuda', got {device!r}"
        ) from None
    if chosen.type == "cuda" and not torch.cuda.is_available():
        warn_user(
            f"device={device!r} is requested, but there is no CUDA GPU here: the CPU is used; "
            "with set_params(device='auto'), a GPU is used only if there is one"
        )
        return torch.device("cpu")
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"device={device!r}: there are only {torch.cuda.device_count()} GPUs here")
    return chosen


@contextmanager
def joined(device: Any, *, shared: bool = True) -> Iterator[Group]:
    """Yield the group of processes that train together.

    They are the processes of torch's process group, if it is initialized, or those that torchrun
    started. Without either, or if `shared` is False, the group holds only this process. A process
    group of torch that already exists is left open; one that is made here is destroyed when the
    context ends. `device` is the parameter of the composer.
    """
    device = choose_device(device)
    made = shared and not _is_initialized() and _is_under_torchrun()
    if not shared or (not made and not _is_initialized()):
        yield Group(device)
        return
    if device.type == "cuda" and device.index is None:
        rank = int(os.environ.get("LOCAL_RANK") or os.environ.get("RANK") or 0)
        device = torch.device("cuda", rank % torch.cuda.device_count())
    if device.type == "cuda":
        torch.cuda.set_device(device)  # NCCL allocates its buffers on this device
    if made:
        from torch.distributed.distributed_c10d import PrefixStore

        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        distributed.init_process_group(
            "nccl" if device.type == "cuda" else "gloo",
            store=PrefixStore(f"musicai {attempt}.{next(_MADE)}", _store()),
            rank=int(os.environ["RANK"]),
            world_size=int(os.environ["WORLD_SIZE"]),
        )
    try:
        yield Group(device, distributed.get_rank(), distributed.get_world_size())
    finally:
        if made:
            time.sleep(_SECONDS_TO_LET_GO)
            distributed.destroy_process_group()


@cache
def _store() -> Any:
    from torch.distributed.rendezvous import rendezvous

    store, _, _ = next(rendezvous("env://"))
    return store


def _is_initialized() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def _is_under_torchrun() -> bool:
    if not distributed.is_available() or not all(name in os.environ for name in _TORCHRUN):
        return False
    variables = {name: os.environ[name] for name in ("RANK", "WORLD_SIZE", "MASTER_PORT")}
    numbers = [int(value) if value.strip().isdecimal() else -1 for value in variables.values()]
    if min(numbers) < 0 or numbers[0] >= numbers[1]:
        raise ValueError(
            f"the environment has invalid variables of torchrun, {variables}: start the script "
            "with torchrun, or remove these variables"
        )
    return numbers[1] > 1
