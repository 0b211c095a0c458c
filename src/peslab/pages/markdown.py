"""A page in Markdown, with its pictures in files beside it."""

import re

from peslab.pages.document import Block, Code, Document, Paragraph, Picture, Table

SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
"""Letters that mean something within a line, in one Markdown or another."""


def as_markdown(document: Document, footer: str = "") -> str:
    """Write a page in Markdown.

    Args:
        document: The page; its texts are escaped.
        footer: A line at its end.

    Returns:
        The text, which names each picture as `figures/<name>.png`.
    """
    parts = [f"# {_escaped(document.title)}"]
    for section in document.sections:
        parts.append(f"## {_escaped(section.title)}")
        parts.extend(_block(block) for block in section.blocks)
    return "\n\n".join([*parts, *([_escaped(footer)] if footer else [])]) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return _escaped(block.text)
    if isinstance(block, Code):
        longest = max(map(len, re.findall("`+", block.text)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"{fence}\n{block.text}\n{fence}"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Picture):
        return _picture(block)
    return "\n\n".join(map(_picture, block.pictures))


def _picture(picture: Picture) -> str:
    caption = _escaped(picture.caption)
    return f"![{caption}](figures/{picture.name}.png)\n\n{caption}"


def _table(table: Table) -> str:
    sides = [":--" if place < table.n_left else "--:" for place in range(len(table.header))]
    lines = [table.header, tuple(sides)]
    rows = [tuple(map(_escaped, row)) for row in table.rows]
    lines += [
        tuple(f"**{text}**" if text and number in table.bold else text for text in row)
        for number, row in enumerate(rows)
    ]
    lines[0] = tuple(map(_escaped, table.header))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(text: str) -> str:
    """A text on one line, none of whose letters makes markup."""
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return SPECIAL.sub(r"\\\1", line)
