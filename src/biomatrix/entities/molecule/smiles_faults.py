"""Why a text is no SMILES string: strange characters, other notations, or what RDKit says of it without echoes."""

from __future__ import annotations

import re
from typing import Final

from biomatrix.errors import ParseError

_STRANGE: Final = re.compile(r"[^\x21-\x7e]")
_DATIVE: Final = re.compile(r"->|<-")
_BRACKETED: Final = re.compile(r"\[[^\]]*\]")
_HEAVY_HYDROGEN: Final = re.compile(r"\[([DT])(?=[\]+:-])")
_ISOTOPES: Final = {"D": "deuterium is written [2H]", "T": "tritium is written [3H]"}
_SHOWN: Final = 80
_NO_SYMBOL: Final = re.compile(r"[aeiu]")
"""Small letters that begin no atom outside brackets and end none of the symbols that stand there (Cl, Br)."""
_PLACE: Final = re.compile(r"check for mistakes around position (\d+):?")
_WHILE: Final = re.compile(r" (?:while parsing: |for input: ).*")
_SYNTAX: Final = "syntax error"


def refuse_strange_characters(text: str) -> None:
    """Refuse what no SMILES string holds: a character that is not ASCII, a control character, half a surrogate pair.

    RDKit reads up to such a character and keeps silent about the rest.

    Raises
    ------
    ParseError
        ``position`` is the index of the character.
    """
    strange = _STRANGE.search(text)
    if strange is not None:
        shown = text[:_SHOWN].encode("utf-8", "backslashreplace").decode()
        character = f"U+{ord(strange.group()):04X}"
        raise ParseError(
            f"the character {character} stands in no SMILES string: {shown!r}; was the text copied from a document?",
            position=strange.start(),
        )


def refuse_other_notations(text: str) -> None:
    """Refuse a reaction, and an isotope of hydrogen written as an element of its own.

    Raises
    ------
    ParseError
        A reaction; ``[D]`` or ``[T]``, where ``position`` is the index of the bracket.
    """
    if ">" in _DATIVE.sub("", _BRACKETED.sub("", text)):
        raise ParseError(
            f"a reaction, which is several molecules: {text[:_SHOWN]!r}; give each molecule a record of its own"
        )
    heavy = _HEAVY_HYDROGEN.search(text)
    if heavy is not None:
        raise ParseError(
            f"{heavy.group()}] is no atom of SMILES: {_ISOTOPES[heavy.group(1)]}: {text[:_SHOWN]!r}",
            position=heavy.start(),
        )


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
