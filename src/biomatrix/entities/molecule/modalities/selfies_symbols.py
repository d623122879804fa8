"""SELFIES symbols: which there are, and a default alphabet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import selfies

from biomatrix.entities.molecule.selfies import read_symbols
from biomatrix.errors import DecodeError

SYMBOL = re.compile(r"\[[^\[\]\s]+\]")
"""One symbol between square brackets."""
DOT = "."
"""Stands between the fragments of a salt or mixture; not a bracketed symbol."""

MAX_SYMBOLS = 10_000
"""The longest SELFIES string read or written, in symbols."""

ELEMENTS = ("B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "As", "Se", "Br", "I", "H")
METALS = ("Li", "Na", "K", "Mg", "Ca", "Zn", "Al", "Fe", "Cu", "Mn", "Co", "Ni", "Pt", "Ag", "Hg", "Sn")


@lru_cache(maxsize=65_536)
def is_symbol(symbol: str) -> bool:
    """Return whether the symbol is one that SELFIES knows."""
    if SYMBOL.fullmatch(symbol) is None:
        return False
    try:
        read_symbols((symbol,))
    except DecodeError:
        return False
    return True


def default_alphabet() -> tuple[str, ...]:
    """Return the symbols worth holding before any corpus is seen, sorted.

    They are the semantically robust alphabet of the selfies package, every branch and ring symbol, the common
    elements with their charges, hydrogens, radicals and stereo marks, and the ions of common salts.
    """
    symbols = set(selfies.get_semantic_robust_alphabet())
    symbols.update(f"[{bond}{kind}{n}]" for bond in ("", "=", "#") for kind in ("Branch", "Ring") for n in (1, 2, 3))
    symbols.update(f"[{left}{right}Ring{n}]" for left in "-/\\" for right in "-/\\" for n in (1, 2))
    symbols.update(f"[{bond}{element}]" for bond in ("", "=") for element in ELEMENTS)
    symbols.update(f"[{bond}{element}]" for bond in "/\\" for element in ("C", "N", "O", "S", "Cl", "F", "Br", "I"))
    symbols.update(f"[{bond}C@{at}H1]" for bond in ("", "/", "\\") for at in ("", "@"))
    symbols.update(f"[{bond}{e}@{at}]" for bond in ("", "/", "\\", "=") for e in ("C", "S", "P") for at in ("", "@"))
    symbols.update(f"[{e}@{at}{h}]" for e in ("N", "Si", "P", "S") for at in ("", "@") for h in ("", "+1", "H1+1"))
    symbols.update(f"[{bond}NH{n}+1]" for bond in ("", "=", "/", "\\") for n in (1, 2, 3))
    symbols.update(f"[{bond}{e}+1]" for bond in ("", "=", "#", "/", "\\") for e in ("N", "S", "O"))
    symbols.update(f"[{bond}{e}-1]" for bond in ("", "=", "/", "\\") for e in ("N", "O", "S", "C", "B"))
    symbols.update(f"[{e}H{n}]" for e in ("B", "C", "N", "O", "S", "P", "Si", "Se") for n in (0, 1, 2))
    symbols.update(f"[{element}-1]" for element in ("F", "Cl", "Br", "I", "Se"))
    symbols.update(f"[{metal}{charge}]" for metal in METALS for charge in ("", "+1", "+2", "+3"))
    symbols.update(("[2H]", "[3H]", "[13C]", "[13CH1]", "[13CH2]", "[13CH3]", "[14C]", "[15N]", "[18F]", "[H+1]"))
    symbols.update(("[OH1-1]", "[NH4+1]", "[OH3+1]", "[OH2]", "[SH1-1]", "[BH4-1]", "[BH3-1]", "[H-1]"))
    symbols.update(("[ClH0]", "[BrH0]", "[IH0]", "[=OH0]", "[=SH0]", "[O-2]", "[S-2]", "[NH1-1]", "[NH2-1]"))
    symbols.update(("[CH1-1]", "[CH2-1]", "[CH2+1]", "[PH1+1]", "[#NH1+1]", "[As-1]", "[As+1]", "[ClH1]"))
    return tuple(sorted(symbol for symbol in symbols if is_symbol(symbol)))


def check_symbols(tokens: Sequence[str]) -> None:
    """Raise DecodeError at the first token that is no SELFIES symbol, or if there are none or too many."""
    if not tokens:
        raise DecodeError("no SELFIES symbols between the control tokens", position=0)
    if len(tokens) > MAX_SYMBOLS:
        raise DecodeError(f"{len(tokens)} SELFIES symbols; at most {MAX_SYMBOLS} are read", position=MAX_SYMBOLS)
    for index, token in enumerate(tokens):
        if token != DOT and not is_symbol(token):
            raise DecodeError(f"not a SELFIES symbol: {token!r}", position=index)
