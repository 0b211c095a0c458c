"""What is read outside a terminal: pages in HTML and Markdown, tables in CSV and LaTeX."""

from peslab.pages.document import Block, Code, Document, Paragraph, Picture, Row, Section, Table
from peslab.pages.folder import write_whole
from peslab.pages.html import as_html
from peslab.pages.latex import as_latex
from peslab.pages.markdown import as_markdown

__all__ = [
    "Block",
    "Code",
    "Document",
    "Paragraph",
    "Picture",
    "Row",
    "Section",
    "Table",
    "as_html",
    "as_latex",
    "as_markdown",
    "write_whole",
]
