"""Units as they are printed: symbols with an index in italics, names upright."""

import pytest

from peslab.evaluation.style import styled_figure, unit_label


@pytest.mark.parametrize(
    ("unit", "printed"),
    [
        ("E_c", "$E_c$"),
        ("E_c/R_c", "$E_c/R_c$"),
        ("E_c/27.2", "$E_c$/27.2"),
        ("E_c/(R_c/2.5)", "$E_c$/($R_c$/2.5)"),
        ("eV", "eV"),
        ("eV/Å", "eV/Å"),
        ("kcal/mol", "kcal/mol"),
        ("cm^-1", "cm^-1"),
        ("E_", "E_"),
        ("meV_x", "meV_x"),
        ("E_cut", "E_cut"),
    ],
)
def test_a_unit_is_printed_as_physicists_write_it(unit, printed):
    """And whatever it is, a figure can be drawn with it."""
    assert unit_label(unit) == printed
    with styled_figure(2.0, 2.0) as figure:
        figure.subplots().set_xlabel(unit_label(unit))
        figure.canvas.draw()
