"""How good a prediction is: arrays and callables in, numbers and figures out."""

from peslab.evaluation.database_figures import (
    acceptance_figure,
    energy_by_width,
    energy_distribution,
    percentile_figure,
)
from peslab.evaluation.drag import (
    DragPath,
    DragTest,
    drag_path,
    drag_test,
    straight_path,
    thesis_path,
)
from peslab.evaluation.figures import drag_figure, learning_curves, parity
from peslab.evaluation.lattice_figures import sample_lattices
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
    "acceptance_figure",
    "constant_mae",
    "drag_figure",
    "drag_path",
    "drag_test",
    "energy_by_width",
    "energy_distribution",
    "learning_curves",
    "least_squares_mae",
    "mean_and_sem",
    "parity",
    "percentile_figure",
    "regression_metrics",
    "sample_lattices",
    "skill",
    "straight_path",
    "thesis_path",
]
