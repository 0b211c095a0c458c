"""How good a prediction is: arrays and callables in, numbers and figures out."""

from peslab.evaluation.drag import (
    DragPath,
    DragTest,
    drag_path,
    drag_test,
    straight_path,
    thesis_path,
)
from peslab.evaluation.figures import drag_figure, learning_curves, parity
from peslab.evaluation.metrics import (
    constant_mae,
    least_squares_mae,
    mean_and_sem,
    regression_metrics,
    skill,
)

__all__ = [
    "DragPath",
    "DragTest",
    "constant_mae",
    "drag_figure",
    "drag_path",
    "drag_test",
    "learning_curves",
    "least_squares_mae",
    "mean_and_sem",
    "parity",
    "regression_metrics",
    "skill",
    "straight_path",
    "thesis_path",
]
