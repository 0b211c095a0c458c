"""Layers that evaluate k replicas in one call."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ReplicaLinear(nn.Module):
    """An affine layer of each replica, by one batched matrix product.

    Args:
        n_in: Units that it reads.
        n_out: Units that it feeds.
        generators: The source of each replica's initial weights.
    """

    def __init__(self, n_in: int, n_out: int, generators: Sequence[torch.Generator]) -> None:
        super().__init__()
        initial = torch.stack([_uniform(n_in, n_out, generator) for generator in generators])
        self.weight = nn.Parameter(initial[:, :n_in].clone())  # (k, n_in, n_out)
        self.bias = nn.Parameter(initial[:, n_in:].clone())  # (k, 1, n_out)

    def forward(self, units: Tensor) -> Tensor:
        """Map units of shape (k, batch, n_in) to (k, batch, n_out)."""
        return torch.baddbmm(self.bias, units, self.weight)


class ReplicaReadout(nn.Module):
    """The last layer of each replica, with one output.

    It is a sum of products, not a matrix product: with a single column that one rounds differently
    for one replica and for several, and takes 1.4 times as long at 3 replicas and a batch of 256.

    Args:
        n_in: Units that it reads.
        generators: The source of each replica's initial weights.
    """

    def __init__(self, n_in: int, generators: Sequence[torch.Generator]) -> None:
        super().__init__()
        initial = torch.stack([_uniform(n_in, 1, generator) for generator in generators])
        self.weight = nn.Parameter(
            initial[:, :n_in].mT.clone(memory_format=torch.contiguous_format)
        )  # (k, 1, n_in)
        self.bias = nn.Parameter(initial[:, n_in].clone())  # (k, 1)

    def forward(self, units: Tensor) -> Tensor:
        """Map units of shape (k, batch, n_in) to outputs of shape (k, batch)."""
        return torch.sum(units * self.weight, dim=-1) + self.bias


class ReplicaDropout(nn.Module):
    """Leaves units out at random, in training only; each replica draws from a source of its own.

    Args:
        part: Of the units, that is left out; the others are raised by 1/(1 − part).
    """

    def __init__(self, part: float) -> None:
        super().__init__()
        self.part = part
        self.generators: list[torch.Generator] = []

    def draw_from(self, generators: list[torch.Generator]) -> None:
        """Draw what is left out of each replica from its generator, on the replicas' device."""
        self.generators = generators

    def forward(self, units: Tensor) -> Tensor:
        """Leave units of shape (k, batch, n) out, or let all of them pass."""
        if self.part == 0.0 or not self.training:
            return units
        numbers = torch.empty_like(units)
        for replica, generator in zip(numbers, self.generators, strict=True):
            replica.uniform_(generator=generator)
        return units * (numbers >= self.part) / (1.0 - self.part)


def _uniform(n_in: int, n_out: int, generator: torch.Generator) -> Tensor:
    """Weights and, in the last row, biases, uniform within ±1/√n_in as in `torch.nn.Linear`."""
    return (2 * torch.rand(n_in + 1, n_out, generator=generator) - 1) / math.sqrt(n_in)
