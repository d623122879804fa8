"""Wildcard atoms in MOL blocks that are written: ``*``, where RDKit writes ``R``, which is an R group to readers."""

from __future__ import annotations

import re
from typing import Final

_BLOCK_END: Final = "\nM  END"
_GROUP: Final = re.compile(r"^((?: *-?\d+\.\d{4}){3} |M  V30 \d+ (?!.* (?:MASS|CHG)=))R(?= )", re.MULTILINE)
"""Not those of V3000 blocks with an isotope or a charge, which as ``*`` RDKit reads as queries."""


def with_stars(text: str) -> str:
    """Return the text of a record, V2000 or V3000, in which the wildcard atoms are written ``*``."""
    block, end, items = text.partition(_BLOCK_END)
    return _GROUP.sub(r"\1*", block) + end + items
