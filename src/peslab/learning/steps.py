"""Steps of an optimizer; on a GPU as a recording, which takes the host one call."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from peslab.learning.data import Batch
from peslab.learning.soap import ReplicaSOAP

WARM_UP = 3
"""Steps before one is recorded: libraries are loaded and workspaces made in the first ones."""


class Steps:
    """Steps of an optimizer, whose learning rates follow a schedule.

    Args:
        descent: The optimizer; the learning rate of a group is a number, or a tensor of one for
            each replica.
        descend: Sets the gradients of the losses of a batch, and returns these, shape (k,).
    """

    def __init__(self, descent: torch.optim.Optimizer, descend: Callable[[Batch], Tensor]) -> None:
        self._descent = descent  # whose groups are others after a checkpoint is loaded
        self._rates: list[float | Tensor] = [group["lr"] for group in descent.param_groups]
        self._step: Callable[[Callable[[], Tensor]], Tensor] = cast("Any", descent.step)
        self._descend = descend

    def begin_epoch(self, factors: Sequence[float]) -> None:
        """Change learning rates for an epoch.

        Args:
            factors: One for all, or one for each replica, where they have rates of their own.
        """
        own: Sequence[float | Tensor] = factors
        if len(factors) == 1:
            own = [factors[0]] * len(self._rates)
        elif len(self._rates) == 1:  # of all replicas
            own = [torch.tensor(factors, dtype=torch.float64)]
        self._of_epoch = [rate * factor for rate, factor in zip(self._rates, own, strict=True)]

    def take(self, part: Batch, factor: float) -> Tensor:
        """Take a step.

        Args:
            part: What is descended.
            factor: The schedule's, of all learning rates.

        Returns:
            The losses before the step, shape (k,).
        """
        for group, rate in zip(self._descent.param_groups, self._of_epoch, strict=True):
            group["lr"] = rate * factor
        return self._step(partial(self._descend, part))


class RecordedSteps(Steps):
    """Steps that a GPU takes from a recording of one, a CUDA graph.

    A small network's step is a hundred kernels of some microseconds each: it takes the host longer
    to call them than the GPU to run them. A recording is called once. Learning rates are on the
    device, in 24 bits, so that they can change between one replay and the next.

    Args:
        descent: An optimizer whose steps are the same calls each time, but for SOAP's turns.
        descend: Sets the gradients of the losses of a batch, and returns these, shape (k,).
        generators: What random numbers are drawn from in a step.
    """

    def __init__(
        self,
        descent: torch.optim.Optimizer,
        descend: Callable[[Batch], Tensor],
        generators: Callable[[], list[torch.Generator]],
    ) -> None:
        super().__init__(descent, descend)
        self._turn = None
        if isinstance(descent, ReplicaSOAP):
            self._step, self._turn = descent.move, descent.turn
        self._generators = generators
        self._warm_ups = WARM_UP
        self._recordings: dict[torch.Size, Recording] = {}  # by the size of the batch

    def begin_epoch(self, factors: Sequence[float]) -> None:
        """Change learning rates for an epoch, on the device."""
        super().begin_epoch(factors)
        groups = self._descent.param_groups
        rates = [torch.as_tensor(rate, dtype=torch.float32) for rate in self._of_epoch]
        pinned = torch.cat([rate.view(-1) for rate in rates]).pin_memory()  # the host goes on
        self._device_rates = pinned.to(groups[0]["params"][0].device, non_blocking=True)
        if not self._recordings:
            self._present = torch.empty_like(self._device_rates)
        pieces = torch.split(self._present, [rate.numel() for rate in rates])
        for group, rate, piece in zip(groups, rates, pieces, strict=True):
            group["lr"] = piece.view(rate.shape)

    def take(self, part: Batch, factor: float) -> Tensor:
        """Take a step: the first ones as they are, others by a replay."""
        torch.mul(self._device_rates, factor, out=self._present)
        losses = self._move(part)
        if self._turn is not None:
            self._turn()
        return losses

    def _move(self, part: Batch) -> Tensor:
        if self._warm_ups > 0:
            self._warm_ups -= 1
            return self._warm_up(part)
        size = part.targets.shape
        if size not in self._recordings:  # the last batch of an epoch is smaller
            self._recordings[size] = self._record(part)
        return self._recordings[size].replay(part)

    def _warm_up(self, part: Batch) -> Tensor:
        """Take a step beside the default stream, as recordings are made."""
        beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            losses = self._step(partial(self._descend, part))
        torch.cuda.current_stream().wait_stream(beside)
        return losses

    def _record(self, part: Batch) -> "Recording":
        """Record a step, which is not taken by that."""
        place = Batch(*(None if values is None else values.clone() for values in part))  # type: ignore[arg-type]
        graph = torch.cuda.CUDAGraph()
        for generator in self._generators():
            graph.register_generator_state(generator)
        with torch.cuda.graph(graph):
            losses = self._step(partial(self._descend, place))
        return Recording(graph, place, losses)


class Recording(NamedTuple):
    """A step that was recorded.

    Attributes:
        graph: Its kernels.
        place: Where they read a batch.
        losses: Where they write the losses, shape (k,).
    """

    graph: torch.cuda.CUDAGraph
    place: Batch
    losses: Tensor

    @torch.no_grad()
    def replay(self, part: Batch) -> Tensor:
        """Take the step with another batch; the losses are those until the next replay."""
        for place, values in zip(self.place, part, strict=True):
            if place is not None and values is not None:
                place.copy_(values)
        self.graph.replay()
        return self.losses
