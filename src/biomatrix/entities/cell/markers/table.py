"""Lists of marker genes: those that ship, by tissue, and those of a file."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.cell.genes.resolver import resolve
from biomatrix.entities.near_matches import choices
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError

MARKERS: Final = "markers.parquet"
_HERE: Final = Path(__file__).parent
_MOST_BYTES: Final = 10_000_000
_COLUMNS: Final = ("type", "gene")

Lists = Mapping[str, tuple[str, ...]]
"""The Ensembl ids of each type's markers."""


@cache
def all_markers() -> Lists:
    """Return the markers of every type of the table that ships, by the table's names."""
    from pyarrow.parquet import read_table

    table = read_table(_HERE / MARKERS).to_pydict()
    found: dict[str, list[str]] = {}
    for name, gene in zip(table["type"], table["gene"], strict=True):
        found.setdefault(name, []).append(f"ENSG{gene:011d}")
    return {name: tuple(genes) for name, genes in found.items()}


@cache
def _tissues() -> Mapping[str, Any]:
    return tomllib.loads((_HERE / "tissues.toml").read_text(encoding="utf-8"))


def tissues() -> tuple[str, ...]:
    """Return the names of the tissues that have a choice of types."""
    return tuple(_tissues())


def markers_of(tissue: str) -> Lists:
    """Return the markers of the types of a tissue.

    Raises
    ------
    ConfigurationError
        There is no choice of types for that tissue.

    Examples
    --------
    >>> "Monocytes" in markers_of("blood")
    True
    """
    if tissue not in _tissues():
        raise ConfigurationError(f"no tissue {tissue!r}; {choices(tissue, tissues())}; or give lists (--markers)")
    return {name: all_markers()[name] for name in _tissues()[tissue]["types"]}


def measured_risk(tissue: str) -> tuple[tuple[float, float, float], ...]:
    """Return what was measured on cells of known types: (least probability, share told, share of those wrong)."""
    rows = _tissues().get(tissue, {}).get("measured", [])
    return tuple((float(row[0]), float(row[1]), float(row[2])) for row in rows)


def read_markers(path: str | Path) -> Lists:
    """Return lists of markers from a table with the columns ``type`` and ``gene``, by tabs (``.tsv``) or commas.

    Raises
    ------
    ConfigurationError
        There is no such file.
    ParseError
        It is no such table, or too large.
    """
    source = Path(path)
    if not source.is_file():
        raise ConfigurationError("no such file; give a table with the columns type and gene", file=str(path))
    if source.stat().st_size > _MOST_BYTES:
        raise ParseError(f"larger than {_MOST_BYTES:,} bytes, which is no list of markers", file=str(path))
    try:
        text = source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ParseError("not text in UTF-8; give a table with the columns type and gene", file=str(path)) from None
    rows = list(csv.reader(text.splitlines(), delimiter="\t" if "\t" in text else ","))
    heads = [name.strip().lower() for name in rows[0]] if rows else []
    if not set(_COLUMNS) <= set(heads):
        raise ParseError(f"no columns type and gene in its first line, which has {heads[:5]}", file=str(path))
    kind, gene = heads.index("type"), heads.index("gene")
    pairs = [(row[kind].strip(), row[gene].strip()) for row in rows[1:] if len(row) > max(kind, gene) and row[gene]]
    if not pairs:
        raise ParseError("no pair of type and gene below its first line", file=str(path))
    try:
        # Each name once: a gene that marks two types would be a second column.
        names = sorted({name for _, name in pairs})
        gene_of = dict(zip(names, resolve(names).ensembl_ids.tolist(), strict=True))
    except BioMatrixError as error:
        raise ParseError(error.message, file=str(path)) from error
    lists: dict[str, dict[str, None]] = {}
    for name, symbol in pairs:
        if gene_of[symbol]:
            lists.setdefault(name, {})[gene_of[symbol]] = None
    return {name: tuple(genes) for name, genes in lists.items()}
