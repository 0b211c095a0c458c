"""A page as what stands on it, before it is written in any format. All texts are plain."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Paragraph:
    """Some sentences."""

    text: str


@dataclass(frozen=True)
class Code:
    """Lines to be copied as they are."""

    text: str


@dataclass(frozen=True)
class Table:
    """Texts in rows.

    Attributes:
        header: Of the columns.
        rows: Each as long as the header.
        bold: The numbers of the rows that stand out.
        n_left: Columns, the first ones, whose texts begin at the left; numbers end at the right.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bold: frozenset[int] = frozenset()
    n_left: int = 0


@dataclass(frozen=True)
class Picture:
    """A figure.

    Attributes:
        name: Of its files.
        caption: What it shows, for those too who cannot see it.
        png: Its pixels.
        pdf: The same as a drawing, if there is one.
    """

    name: str
    caption: str
    png: bytes
    pdf: bytes | None = None


@dataclass(frozen=True)
class Row:
    """Pictures side by side."""

    pictures: tuple[Picture, ...]


Block = Paragraph | Code | Table | Picture | Row


@dataclass(frozen=True)
class Section:
    """A part of a page."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A page."""

    title: str
    sections: tuple[Section, ...]

    def pictures(self) -> Iterator[Picture]:
        """All that stand on the page."""
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Picture):
                    yield block
                elif isinstance(block, Row):
                    yield from block.pictures
