"""What every descriptor offers to the rest of the way."""

from typing import Any, Protocol, runtime_checkable

from peslab.kernels.arrays import FloatArray


@runtime_checkable
class Descriptor(Protocol):
    """Features from a problem's raw inputs: for lattices (positions, cell_width).

    Both methods take `n_threads`, of which None means all usable cores.
    """

    def __call__(self, *inputs: Any, **options: Any) -> FloatArray:  # noqa: ANN401  # the problem's
        """The features, shape (n, F)."""

    def with_jacobian(self, *inputs: Any, **options: Any) -> tuple[FloatArray, FloatArray]:  # noqa: ANN401
        """The features (n, F) and their derivatives by the first input, (n, F, …)."""
