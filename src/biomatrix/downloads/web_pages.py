"""Whether what arrived is a page that a server sends in place of a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from biomatrix.errors import ConfigurationError

_PAGE: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_PAGES: Final = (".html", ".htm", ".xhtml")
_HEAD: Final = 4096


def refuse_page(part: Path, name: str) -> None:
    """Raise ConfigurationError where a web page arrived and no page was asked for.

    Servers answer with a page, and no error, where one must sign in, agree to terms or come back later.

    Parameters
    ----------
    part : Path
        What arrived.
    name : str
        The name that it is to have.
    """
    with part.open("rb") as stream:
        head = stream.read(_HEAD)
    if _PAGE.match(head) and not name.lower().endswith(_PAGES):
        raise ConfigurationError(
            "a web page came in place of the file; open its address in a browser, put the file that it gives into a "
            "folder and name that with --from",
            file=name,
        )
