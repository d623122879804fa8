"""The text of a file by the few rules that every format shares, written apart from those of the package."""

from __future__ import annotations

import gzip
import zlib


def unpacked(content: bytes) -> bytes | None:
    """Return the bytes of a file, gzipped or not; None where the gzip data are broken."""
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return None


def text_of(content: bytes) -> str | None:
    """Return the text with line feeds alone; None where the bytes are no text in UTF-8 or marked UTF-16.

    Bytes that are no UTF-8 become U+FFFD, which no name of an atom and no number has.
    """
    raw = unpacked(content)
    if raw is None:
        return None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = raw.decode("utf-16", "replace")
    else:
        text = raw.decode("utf-8-sig", "replace")
    body = text.rstrip("\r\n\x1a")
    text = body + text[len(body) :].replace("\x1a", "")  # Ctrl-Z, with which programs of DOS end a text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    # Files that begin with a mark, joined, have one inside.
    return "\n".join(line.removeprefix("\ufeff") for line in lines)
