"""Why a text is no SMILES string, in few words: what RDKit says of it without echoes, or what it is instead."""

from __future__ import annotations

import re
from typing import Final

_BRACKETED: Final = re.compile(r"\[[^\]]*\]")
_NO_SYMBOL: Final = re.compile(r"[aeiu]")
"""Small letters that begin no atom outside brackets and end none of the symbols that stand there (Cl, Br)."""
_REACTION: Final = re.compile(r"[^>]*>[^>]*>[^>]*")
_PLACE: Final = re.compile(r"check for mistakes around position (\d+):?")
_WHILE: Final = re.compile(r" (?:while parsing: |for input: ).*")
_SYNTAX: Final = "syntax error"


def smiles_fault(text: str, reason: str) -> str:
    """Return why a text is no SMILES string, given what RDKit said of it.

    Examples
    --------
    >>> smiles_fault("C1CC", "unclosed ring for input: 'C1CC'")
    'unclosed ring'
    >>> smiles_fault("aspirin", "syntax error while parsing: aspirin; check for mistakes around position 1:; aspirin")
    'it is a name or a word; give the SMILES string of the molecule'
    """
    bare = _BRACKETED.sub("", text)
    if _REACTION.fullmatch(bare):
        return "it is a reaction; give each molecule by itself"
    if _NO_SYMBOL.search(bare) and text.replace("-", "").replace("_", "").isalnum():
        return "it is a name or a word; give the SMILES string of the molecule"
    place = _PLACE.search(reason)
    parts = (_WHILE.sub("", part).strip() for part in _PLACE.sub("", reason).split(";"))
    first = next((part for part in parts if part and not _echoes(part, text)), "")  # what follows says it again
    where = f" at character {place.group(1)}" if place else ""
    return f"{first or _SYNTAX}{where}" if first or where else "no atoms"


def _echoes(part: str, text: str) -> bool:
    """Return whether a part of RDKit's words is the text again, whole or cut."""
    return part.startswith("Failed parsing") or (" " not in part and part.strip(".") in text)
