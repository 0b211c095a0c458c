"""The best weights so far, replica by replica."""

import math
from typing import Any

import torch
from torch import Tensor

from peslab.learning.networks import ReplicaMLP


class BestWeights:
    """Keeps, for each replica, the weights of the epoch with its lowest validation error.

    All of it stays on the device: `torch.where` chooses, so that the host never waits.

    Args:
        network: The replicas, on the device where they are trained.
    """

    def __init__(self, network: ReplicaMLP) -> None:
        self._parameters = list(network.parameters())
        self._best = [parameter.detach().clone() for parameter in self._parameters]
        device = self._parameters[0].device
        self._error = torch.full((network.n_replicas,), math.inf, device=device)

    @torch.no_grad()
    def update(self, error: Tensor) -> None:
        """Keep the present weights of the replicas that have improved.

        Args:
            error: The validation error of each replica, shape (k,); NaN is no improvement.
        """
        improved = error < self._error
        self._error = torch.where(improved, error, self._error)
        for best, parameter in zip(self._best, self._parameters, strict=True):
            of_replica = improved.view(-1, *[1] * (best.dim() - 1))
            best.copy_(torch.where(of_replica, parameter, best))

    def state(self) -> dict[str, Any]:
        """Tell what a checkpoint has to keep."""
        return {"best": self._best, "error": self._error}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self._error.copy_(state["error"])
        for best, saved in zip(self._best, state["best"], strict=True):
            best.copy_(saved)

    @torch.no_grad()
    def restore(self) -> None:
        """Give the network its best weights back."""
        for best, parameter in zip(self._best, self._parameters, strict=True):
            parameter.copy_(best)
