"""AdamW with clipped gradients, whose state is NumPy arrays."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

_LARGEST_GRADIENT_NORM = 1.0


class Optimizer:
    """Takes steps along the gradients of some parameters.

    Parameters
    ----------
    parameters : sequence of Tensor
        Changed in place.
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = parameters
        self.n_steps = 0
        self._adam = torch.optim.AdamW(parameters, betas=(0.9, 0.99), fused=True)

    def clear(self) -> None:
        """Forget the gradients."""
        self._adam.zero_grad()

    def clip(self) -> float:
        """Shorten the gradient where it is too long; return the norm that it had."""
        return torch.nn.utils.clip_grad_norm_(self.parameters, _LARGEST_GRADIENT_NORM).item()

    def step(self, learning_rate: float, *, skip: bool = False) -> None:
        """Take a step; one to `skip` is counted all the same."""
        for options in self._adam.param_groups:
            options["lr"] = learning_rate
        if not skip:
            self._adam.step()
        self.n_steps += 1

    def state(self) -> dict[str, Any]:
        """Return what the optimizer remembers, as NumPy arrays."""
        memory = self._adam.state_dict()["state"]
        moments = {
            f"{number}.{name}": value.cpu().numpy().copy()
            for number, values in memory.items()
            for name, value in values.items()
        }
        return {"n_steps": self.n_steps, "moments": moments}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.n_steps = state["n_steps"]
        memory: dict[int, dict[str, Tensor]] = {}
        for key, array in state["moments"].items():
            number, name = key.split(".")
            memory.setdefault(int(number), {})[name] = torch.from_numpy(array.copy())
        self._adam.load_state_dict({**self._adam.state_dict(), "state": memory})
