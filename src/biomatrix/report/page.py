"""One self-contained HTML page, built section by section."""

from __future__ import annotations

import html
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from biomatrix.entities.files.writing import write_whole
from biomatrix.report.colours import colour_rules
from biomatrix.report.viewer import START_VIEWERS, has_viewers, viewer_library

_LONG_CELL: Final = 30
"""The characters from which a cell holds a sentence, which is not to be squeezed into a column of one word a line."""


class Page:
    """A page under construction.

    Parameters
    ----------
    title : str
        The title and first heading.
    lead : str
        A paragraph of plain text under it.
    """

    def __init__(self, title: str, lead: str) -> None:
        self.title = title
        self._body = [f"<header><h1>{html.escape(title)}</h1><p class='lead'>{html.escape(lead)}</p></header>"]
        self._contents: list[tuple[str, str]] = []

    def heading(self, text: str) -> None:
        """Start a section, listed in the table of contents."""
        anchor = f"s{len(self._contents) + 1}"
        self._contents.append((anchor, text))
        self._body.append(f'<h2 id="{anchor}">{html.escape(text)}</h2>')

    def subheading(self, text: str) -> None:
        """Start a part of a section."""
        self._body.append(f"<h3>{html.escape(text)}</h3>")

    def paragraph(self, text: str, kind: str = "") -> None:
        """Add a paragraph of plain text; ``kind`` is "", "note" or "warning"."""
        self._body.append(paragraph(text, kind))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], kind: str = "") -> None:
        """Add a table of plain text cells; of kind "wide" no word is broken, and what is too wide is scrolled."""
        head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
        body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        self._body.append(f'<div class="scroll {html.escape(kind)}">{table}</div>')

    def row(self, elements: Sequence[str]) -> None:
        """Add ready HTML elements side by side."""
        self._body.append(f'<div class="row">{"".join(elements)}</div>')

    def element(self, element: str) -> None:
        """Add one ready HTML element, such as a drawing, a viewer or a token stream."""
        self._body.append(element)

    def to_html(self) -> str:
        """Return the whole page; it needs no other file and no network."""
        style = files("biomatrix.report").joinpath("assets/page.css").read_text(encoding="utf-8") + colour_rules()
        contents = "".join(f'<a href="#{anchor}">{html.escape(text)}</a>' for anchor, text in self._contents)
        body = "\n".join([self._body[0], f"<nav>{contents}</nav>", *self._body[1:]])
        return (
            "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
            "<meta name='viewport' content='width=device-width, initial-scale=1'>"
            f"<title>{html.escape(self.title)}</title><style>{style}</style></head>\n"
            f"<body><main>{body}</main>\n{_viewer_scripts() if has_viewers(body) else ''}</body></html>\n"
        )

    def write(self, path: Path) -> None:
        """Write the page to ``path``, whole or not at all."""
        write_whole(path, self.to_html().encode())


def _viewer_scripts() -> str:
    return f"<script>{viewer_library()}</script>\n<script>{START_VIEWERS}</script>\n"


def paragraph(text: str, kind: str = "") -> str:
    """Return plain text as a ``<p>`` element; ``kind`` is "", "note" or "warning"."""
    return f'<p class="{html.escape(kind)}">{html.escape(text)}</p>'


def _cell(content: object) -> str:
    text = str(content)
    mark = ' class="sentence"' if len(text) >= _LONG_CELL else ""
    return f"<td{mark}>{html.escape(text)}</td>"
