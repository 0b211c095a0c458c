"""A table in LaTeX, to be read in by a paper."""

from peslab.pages.document import Table

# Commands of LaTeX itself: a check mark would need amssymb.
LETTERS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
    "−": r"$-$",
    "–": "--",
    "α": r"$\alpha$",
    "µ": r"\textmu{}",
    "✓": r"$\surd$",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
}
"""What stands for letters that LaTeX reads otherwise, or does not have in every font."""


def as_latex(table: Table) -> str:
    r"""Write a table as a `tabular` of the package booktabs, for `\input`.

    Args:
        table: Its texts are escaped; rows that stand out are bold.
    """
    sides = "".join("l" if place < table.n_left else "r" for place in range(len(table.header)))
    lines = [
        "% needs \\usepackage{booktabs}",
        f"\\begin{{tabular}}{{{sides}}}",
        "\\toprule",
        _line(table.header),
        "\\midrule",
        *(_line(row, is_bold=number in table.bold) for number, row in enumerate(table.rows)),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _line(texts: tuple[str, ...], *, is_bold: bool = False) -> str:
    escaped = [_escaped(text) for text in texts]
    shown = [f"\\textbf{{{text}}}" if is_bold and text else text for text in escaped]
    # An empty group: after \\, a cell that begins with a bracket would be read as its option.
    return "{}" + " & ".join(shown) + " \\\\"


def _escaped(text: str) -> str:
    return "".join(LETTERS.get(letter, letter) for letter in " ".join(text.split()))
