"""Two runs side by side."""

import pytest
from test_html_pages import NASTY, png, read  # noqa: F401  # png is a fixture

from peslab.pages import as_html
from peslab.pages.comparison_page import Compared, comparison_document, metrics_table


def run(name, error, sem=None, figures=None, **more):
    metrics = {"test/energy_mae": error, "seconds/fit": 2.0, "replica_0/test/energy_mae": error}
    metrics |= {"test/energy_mae_sem": sem} if sem is not None else {}
    return Compared(name, f"id-of-{name}", metrics | more, figures or {})


def test_differences_have_the_standard_error_of_independent_runs():
    """√(0.003² + 0.004²); beyond twice that they stand out."""
    table = metrics_table(run("a", 0.1, 0.003), run("b", 0.15, 0.004))
    name, one, two, difference, ratio = table.rows[0]
    assert (name, one, two) == ("test/energy_mae", "0.10000 ± 0.00300", "0.15000 ± 0.00400")
    assert (difference, ratio) == ("0.05000 ± 0.00500", "1.500")
    assert table.bold == {0}
    assert metrics_table(run("a", 0.1, 0.003), run("b", 0.105, 0.004)).bold == set()


def test_only_what_both_measured_is_compared():
    """Means, not replicas; without a standard error nothing stands out."""
    table = metrics_table(run("a", 0.1, skill=0.9), run("b", 0.2, 0.01, other=1.0))
    assert [row[0] for row in table.rows] == ["test/energy_mae", "seconds/fit"]
    assert table.bold == set()
    assert metrics_table(run("a", 0.0), run("b", 0.2)).rows[0][-1] == "–"


def test_the_page_has_the_difference_and_the_figures_of_both(png):  # noqa: F811
    """Of the figures that both have, those that are worth it, side by side."""
    figures = {"parity": png, "drag": png, "inputs": png}
    page = comparison_document(
        run("look/3", 0.1, figures=figures), run("look/7", 0.2, figures={"parity": png}),
        ["network.width: 8 → 64", "seed: 0 → 1"],
    )  # fmt: skip
    reader = read(as_html(page))
    assert reader.seen.count("img") == 2
    text = " ".join(reader.texts)
    for words in (
        "look/3 beside look/7",
        "id-of-look/3",
        "network.width: 8 → 64\nseed: 0 → 1",
        "Parity",
    ):
        assert words in text
    assert "Drag" not in text


@pytest.mark.parametrize("difference", [[], [NASTY]])
def test_configs_are_letters_and_may_be_the_same(difference):
    """A value that looks like a script is shown as one."""
    reader = read(as_html(comparison_document(run(NASTY, 0.1), run("b", 0.1), difference)))
    assert "script" not in reader.seen
    text = "".join(reader.texts)
    assert (NASTY if difference else "They have the same config.") in text
