"""Token streams as HTML, one colour per modality."""

from __future__ import annotations

import html
from collections.abc import Sequence

SHOWN = 160
"""Tokens shown; the rest is counted, because a chain of 500 residues would swamp the page."""


def token_stream(tokens: Sequence[str], modality: str, start: str = "", end: str = "", shown: int = SHOWN) -> str:
    """Return the tokens as a ``<div>`` of coloured ``<span>`` elements.

    Parameters
    ----------
    tokens : sequence of str
        The tokens, without the control pair.
    modality : str
        The modality's name; the page colours the CSS class of that name.
    start, end : str
        The control tokens, shown in bold; none when empty.
    shown : int
        The most tokens to show.
    """
    spans = [f'<b class="control">{html.escape(start)}</b>'] if start else []
    spans += [f"<span>{html.escape(token)}</span>" for token in tokens[:shown]]
    if len(tokens) > shown:
        spans.append(f"<i>... {len(tokens) - shown:,} more</i>")
    if end:
        spans.append(f'<b class="control">{html.escape(end)}</b>')
    return f'<div class="tokens {html.escape(modality)}">{"".join(spans)}</div>'
