"""Reading of files and standard input: bytes, as :mod:`opening` unpacks them, and text, as :mod:`text` decodes it."""

from __future__ import annotations

from biomatrix.entities.files.opening import STANDARD_INPUT, label_of, open_bytes, read_bytes
from biomatrix.entities.files.text import Lines, Text, byte_lines, head_of, read_lines, read_text, text_of

__all__ = [
    "STANDARD_INPUT",
    "Lines",
    "Text",
    "byte_lines",
    "head_of",
    "label_of",
    "open_bytes",
    "read_bytes",
    "read_lines",
    "read_text",
    "text_of",
]
