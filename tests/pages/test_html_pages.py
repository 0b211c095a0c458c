"""Pages in HTML hold what they are given, and nothing that a browser would fetch or run."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peslab.evaluation.style import png_and_pdf, styled_figure
from peslab.pages import Code, Document, Paragraph, Picture, Row, Section, Table, as_html

VOID = {"meta", "img", "br", "hr", "link", "input"}
NASTY = '<script>alert("1")</script>&amp;</pre></td>\'"><img src=x onerror=alert(1)>'


class Reader(HTMLParser):
    """Reads a page as a browser does: every element closed by its own end, texts by element."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.texts, self.addresses = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.addresses += [value for name, value in attributes if name in {"src", "href"}]
        assert not [name for name, _ in attributes if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def png():
    with styled_figure(2.0, 1.0) as figure:
        figure.subplots().plot([0, 1], [0, 1])
    return png_and_pdf(figure)[0]


def page_of(*blocks, title="A page"):
    return as_html(Document(title, (Section("Part", blocks),)), footer="the end")


def every_block(text, png):
    return (
        Paragraph(text),
        Code(text),
        Table((text, "n"), ((text, "1"), ("b", text)), frozenset({1}), n_left=1),
        Picture("one", text, png),
        Row((Picture("two", text, png), Picture("three", text, png))),
    )


def test_a_page_is_well_formed_and_shows_everything(png):
    """Every block is there once, in its place."""
    reader = read(page_of(*every_block("what it says", png)))
    assert reader.seen.count("img") == 3
    assert reader.seen.count("tr") == 3
    assert "".join(reader.texts).count("what it says") == 2 + 3 + 3
    assert "the end" in reader.texts


def test_no_text_becomes_markup(png):
    """A name or a reason that looks like a script is read as what it is: letters."""
    page = as_html(Document(NASTY, (Section(NASTY, every_block(NASTY, png)),)), NASTY)
    reader = read(page)
    assert "script" not in reader.seen
    assert reader.seen.count("img") == 3
    assert reader.texts.count(NASTY) >= 2 + 2 + 3 + 3 + 1
    assert "<script" not in page.lower()


@given(text=st.text(st.characters(exclude_characters="\r\x00", exclude_categories=["Cs"])))
def test_whatever_is_written_is_read_again(text):
    """Escaping neither loses nor adds a letter."""
    reader = read(page_of(Code(f"({text})")))
    assert f"({text})" in "".join(reader.texts)


def test_a_page_fetches_nothing(png):
    """Its pictures are in it, it links nowhere, and its policy forbids all else."""
    page = page_of(*every_block("see http://example.org/ or file:///etc", png))
    assert all(address.startswith("data:image/png;base64,") for address in read(page).addresses)
    assert not re.search(r"(src|href)\s*=\s*\"?(http|file|//)|url\(|@import", page)
    assert "default-src &#x27;none&#x27;" in page


def test_pictures_have_the_size_of_their_figures(png):
    """A figure of two inches is two hundred pixels wide on the page."""
    assert 'width="200"' in page_of(Picture("one", "", png))


def test_rows_that_stand_out_are_bold_and_texts_begin_at_the_left():
    """As the table says, row by row and column by column."""
    page = page_of(Table(("key", "n"), (("a", "1"), ("b", "2")), frozenset({1}), n_left=1))
    assert '<tr><td class="left">a</td><td>1</td></tr>' in page
    assert '<tr class="bold"><td class="left">b</td><td>2</td></tr>' in page
