"""What stands where a SMILES string should and is none: strange characters, reactions, symbols of other notations.

RDKit reads some of it up to the strange character and keeps silent about the rest.
"""

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


def refuse_strange_characters(text: str) -> None:
    """Refuse what no SMILES string holds: a character that is not ASCII, a control character, half a surrogate pair.

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
