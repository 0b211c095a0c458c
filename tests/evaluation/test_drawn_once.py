"""Figures are laid out and drawn as Matplotlib does it, but only once."""

from io import BytesIO

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from peslab.evaluation.style import png_and_pdf, styled_figure


def crowded():
    """A figure that needs its layout: long labels, two panels, a color bar, a legend outside."""
    with styled_figure(5.0, 3.0) as figure:
        left, right = figure.subplots(1, 2)
        left.set_ylabel("a label\nof two lines")
        left.set_title("a long title that takes room")
        left.plot([1e-9, 2e9], label="a curve")
        image = right.imshow(np.arange(12.0).reshape(3, 4))
        figure.colorbar(image, ax=right, label="a scale")
        figure.legend(loc="outside lower center")
    return figure


def pixels(figure, save):
    file = BytesIO()
    save(figure, file, format="png", metadata={"Software": None})
    return file.getvalue()


def test_pixels_are_matplotlibs():
    """Also where the figure is saved again, with something added."""
    ours, theirs = crowded(), crowded()
    assert pixels(ours, type(ours).savefig) == pixels(theirs, Figure.savefig)
    for figure in (ours, theirs):
        figure.suptitle("more\nroom\nis needed")
    again = pixels(ours, type(ours).savefig)
    assert again == pixels(theirs, Figure.savefig)
    assert again != pixels(crowded(), Figure.savefig)


def test_it_is_drawn_once(monkeypatch):
    """Matplotlib alone draws it a first time that nobody sees."""
    drawn = []
    draw = Figure.draw

    def counted(figure, renderer):
        drawn.append(figure)
        draw(figure, renderer)

    monkeypatch.setattr(Figure, "draw", counted)
    figure = crowded()
    pixels(figure, type(figure).savefig)
    assert len(drawn) == 1
    png_and_pdf(figure)
    assert len(drawn) == 3


@pytest.mark.parametrize("mine", ["figure.autolayout", "figure.constrained_layout.use"])
def test_a_users_own_settings_of_matplotlib_do_no_harm(mine):
    """A matplotlibrc may ask for another layout, which knows no color bars of this one."""
    expected = pixels(crowded(), Figure.savefig)
    with mpl.rc_context({mine: True}):
        figure = crowded()
        assert pixels(figure, type(figure).savefig) == expected
        assert figure.get_layout_engine() is not None


def test_a_figure_that_cannot_be_saved_keeps_its_layout(tmp_path):
    """It may be saved elsewhere."""
    ours, theirs = crowded(), crowded()
    for figure, save in ((ours, type(ours).savefig), (theirs, Figure.savefig)):
        with pytest.raises(OSError, match="nowhere"):
            save(figure, tmp_path / "nowhere" / "a.png")
        assert figure.get_layout_engine() is not None
    assert pixels(ours, type(ours).savefig) == pixels(theirs, Figure.savefig)
