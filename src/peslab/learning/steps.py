"""Steps of an optimizer; on a GPU as a recording, which takes the host one call."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from peslab.learning.data import Batch

WARM_UP = 3
"""Steps before one is recorded: libraries are loaded and workspaces made in the first ones."""


class Steps:
    """Steps of an optimizer, whose learning rates follow a schedule.

    Args:
        descent: The optimizer.
        descend: Sets the gradients of the losses of a batch, and returns these, shape (k,).
    """

    def __init__(self, descent: torch.optim.Optimizer, descend: Callable[[Batch], Tensor]) -> None:
        self._descent = descent  # whose groups are others after a checkpoint is loaded
        self._rates: list[float] = [group["lr"] for group in descent.param_groups]
        self._step: Callable[[Callable[[], Tensor]], Tensor] = cast("Any", descent.step)
        self._descend = descend

    @property
    def n_groups(self) -> int:
        """Of weights with a learning rate of their own."""
        return len(self._rates)

    def begin_epoch(self, factors: Sequence[float]) -> None:
        """Change the learning rate of each group of weights by its factor for this epoch."""
        self._of_epoch = [rate * own for rate, own in zip(self._rates, factors, strict=True)]

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
        descent: An optimizer whose steps are the same calls each time.
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
        self._generators = generators
        self._warm_ups = WARM_UP
        self._recordings: dict[torch.Size, Recording] = {}  # by the size of the batch

    def begin_epoch(self, factors: Sequence[float]) -> None:
        """Change the learning rate of each group of weights by its factor for this epoch."""
        super().begin_epoch(factors)
        groups = self._descent.param_groups
        rates = torch.tensor(self._of_epoch, dtype=torch.float32, pin_memory=True)
        self._device_rates = rates.to(groups[0]["params"][0].device, non_blocking=True)
        if not self._recordings:
            self._present = torch.empty_like(self._device_rates)
        for group, present in zip(groups, self._present, strict=True):
            group["lr"] = present

    def take(self, part: Batch, factor: float) -> Tensor:
        """Take a step: the first ones as they are, others by a replay."""
        torch.mul(self._device_rates, factor, out=self._present)
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
