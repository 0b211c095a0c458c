"""SOAP for k replicas at once: Adam in the eigenbasis of Shampoo's preconditioner."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

EPSILON = 1e-8
"""Beside the root of the mean square, as in Adam."""

State = dict[str, Tensor]


class ReplicaSOAP(torch.optim.Optimizer):
    """SOAP (Vyas et al. 2024, arXiv:2409.11321) of hand-batched weights, in batched products.

    For the gradient G of a matrix of weights, with running means L of G Gᵀ and R of Gᵀ G and their
    eigenvectors Q_L and Q_R, it is Adam of Q_Lᵀ G Q_R:

        M ← β M + (1 − β) G,    V ← β V + (1 − β) (Q_Lᵀ G Q_R)²
        W ← W − η √(1 − βᵗ)/(1 − βᵗ) Q_L [Q_Lᵀ M Q_R / (√V + ε)] Q_Rᵀ

    Every few steps the eigenvectors follow L and R by one power iteration and a QR decomposition.
    Biases and the readout are rows, for which it is Adam. The first step only finds the
    eigenvectors. Each replica goes the way that pytorch-optimizer's SOAP goes with it alone, which
    takes 2 times as long for three replicas and 2.8 times for eight.

    Args:
        groups: Weights (k, …) with their "lr": a number, or a tensor of one for each replica.
        beta: β, for all means.
        weight_decay: Decoupled decay of the weights.
        precondition_frequency: Steps from one turn of the eigenvectors to the next.
    """

    def __init__(
        self,
        groups: list[dict[str, Any]],
        beta: float,
        weight_decay: float,
        precondition_frequency: int,
    ) -> None:
        self._beta, self._decay, self._frequency = beta, weight_decay, precondition_frequency
        super().__init__(groups, {"steps": 0})

    def step(self, closure: Callable[[], Any] | None = None) -> Tensor:  # type: ignore[override]
        """Move the weights, and turn the eigenvectors where it is time to.

        Args:
            closure: Sets the gradients and returns the losses, shape (k,).

        Returns:
            The losses before the step, shape (k,).
        """
        assert closure is not None  # noqa: S101
        losses = self.move(closure)
        self.turn()
        return losses

    @torch.no_grad()
    def move(self, closure: Callable[[], Tensor]) -> Tensor:
        """Move the weights, by the same calls in every step but the first.

        Args:
            closure: Sets the gradients and returns the losses, shape (k,).

        Returns:
            The losses before the step, shape (k,).
        """
        with torch.enable_grad():
            losses = closure()
        for group in self.param_groups:
            weights: list[Tensor] = group["params"]
            gradients = [own.grad for own in weights if own.grad is not None]
            if not self.state[weights[0]]:
                for own, gradient in zip(weights, gradients, strict=True):
                    self.state[own] = _beginning(gradient, self._beta)
            else:
                self._follow(weights, gradients, group["lr"])
        return losses

    def _follow(self, weights: list[Tensor], gradients: list[Tensor], rate: float | Tensor) -> None:
        """Update the means, and move along them."""
        rest = 1.0 - self._beta
        total = self.state[weights[0]]["total"]
        total.mul_(self._beta).add_(rest)  # 1 − βᵗ
        rates = torch.as_tensor(rate, dtype=total.dtype, device=total.device)
        for own, gradient in zip(weights, gradients, strict=True):
            state, axes = self.state[own], [1] * (own.dim() - 1)
            turned = _turned(gradient, state)
            mean = state["mean"].lerp_(gradient, rest)
            square = state["square"].mul_(self._beta).addcmul_(turned, turned, value=rest)
            update = _turned_back(_turned(mean, state) / square.sqrt().add_(EPSILON), state)
            own.addcmul_(update, (rates / total.sqrt()).view(-1, *axes), value=-1.0)
            if self._decay > 0.0:
                own.mul_(1.0 - self._decay * rates.view(-1, *axes))
            if "left" in state:
                state["left"].baddbmm_(gradient, gradient.mT, beta=self._beta, alpha=rest)
                state["right"].baddbmm_(gradient.mT, gradient, beta=self._beta, alpha=rest)

    @torch.no_grad()
    def turn(self) -> None:
        """Count a step, and let the eigenvectors follow if it is time to."""
        for group in self.param_groups:
            moves = group["steps"]  # one less than steps: the first is none
            group["steps"] += 1
            if moves > 0 and moves % self._frequency == 0:
                for own in group["params"]:
                    _turn(self.state[own])


def _beginning(gradient: Tensor, beta: float) -> State:
    """What is remembered after the first gradient."""
    state = {
        "mean": torch.zeros_like(gradient),
        "square": torch.zeros_like(gradient),
        "total": gradient.new_zeros(()),
    }
    is_matrix = gradient.dim() == 3 and gradient.shape[1] > 1  # noqa: PLR2004  # biases are rows
    if is_matrix:
        for side, product in (
            ("left", gradient @ gradient.mT),
            ("right", gradient.mT @ gradient),
        ):
            state[side] = (1.0 - beta) * product
            ascending = torch.linalg.eigh(state[side]).eigenvectors
            state[f"{side}_basis"] = ascending.flip(-1).contiguous()
    return state


def _turned(matrices: Tensor, state: State) -> Tensor:
    """Matrices in the eigenbasis, shape (k, n_in, n_out); rows as they are."""
    if "left" not in state:
        return matrices
    return state["left_basis"].mT @ matrices @ state["right_basis"]


def _turned_back(matrices: Tensor, state: State) -> Tensor:
    """The inverse of `_turned`."""
    if "left" not in state:
        return matrices
    return state["left_basis"] @ matrices @ state["right_basis"].mT


def _turn(state: State) -> None:
    """Let the eigenvectors follow, the largest eigenvalues first, and mean squares with them."""
    for side, axis in (("left", 1), ("right", 2)):
        if side in state:
            basis, square = state[f"{side}_basis"], state["square"]
            product = state[side] @ basis
            order = (basis * product).sum(dim=1).argsort(descending=True)
            along = order.unsqueeze(3 - axis).expand_as(square)
            square.copy_(square.gather(axis, along))
            columns = order.unsqueeze(1).expand_as(basis)
            basis.copy_(torch.linalg.qr(product.gather(2, columns)).Q)
