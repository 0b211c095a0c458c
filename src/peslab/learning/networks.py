"""Networks of which several replicas are evaluated in one pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from peslab.errors import InvalidInputError
from peslab.learning.layers import ReplicaLinear, ReplicaReadout

Activation = Literal["softplus", "gelu", "silu", "tanh", "relu"]

_ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "softplus": functional.softplus,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "tanh": torch.tanh,
    "relu": functional.relu,
}

OF_BATCHES = 3  # axes of inputs that have no places: replicas, samples, inputs


@dataclass(frozen=True)
class MultiLayerPerceptron:
    """A plain network of `depth` hidden layers of `width` units each, with one output.

    ```
    depth 0    inputs ─────────────────────────────────▶ energy     the thesis's linear network
    depth 1    inputs ─▶ width, φ ─────────────────────▶ energy
    depth 2    inputs ─▶ width, φ ─▶ width, φ ─────────▶ energy
    ```

    Attributes:
        width: Units of each hidden layer.
        depth: Number of hidden layers.
        widths: Units of each hidden layer in turn; stands in for `width` and `depth` where given.
        activation: The function φ behind each hidden layer. All but relu are smooth, as the energy
            is.
    """

    width: int
    depth: int
    widths: list[int] | None
    activation: Activation

    def __post_init__(self) -> None:
        if self.width < 1 or any(width < 1 for width in self.widths or ()):
            raise InvalidInputError("A hidden layer needs at least 1 unit; raise network.width(s).")
        if self.depth < 0:
            raise InvalidInputError(
                f"network.depth counts hidden layers and cannot be {self.depth}; 0 is the linear "
                "network."
            )
        if self.activation not in get_args(Activation):
            raise InvalidInputError(
                f"The activation {self.activation!r} is not known; choose one of "
                f"{', '.join(get_args(Activation))}."
            )
        if self.widths is not None:
            object.__setattr__(self, "widths", tuple(self.widths))

    @property
    def hidden_widths(self) -> tuple[int, ...]:
        """The units of each hidden layer, from the inputs to the output."""
        return (self.width,) * self.depth if self.widths is None else tuple(self.widths)

    def build(self, n_inputs: int, seeds: Sequence[int]) -> "ReplicaMLP":
        """Initialize one replica for each seed.

        Args:
            n_inputs: Number of inputs.
            seeds: The seed of each replica's initial weights.

        Returns:
            The replicas in one module.
        """
        return ReplicaMLP((n_inputs, *self.hidden_widths, 1), self.activation, seeds)


class ReplicaMLP(nn.Module):
    """k independent networks of one shape, evaluated together by batched matrix products.

    At a batch of 32 this trains 3 replicas 2.8 times and 8 replicas 9 times as fast as one after
    another, since the time goes into calls rather than arithmetic. No replica sees another: each
    has its own weights, and these depend on its own seed only.

    Args:
        sizes: Units of every layer from the inputs to the output, which is 1.
        activation: The function behind each hidden layer.
        seeds: The seed of each replica's initial weights.
    """

    def __init__(self, sizes: Sequence[int], activation: Activation, seeds: Sequence[int]) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.activation = activation
        self.n_replicas = len(seeds)
        *hidden, last = self.sizes[:-1]
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.hidden = nn.ModuleList(
            [ReplicaLinear(n_in, n_out, generators) for n_in, n_out in pairwise([*hidden, last])]
        )
        self.readout = ReplicaReadout(last, generators)

    @property
    def dtype(self) -> torch.dtype:
        """The floating type of the weights."""
        return self.readout.weight.dtype

    @property
    def n_parameters(self) -> int:
        """Weights and biases of one replica."""
        return sum(parameter[0].numel() for parameter in self.parameters())

    def replica(self, index: int) -> "ReplicaMLP":
        """Copy one replica into a network of its own.

        Args:
            index: Its number, from 0.

        Returns:
            The replica, as the only one.
        """
        alone = ReplicaMLP(self.sizes, self.activation, seeds=[0]).to(self.readout.weight)
        state = {name: value[index : index + 1] for name, value in self.state_dict().items()}
        alone.load_state_dict(state)
        return alone

    def forward(self, inputs: Tensor, weights: Tensor | None = None) -> Tensor:
        """Evaluate every replica, and take the mean over places where samples have several.

        Args:
            inputs: Shape (k, batch, n_inputs), or (k, batch, A, n_inputs) of A places in each
                sample; 1 in place of k shows all replicas the same.
            weights: Of the places, shape (k or 1, batch, A), where not all count alike.

        Returns:
            The outputs, shape (k, batch).
        """
        if inputs.dim() == OF_BATCHES:
            return self._outputs(inputs)
        if weights is None:
            return self.at_places(inputs).mean(dim=-1)
        return (self.at_places(inputs) * weights).sum(dim=-1)

    def at_places(self, inputs: Tensor) -> Tensor:
        """Evaluate every replica at each place.

        Args:
            inputs: Shape (k or 1, batch, A, n_inputs).

        Returns:
            The outputs, shape (k, batch, A).
        """
        return self._outputs(inputs.flatten(1, 2)).view(-1, *inputs.shape[1:3])

    def _outputs(self, inputs: Tensor) -> Tensor:
        function = _ACTIVATIONS[self.activation]
        units = inputs.expand(self.n_replicas, -1, -1)
        for layer in self.hidden:
            units = function(layer(units))
        outputs: Tensor = self.readout(units)
        return outputs
