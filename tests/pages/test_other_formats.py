"""Tables in LaTeX, pages in Markdown, folders that are whole."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peslab.pages import (
    Code,
    Document,
    Paragraph,
    Picture,
    Row,
    Section,
    Table,
    as_latex,
    as_markdown,
    write_whole,
)
from peslab.pages.latex import LETTERS

PLAIN = st.text(st.sampled_from("ab 1&%$#_{}\\~^<>|±−[]*"), max_size=12).map(
    lambda text: " ".join(text.split())
)


def cells(latex):
    """The texts of a table in LaTeX, as they are printed."""
    printed = {escaped: letter for letter, escaped in LETTERS.items()}
    tokens = re.compile("|".join(map(re.escape, sorted(printed, key=len, reverse=True))))
    lines = [line for line in latex.splitlines() if line.endswith(r"\\")]
    rows = [line.removeprefix("{}").removesuffix(r"\\").split(" & ") for line in lines]
    bare = [[re.sub(r"^\\textbf\{(.*)\}$", r"\1", cell.strip()) for cell in row] for row in rows]
    return [[tokens.sub(lambda each: printed[each[0]], cell) for cell in row] for row in bare]


@given(rows=st.lists(st.tuples(PLAIN, PLAIN), max_size=4))
def test_latex_prints_what_the_table_holds(rows):
    """Every letter comes back, whatever it means to LaTeX."""
    table = Table(("α & β", "50 %"), tuple(rows), frozenset({0}))
    assert cells(as_latex(table)) == [["α & β", "50 %"], *map(list, rows)]


def test_latex_is_a_booktabs_tabular():
    """One column for each of the table's, three rules, bold rows, no bracket after an end."""
    told = as_latex(Table(("key", "n"), (("[-2,-3]", "0.1 ± 0.2"),), frozenset({0}), n_left=1))
    assert r"\begin{tabular}{lr}" in told
    assert [told.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 1, 1]
    assert r"\textbf{0.1 $\pm$ 0.2}" in told
    assert not re.search(r"\\\\\s*\[", told)


def test_latex_needs_no_other_package_than_it_says():
    """Each letter is written with what LaTeX has by itself; a check mark is a root."""
    own = {"textbackslash", "textasciitilde", "textasciicircum", "textless", "textgreater"}
    own |= {"textbar", "pm", "alpha", "textmu", "surd", *"&%$#_{}"}
    used = re.findall(r"\\([A-Za-z]+|.)", " ".join(LETTERS.values()))
    assert set(used) <= own
    assert r"$\surd$" in as_latex(Table(("tied",), (("✓",),), frozenset(), n_left=1))


def test_markdown_names_its_pictures_and_keeps_its_tables():
    """A letter of Markdown in a cell does not end it."""
    page = as_markdown(
        Document(
            "A *page*",
            (
                Section(
                    "Part",
                    (
                        Paragraph("a_b <script>"),
                        Code("peslab rerun ```x```"),
                        Table(("k", "n"), (("a|b", "[1]"),), frozenset({0}), n_left=1),
                        Picture("forest", "trials", b""),
                        Row((Picture("left", "l", b""), Picture("right", "r", b""))),
                    ),
                ),
            ),
        )
    )
    assert page.startswith("# A \\*page\\*\n")
    assert "a\\_b &lt;script>" in page
    assert "````\npeslab rerun ```x```\n````" in page
    assert "| k | n |\n| :-- | --: |\n| **a\\|b** | **\\[1\\]** |" in page
    for name in ("forest", "left", "right"):
        assert f"](figures/{name}.png)" in page


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    """What was there before is gone, and nothing else is left beside it."""
    folder = tmp_path / "report"
    write_whole(folder, {"a.txt": "old", "sub/b.bin": b"\x00"})
    assert contents(folder) == {"a.txt": b"old", "sub/b.bin": b"\x00"}
    write_whole(folder, {"c.txt": "µ"})
    assert contents(folder) == {"c.txt": "µ".encode()}
    assert {path.name for path in tmp_path.iterdir()} <= {"report", ".report.lock"}


def test_a_folder_that_cannot_be_written_is_left_as_it_was(tmp_path):
    """A name that no file can have stops it halfway: the old report stands."""
    folder = tmp_path / "report"
    write_whole(folder, {"a.txt": "old"})
    with pytest.raises(OSError, match="too long"):
        write_whole(folder, {"a.txt": "new", "x" * 300: "never"})
    assert contents(folder) == {"a.txt": b"old"}
    assert {path.name for path in tmp_path.iterdir()} <= {"report", ".report.lock"}


def test_what_a_killed_writer_left_is_swept_away(tmp_path):
    """Nobody else writes while the lock is held, so it is nobody's."""
    (tmp_path / ".report.0123" / "figures").mkdir(parents=True)
    (tmp_path / ".report.0123.old").mkdir()
    write_whole(tmp_path / "report", {"a.txt": "new"})
    assert {path.name for path in tmp_path.iterdir()} <= {"report", ".report.lock"}
