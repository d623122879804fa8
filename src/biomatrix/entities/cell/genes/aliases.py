"""Names that genes once had, and those beside their symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from biomatrix.entities.cell.genes.table import ALIASES, gene_table, read_table, texts

_HGNC: Final = "hgnc"


@dataclass(frozen=True)
class Aliases:
    """What names other than current symbols stand for.

    Parameters
    ----------
    hgnc : mapping of str to tuple of str
        Aliases and former symbols, each with the approved symbols it stands for: one, or several where it is
        ambiguous. An approved symbol may be missing from the table of genes.
    renamed : mapping of str to str
        Symbols that have changed since the aliases were collected, each with its Ensembl id.
    retired : mapping of str to str
        Retired Ensembl ids, each with the symbol it had.
    """

    hgnc: Mapping[str, tuple[str, ...]]
    renamed: Mapping[str, str]
    retired: Mapping[str, str]


@cache
def aliases() -> Aliases:
    """Return the aliases that ship with the package; read at the first call."""
    table = read_table(ALIASES)
    hgnc: dict[str, list[str]] = {}
    renamed: dict[str, str] = {}
    retired: dict[str, str] = {}
    for name, target, source in zip(*(texts(table, column) for column in ("name", "target", "source")), strict=True):
        if source == _HGNC:
            hgnc.setdefault(name, []).append(target)
        elif name.startswith("ENSG"):
            retired[name] = target
        else:
            renamed[name] = target
    return Aliases(
        MappingProxyType({name: tuple(found) for name, found in hgnc.items()}),
        MappingProxyType(renamed),
        MappingProxyType(retired),
    )


@cache
def folded_aliases() -> Mapping[str, tuple[str, ...]]:
    """Return the approved symbols of each alias in capitals, those of all its spellings together."""
    return _folded(aliases().hgnc)


@cache
def folded_symbols() -> Mapping[str, tuple[str, ...]]:
    """Return the current symbols of each symbol in capitals: several where only case tells them apart."""
    return _folded({symbol: (symbol,) for symbol in gene_table().rows_of_symbol})


def _folded(names: Mapping[str, Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for name, targets in names.items():
        found.setdefault(name.upper(), set()).update(targets)
    return MappingProxyType({name: tuple(sorted(targets)) for name, targets in found.items()})
