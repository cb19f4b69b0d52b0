"""The optimizer: AdamW with clipped gradients."""

from typing import Any

import torch
from torch import Tensor

from ._network import Network

_LARGEST_GRADIENT_NORM = 1.0


class Optimizer:
    """Wrapper of AdamW that clips gradients and returns its state as NumPy arrays."""

    def __init__(self, network: Network) -> None:
        self.parameters = list(network.parameters())
        # The layers that predict means, and the emission that is conditioned on chords, have
        # separate losses. Their gradients are clipped separately, so that large ones do not shrink
        # the gradients of other weights.
        chords = network.chords
        emissions = [network.emission] if chords is None else [network.emission, chords.emission]
        apart = [getattr(emission, "mean_head", None) for emission in emissions]
        self._groups: list[list[torch.nn.Parameter]] = []
        own = set(self.parameters)
        for module in [*apart, chords]:
            group = [p for p in module.parameters() if p in own] if module is not None else []
            if group:
                self._groups.append(group)
                own -= set(group)
        self._groups.append([p for p in self.parameters if p in own])
        self.n_steps = 0
        self._adam = torch.optim.AdamW(self.parameters, betas=(0.9, 0.99), fused=True)

    def clear(self) -> None:
        """Clear the gradients."""
        self._adam.zero_grad()

    def clip(self) -> float:
        """Clip the gradients of each group; return the sum of the norms before clipping."""
        norms = [
            torch.nn.utils.clip_grad_norm_(group, _LARGEST_GRADIENT_NORM) for group in self._groups
        ]
        return torch.stack(norms).sum().item()

    def step(self, learning_rate: float, *, skip: bool = False) -> None:
        """Take a step; if `skip` is True, only count it and leave the weights unchanged."""
        for options in self._adam.param_groups:
            options["lr"] = learning_rate
        if not skip:
            self._adam.step()
        self.n_steps += 1

    def state(self) -> dict[str, Any]:
        """Return the optimizer's moments as NumPy arrays, and the number of steps."""
        moments = {
            f"{number}.{name}": value.cpu().numpy().copy()
            for number, values in self._adam.state_dict()["state"].items()
            for name, value in values.items()
        }
        return {"n_steps": self.n_steps, "moments": moments}

    def resume(self, state: dict[str, Any]) -> None:
        """Restore a state that the method `state` has returned."""
        self.n_steps = state["n_steps"]
        memory: dict[int, dict[str, Tensor]] = {}
        for key, array in state["moments"].items():
            number, name = key.split(".")
            memory.setdefault(int(number), {})[name] = torch.from_numpy(array.copy())
        self._adam.load_state_dict({**self._adam.state_dict(), "state": memory})
