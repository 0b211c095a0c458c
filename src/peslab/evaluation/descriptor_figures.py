"""What a network sees: the values of a descriptor while one particle is dragged."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.typing import LineStyleType
from numpy.typing import NDArray

from peslab.evaluation.drag import DragPath
from peslab.evaluation.lattice_figures import draw_lattice
from peslab.evaluation.style import BLACK, VERMILION, sequence_colors, styled_figure, unit_label

Array = NDArray[np.float64]

PANEL_HEIGHT = 1.55  # in inches, of each kind of feature
LONG_LEGEND = 8  # features, from which on their names stand in two columns
MOST_NAMES = 18  # of a panel; of more features some are named, from the first to the last
PARTED, GRID = 3, 2  # parameters of a feature, by which panels and colors and dashes are chosen
DASHES: tuple[LineStyleType, ...] = (
    "-",
    (0, (4, 1.5)),
    (0, (1, 1.2)),
    (0, (4, 1.5, 1, 1.5)),
    (0, (8, 2)),
)
FEW = 5  # features, which colors alone tell apart
NEIGHBORS = 3  # features side by side whose dashes differ
PLANE = 2
PER_PLACE = 3  # axes of the values of a descriptor per particle


def descriptor_figure(
    path: DragPath, names: Sequence[str], values: Array, length_unit: str = "R_c"
) -> Figure:
    """Draw the dragged particle's way through its cell beside what a descriptor makes of it.

    As in figure 10 of the thesis.

    Args:
        path: The way, in two or three dimensions.
        names: Of the features, F of them; those that end alike, "… of order -2", or else begin with
            the same word, share a panel; many with three parameters, "η=0.1 ζ=1 λ=+1", have one for
            each value of the last, where colors tell the first and dashes the second.
        values: Along the way, shape (n_points, F), or (n_points, N, F) of a descriptor per
            particle, of which those of the dragged one are shown.
        length_unit: Of the positions.

    Returns:
        The figure: the cell on the left, and on the right a panel for each kind of feature; its
        title says whose they are. Names that are those of the panel above are not told again.
        Where particles nearly meet, high peaks are cut off so that the rest can be read.
    """
    shown = values[:, path.particle] if values.ndim == PER_PLACE else values
    panels = _panels(names)
    height = max(3.2, PANEL_HEIGHT * len(panels) + 0.6)
    with styled_figure(9.2, height) as figure:
        grid = figure.add_gridspec(len(panels), 2, width_ratios=(3.0, 5.0))
        _draw_path(figure.add_subplot(grid[:, 0]), path, unit_label(length_unit))
        column = [figure.add_subplot(grid[row, 1]) for row in range(len(panels))]
        explained: list[str] = []
        for axes, (kind, members) in zip(column, panels.items(), strict=True):
            explained = _draw_panel(axes, path.coordinate, kind, members, shown, explained)
            axes.set_xlim(path.coordinate[0], path.coordinate[-1])
            axes.tick_params(labelbottom=axes is column[-1])
            axes.set_ylabel("feature", fontsize=9)
        column[-1].set_xlabel(f"position of the dragged particle ({unit_label(length_unit)})")
        whose = "dragged particle" if values.ndim == PER_PLACE else "whole configuration"
        figure.suptitle(f"Features of the {whose}, before scaling", fontsize=11)
    return figure


def _panels(names: Sequence[str]) -> dict[str, dict[int, str]]:
    """Kinds of features: of each its members' numbers, and the other part of their names."""
    panels: dict[str, dict[int, str]] = {}
    for number, name in enumerate(names):
        if name == "cell width":  # it stands beside the cell, and does not change along the way
            continue
        label, separator, kind = name.rpartition(" of ")
        if not separator:
            kind, _, label = name.partition(" ")
        panels.setdefault(kind, {})[number] = label or kind
    return {
        title: part
        for kind, members in panels.items()
        for title, part in _parted(kind, members).items()
    }


def _parted(kind: str, members: dict[int, str]) -> dict[str, dict[int, str]]:
    """Many features of three parameters in a panel for each value of the last."""
    words = [label.split() for label in members.values()]
    if len(members) <= LONG_LEGEND or not _are_parameters(words, PARTED):
        return {kind: members}
    parts: dict[str, dict[int, str]] = {}
    for number, (*others, last) in zip(members, words, strict=True):
        parts.setdefault(f"{kind}, {last}", {})[number] = " ".join(others)
    return parts


def _are_parameters(words: Sequence[Sequence[str]], n: int) -> bool:
    """Whether all names are n values of parameters, such as η=0.1 ζ=2."""
    return all(len(each) == n and all("=" in word for word in each) for each in words)


def _draw_path(axes: Axes, path: DragPath, unit: str) -> None:
    """The cell at the start, looked at so that the way lies in the plane."""
    sideways = [axis for axis in range(path.positions.shape[2]) if axis != path.axis]
    across = sideways[0]
    seen = [min(across, path.axis), max(across, path.axis), *sideways[1:]]
    width = path.cell_width
    draw_lattice(axes, path.positions[0][:, seen], width, bond_length=0.0)
    start, stop = path.positions[[0, -1], path.particle][:, seen[:PLANE]]
    arrow = {"arrowstyle": "-|>", "color": VERMILION, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=stop, xytext=start, arrowprops=arrow, zorder=4)
    size = 130.0 * min(1.0, 5.0 / width)
    axes.scatter(start[0], start[1], size, VERMILION, edgecolor="white", zorder=5)
    told = f"cell width {width:.3g} {unit}"
    if len(seen) > PLANE:  # a projection: particles behind each other are not side by side
        told += f"\nseen along the {'xyz'[seen[PLANE]]} axis"
    axes.set_title(told, loc="center", fontsize=10)


def _draw_panel(
    axes: Axes,
    along: Array,
    kind: str,
    members: dict[int, str],
    values: Array,
    explained: list[str],
) -> list[str]:
    """The features of one kind, from dark to light, with names beside them if these are new."""
    words = [label.split() for label in members.values()]
    first, second = (
        list(dict.fromkeys(each[k] for each in words if len(each) > k)) for k in (0, 1)
    )
    is_grid = _are_parameters(words, GRID) and len(second) <= len(DASHES)
    if is_grid:
        looks = [(first.index(a), second.index(b)) for a, b in words]
    else:  # neighbors, of nearly one color, have other dashes
        looks = [(k, k % NEIGHBORS * (len(members) > FEW)) for k in range(len(members))]
    colors = sequence_colors(1 + max(color for color, _ in looks))
    lines = [
        axes.plot(
            along, values[:, number], color=colors[color], linestyle=DASHES[dashes], linewidth=1.4
        )[0]
        for number, (color, dashes) in zip(members, looks, strict=True)
    ]
    axes.set_ylim(_readable_limits(values[:, list(members)]))
    if is_grid:
        of_first = {color: line.get_color() for line, (color, _) in zip(lines, looks, strict=True)}
        lines = [Line2D([], [], color=color, linewidth=1.4) for color in of_first.values()]
        lines += [Line2D([], [], color=BLACK, linestyle=each) for each in DASHES[: len(second)]]
    labels = [*first, *second] if is_grid else [*members.values()]
    named = np.linspace(0, len(labels) - 1, min(len(labels), MOST_NAMES)).round().astype(int)
    some = f" ({len(labels)}, some of them named)" if len(named) < len(labels) else ""
    axes.set_title(_minus(kind) + some, fontsize=9.5, pad=3)
    if labels != explained:
        _explain(axes, [lines[k] for k in named], [_minus(labels[k]) for k in named])
    return labels


def _explain(axes: Axes, handles: Sequence[Line2D], labels: Sequence[str]) -> None:
    """Names beside the panel."""
    columns = 2 if len(labels) > LONG_LEGEND else 1
    axes.legend(
        handles, labels, loc="center left", bbox_to_anchor=(1.0, 0.5),
        fontsize=7 if columns > 1 else 8, ncols=columns, handlelength=2.2, labelspacing=0.25,
        columnspacing=0.8,
    )  # fmt: skip


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _readable_limits(values: Array) -> tuple[float, float]:
    """The range of the values (n, k), but for peaks far beyond what nine in ten of a curve span."""
    lows, highs = np.percentile(values, [5, 95], axis=0)
    reach = 1.5 * (highs - lows)
    low = float(np.maximum(values.min(axis=0), lows - reach).min())
    high = float(np.minimum(values.max(axis=0), highs + reach).max())
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin
