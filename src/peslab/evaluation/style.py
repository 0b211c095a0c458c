"""How all figures look; nothing outside a figure is changed by it."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's colors, told apart by color-blind readers too.
BLACK, BLUE, VERMILION, GREY = "#000000", "#0072B2", "#D55E00", "#999999"
GREEN, PURPLE, ORANGE, SKY = "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
KINDS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
"""Of things without an order."""


class DrawnOnce(Figure):
    """A figure that is drawn once where it is saved.

    Matplotlib draws a figure that is to be laid out a first time for its layout alone, which takes
    an eighth of the time and changes no pixel.
    """

    def savefig(self, fname: Any, **options: Any) -> None:  # noqa: ANN401  # as Matplotlib's
        """Lay the figure out and save it."""
        engine = self.get_layout_engine()
        if engine is not None:
            engine.execute(self)
        try:
            # Settings of a user's own would stand in for a layout that is not there.
            with mpl.rc_context():
                mpl.rcParams["figure.autolayout"] = False
                mpl.rcParams["figure.constrained_layout.use"] = False
                self.set_layout_engine(None)
                super().savefig(fname, **options)
        finally:
            self.set_layout_engine(engine)


@contextmanager
def styled_figure(width: float, height: float) -> Iterator[Figure]:
    """Make a figure in peslab's style.

    Args:
        width: In inches.
        height: In inches.

    Yields:
        The figure, to be drawn on inside the context; it can be saved outside.
    """
    style = mpl.rc_context(
        {
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.8,
            "axes.labelsize": 10,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "figure.dpi": 150,
            "savefig.dpi": 150,
            "font.size": 9.5,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "mathtext.fontset": "dejavusans",
        }
    )
    with style:
        figure = DrawnOnce(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure


def sequence_colors(n: int) -> list[object]:
    """Colors of n curves in their order; bright yellow is too pale for a line."""
    return [BLUE] if n == 1 else list(mpl.colormaps["viridis"](np.linspace(0.0, 0.88, n)))


def png_and_pdf(figure: Figure) -> tuple[bytes, bytes]:
    """A figure as pixels, and as a drawing whose letters are text; equal figures, equal bytes.

    Args:
        figure: Made by `styled_figure`.
    """
    pixels, drawing = BytesIO(), BytesIO()
    with warnings.catch_warnings(), mpl.rc_context({"pdf.fonttype": 42, "savefig.dpi": 150}):
        # Names that users choose may hold letters that the font does not have.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(pixels, format="png", metadata={"Software": None})
        figure.set_layout_engine("none")  # found once, it serves both: half of the time
        figure.savefig(drawing, format="pdf", metadata={"CreationDate": None})
    return pixels.getvalue(), drawing.getvalue()


def literal(text: str) -> str:
    """A text that somebody else wrote, in which a dollar is a dollar and begins no formula."""
    return text.replace("$", r"\$")


def gradient_unit(energy: str, length: str) -> str:
    """The unit of slopes of energies, such as "E_c/R_c", or "E_c/(R_c/2)"."""
    return f"{energy}/({length})" if "/" in length else f"{energy}/{length}"


def unit_label(unit: str) -> str:
    """A unit as it is printed: E_c and R_c as symbols with an index, eV and Å upright.

    Args:
        unit: Such as "E_c/R_c" or "kcal/mol".

    Returns:
        With the symbols in mathtext.
    """
    return re.sub(r"(?<!\w)[^\W\d_]_[^\W_](/[^\W\d_]_[^\W_])*(?!\w)", r"$\g<0>$", unit)
