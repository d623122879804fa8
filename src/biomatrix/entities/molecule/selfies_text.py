"""SELFIES strings, by way of SMILES."""

from __future__ import annotations

import re
from typing import Final

from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.molecule.selfies import read_symbols
from biomatrix.errors import DecodeError, ParseError

_SYMBOL: Final[re.Pattern[str]] = re.compile(r"\[[^\[\]\s.]*\]|\.")
_SHOWN: Final[int] = 80
_CHARACTERS_PER_SYMBOL: Final[int] = 20


def split_symbols(text: str) -> list[str]:
    """Return the symbols of a SELFIES string, ``.`` between fragments included.

    Raises
    ------
    ParseError
        Text outside brackets; ``position`` is the index of the character.

    Examples
    --------
    >>> split_symbols("[C][=C].[O]")
    ['[C]', '[=C]', '.', '[O]']
    """
    symbols = []
    place = 0
    while place < len(text):
        match = _SYMBOL.match(text, place)
        if match is None:
            raise ParseError(f"not a SELFIES string: {text[place : place + _SHOWN]!r} is no symbol", position=place)
        symbols.append(match.group())
        place = match.end()
    return symbols


def smiles_of(text: str, limits: Limits = DEFAULT_LIMITS) -> str:
    """Return the SMILES a SELFIES string stands for.

    Raises
    ------
    ParseError
        A symbol SELFIES does not define, with its index from 0 as ``position``, or nothing left to decode.
    LimitError
        More symbols than ``limits.atoms_per_molecule``.
    """
    text = text.strip()
    # Symbols may be counted as atoms: branches and rings make the count an upper bound.
    limits.check("atoms_per_molecule", text.count("["), "number of SELFIES symbols")
    limits.check("atoms_per_molecule", len(text) // _CHARACTERS_PER_SYMBOL, "length of the SELFIES in symbols")
    symbols = split_symbols(text)
    try:
        smiles = read_symbols(symbols).smiles
    except DecodeError as error:
        unknown = symbols[int(error.position or 0)]
        raise ParseError(f"SELFIES does not define {unknown[:_SHOWN]!r}", position=error.position) from error
    if not smiles:
        raise ParseError("the SELFIES string decodes to nothing")
    return smiles
