"""How good a prediction is: arrays and callables in, numbers and figures out."""

from peslab.evaluation.counting_figures import Counted, lattices_figure
from peslab.evaluation.database_figures import (
    acceptance_figure,
    energy_by_number,
    energy_by_width,
    energy_distribution,
    percentile_figure,
)
from peslab.evaluation.descriptor_figures import descriptor_figure
from peslab.evaluation.drag import (
    DragPath,
    DragTest,
    drag_path,
    drag_test,
    straight_path,
    thesis_path,
)
from peslab.evaluation.drag_figures import drag_figure, drag_lines_figure
from peslab.evaluation.drag_lines import LineTest, line_test, random_lines
from peslab.evaluation.ensemble import ensemble_figure, ensemble_metrics
from peslab.evaluation.error_figures import error_figure
from peslab.evaluation.figures import learning_curves, parity
from peslab.evaluation.finding import Finding
from peslab.evaluation.forest import Forest, Means, forest_figure, half_widths
from peslab.evaluation.lattice_figures import sample_lattices
from peslab.evaluation.laws import try_laws
from peslab.evaluation.metrics import (
    constant_mae,
    least_absolute_mae,
    least_squares_mae,
    mean_and_sem,
    regression_metrics,
    skill,
)
from peslab.evaluation.particle_energies import sharing, sharing_errors, sharing_figure
from peslab.evaluation.potential_figures import potential_curve, six_tests_figure
from peslab.evaluation.power_law import PowerLaw, power_law
from peslab.evaluation.six_tests import Curve, SixTests, curves, six_tests
from peslab.evaluation.space_figures import SearchedAxis, parallel_figure, slice_figure
from peslab.evaluation.study_figures import (
    Front,
    Shares,
    history_figure,
    importance_figure,
    pareto_figure,
)
from peslab.evaluation.style import literal, png_and_pdf, unit_label
from peslab.evaluation.subject import Interactions, Reach, Subject, shortest_distances
from peslab.evaluation.sweep_figures import SweepCurve, SweepPanel, sweep_figure
from peslab.evaluation.timing import prediction_times

__all__ = [
    "Counted",
    "Curve",
    "DragPath",
    "DragTest",
    "Finding",
    "Forest",
    "Front",
    "Interactions",
    "LineTest",
    "Means",
    "PowerLaw",
    "Reach",
    "SearchedAxis",
    "Shares",
    "SixTests",
    "Subject",
    "SweepCurve",
    "SweepPanel",
    "acceptance_figure",
    "constant_mae",
    "curves",
    "descriptor_figure",
    "drag_figure",
    "drag_lines_figure",
    "drag_path",
    "drag_test",
    "energy_by_number",
    "energy_by_width",
    "energy_distribution",
    "ensemble_figure",
    "ensemble_metrics",
    "error_figure",
    "forest_figure",
    "half_widths",
    "history_figure",
    "importance_figure",
    "lattices_figure",
    "learning_curves",
    "least_absolute_mae",
    "least_squares_mae",
    "line_test",
    "literal",
    "mean_and_sem",
    "parallel_figure",
    "pareto_figure",
    "parity",
    "percentile_figure",
    "png_and_pdf",
    "potential_curve",
    "power_law",
    "prediction_times",
    "random_lines",
    "regression_metrics",
    "sample_lattices",
    "sharing",
    "sharing_errors",
    "sharing_figure",
    "shortest_distances",
    "six_tests",
    "six_tests_figure",
    "skill",
    "slice_figure",
    "straight_path",
    "sweep_figure",
    "thesis_path",
    "try_laws",
    "unit_label",
]
