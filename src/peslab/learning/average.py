"""Weights averaged over the last steps: less noise than any of them has."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class AveragedWeights:
    """An exponential average of weights over steps, debiased as in Adam.

    In step t it is Σ_s (1 − β) βᵗ⁻ˢ w_s / (1 − βᵗ): without the divisor the start would pull it to
    zero for long.

    Args:
        parameters: The weights, on the device where they are trained.
        decay: β, how much of the average a step keeps.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], decay: float) -> None:
        self._parameters: list[Tensor] = list(parameters)
        self._decay = decay
        self._sums = [torch.zeros_like(weights) for weights in parameters]
        self._steps = 0

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights of one more step."""
        torch._foreach_lerp_(self._sums, self._parameters, 1.0 - self._decay)
        self._steps += 1

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the average in place of the weights, and the weights back at the end."""
        with torch.no_grad():
            weights = [parameter.clone() for parameter in self._parameters]
            for parameter, total in zip(self._parameters, self._sums, strict=True):
                parameter.copy_(total / (1.0 - self._decay**self._steps))
            try:
                yield
            finally:
                for parameter, own in zip(self._parameters, weights, strict=True):
                    parameter.copy_(own)

    def state(self) -> dict[str, Any]:
        """Tell what a checkpoint has to keep."""
        return {"sums": self._sums, "steps": self._steps}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self._steps = state["steps"]
        for total, saved in zip(self._sums, state["sums"], strict=True):
            total.copy_(saved)
