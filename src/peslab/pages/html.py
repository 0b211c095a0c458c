"""A page as one HTML file that needs no other: no script, no network, pictures inside."""

from base64 import b64encode
from html import escape

from peslab.pages.document import Block, Code, Document, Paragraph, Picture, Section, Table

STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fff; --faint: #6b6b6b;
  --line: #d8d8d8; --shade: #f4f4f2; --accent: #0072b2 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e4e4; --paper: #161719; --faint: #9a9a9a;
  --line: #3a3b3e; --shade: #202225; --accent: #56b4e9 } }
body { margin: 0 auto; padding: 2rem 1.25rem 5rem; max-width: 68rem; color: var(--ink);
  background: var(--paper); font: 16px/1.5 system-ui, sans-serif }
h1 { margin: 0 0 .25rem; font-size: 1.9rem; line-height: 1.2 }
h2 { margin: 2.5rem 0 .75rem; padding-bottom: .25rem; font-size: 1.2rem;
  border-bottom: 1px solid var(--line) }
p { max-width: 46rem; margin: .6rem 0 }
pre { padding: .75rem 1rem; background: var(--shade); border-left: 3px solid var(--accent);
  white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.5 ui-monospace, monospace }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .5rem; text-align: right; white-space: nowrap }
th { font-weight: 600; white-space: normal; vertical-align: bottom;
  border-bottom: 1px solid var(--ink) }
td { border-bottom: 1px solid var(--line) }
.left { text-align: left; white-space: normal; overflow-wrap: anywhere }
.bold td { font-weight: 700 }
figure { margin: 1rem 0 }
figure img { display: block; max-width: 100%; height: auto; background: #fff; border-radius: 4px }
figcaption { margin-top: .4rem; max-width: 46rem; color: var(--faint); font-size: .85rem }
.row { display: flex; flex-wrap: wrap; gap: 1rem }
.row figure { flex: 1 1 20rem; margin: .5rem 0 }
footer { margin-top: 4rem; color: var(--faint); font-size: .8rem }
@media print { body { max-width: none } h2 { break-after: avoid } figure { break-inside: avoid } }
"""

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a browser may load for the page: nothing, whatever stands in it."""

DOTS_PER_PIXEL = 1.5  # of figures at 150 dots per inch, on screens of 100


def as_html(document: Document, footer: str = "") -> str:
    """Write a page in HTML.

    Args:
        document: The page; its texts are escaped.
        footer: A line at its end.
    """
    sections = "\n".join(_section(section) for section in document.sections)
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(document.title)}</h1>\n{sections}\n<footer>{escape(footer)}</footer>\n"
        "</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    blocks = "\n".join(_block(block) for block in section.blocks)
    return f"<section>\n<h2>{escape(section.title)}</h2>\n{blocks}\n</section>"


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return f"<p>{escape(block.text)}</p>"
    if isinstance(block, Code):
        return f"<pre>{escape(block.text)}</pre>"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Picture):
        return _picture(block)
    return '<div class="row">\n' + "\n".join(map(_picture, block.pictures)) + "\n</div>"


def _picture(picture: Picture) -> str:
    width = int.from_bytes(picture.png[16:20])  # where every PNG tells it
    caption = escape(picture.caption)
    return (
        f'<figure><img alt="{caption}" width="{width / DOTS_PER_PIXEL:.0f}" '
        f'src="data:image/png;base64,{b64encode(picture.png).decode()}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _table(table: Table) -> str:
    def cells(kind: str, texts: tuple[str, ...]) -> str:
        sides = [' class="left"' if place < table.n_left else "" for place in range(len(texts))]
        return "".join(
            f"<{kind}{side}>{escape(text)}</{kind}>"
            for side, text in zip(sides, texts, strict=True)
        )

    shown = ' class="bold"'
    rows = "\n".join(
        f"<tr{shown if number in table.bold else ''}>{cells('td', row)}</tr>"
        for number, row in enumerate(table.rows)
    )
    return (
        f'<div class="wide"><table>\n<thead><tr>{cells("th", table.header)}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table></div>"
    )
