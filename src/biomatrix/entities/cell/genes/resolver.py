"""From the names of genes in a file to Ensembl ids: what is certain is matched, what is not is left out and said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.genes.aliases import aliases, folded_aliases, folded_symbols
from biomatrix.entities.cell.genes.match_notes import EXAMPLES, MATCHES, notes_on, refusal
from biomatrix.entities.cell.genes.names import (
    EnsemblId,
    ensembl_id_of,
    in_title_case,
    of_other_species,
    parts_of,
    spreadsheet_date,
    without_genome,
)
from biomatrix.entities.cell.genes.table import gene_table
from biomatrix.errors import ParseError, UnsupportedError

REFUSED_BELOW: Final = 0.10
"""The share of names that must match a human gene."""

_MIXED: Final = 0.1
"""From this share on, names in title case are taken for genes of another species beside human ones."""


@dataclass(frozen=True, eq=False)
class MatchedGenes:
    """What the names of a file's columns stand for.

    Legend: n names.

    Parameters
    ----------
    ensembl_ids : ndarray, shape=(n,), dtype=object
        Without version; "" where a name matches nothing. None occurs twice.
    how : ndarray, shape=(n,), dtype=object
        How each name matched, one of :data:`match_notes.MATCHES`, or why it did not, of ``MISSES``.
    ambiguous : tuple of (str, tuple of str)
        Names that stand for several genes and were left out, with the symbols of those.
    examples : tuple of str
        The first ten names that match nothing.
    notes : tuple of str
        What was found and decided, one sentence each; the share that matched is the first.
    """

    ensembl_ids: NDArray[np.object_]
    how: NDArray[np.object_]
    ambiguous: tuple[tuple[str, tuple[str, ...]], ...] = ()
    examples: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def matched(self) -> NDArray[np.bool_]:
        """Which names have a gene, ``bool [n]``."""
        found: NDArray[np.bool_] = self.ensembl_ids != ""
        return found

    @property
    def share(self) -> float:
        """The share of names that have a gene, from 0 to 1."""
        return float(self.matched.mean())

    @property
    def counts(self) -> dict[str, int]:
        """How many names matched or did not match in which way, the most first."""
        return dict(Counter(self.how.tolist()).most_common())


def resolve(
    names: Sequence[str], ids: Sequence[str] | None = None, *, refused_below: float = REFUSED_BELOW
) -> MatchedGenes:
    """Bring the names of genes, of any age, to Ensembl ids.

    An Ensembl id that is current comes first, then the current symbol, then what ids and symbols once were: an alias
    that is another gene's current symbol stands for that gene, an alias of several genes for none. Of two columns that
    would be one gene, the one whose name says it more surely has it; the other is left out.

    Parameters
    ----------
    names : sequence of str, length n
        Symbols, aliases or Ensembl ids, as the file has them.
    ids : sequence of str, length n, optional
        Ensembl ids that the file gives beside the names; empty where it gives none.
    refused_below : float
        The least share of names that must match.

    Raises
    ------
    UnsupportedError
        The names are those of another species, or fewer match than are asked for; ten examples are named.
    ParseError
        There are no names, or not as many ids.

    Examples
    --------
    >>> resolve(["CD3D", "ENSG00000090382.7", "SEPT10", "XYZ1"]).ensembl_ids.tolist()
    ['ENSG00000167286', 'ENSG00000090382', 'ENSG00000186522', '']
    """
    shown = [str(name).strip() for name in names]
    given = [""] * len(shown) if ids is None else [_text(gene) for gene in ids]
    if not shown:
        raise ParseError("there are no genes; the columns of the matrix need names")
    if len(given) != len(shown):
        raise ParseError(f"{len(given):,} Ensembl ids do not fit {len(shown):,} names of genes")
    title = sum(map(in_title_case, shown)) / len(shown)
    folds = title < _MIXED
    found = [_one(name, gene, folds) for name, gene in zip(shown, given, strict=True)]
    genes = np.array([gene for gene, _, _ in found], dtype=object)
    how = np.array([way for _, way, _ in found], dtype=object)
    second = _second_columns(shown, genes, how)
    how[second], genes[second] = "second column", ""
    missing = [name for name, gene in zip(shown, genes, strict=True) if not gene]
    notes = notes_on(shown, genes, how, folds)
    made = MatchedGenes(
        genes,
        how,
        tuple((name, others) for name, (_, way, others) in zip(shown, found, strict=True) if way == "ambiguous"),
        tuple(missing[:EXAMPLES]),
        notes,
    )
    if made.share < refused_below:
        raise UnsupportedError(refusal(made.share, made.counts, missing, title))
    return made


def _text(gene: object) -> str:
    """Return an Ensembl id as text; what tables put in place of a missing one is none."""
    return gene.strip() if isinstance(gene, str) else ""


Found = tuple[str, str, tuple[str, ...]]
"""The Ensembl id or "", how, and the symbols of the genes that an ambiguous name stands for."""


def _one(name: str, given: str, folds: bool) -> Found:
    """Return what one name stands for, with the id that the file gives beside it or ""."""
    plain = without_genome(name)
    if of_other_species(plain) or of_other_species(given):
        return "", "other species", ()
    beside = ensembl_id_of(without_genome(given)) if given else None
    if beside is not None and (found := _by_id(beside)) is not None:
        moved = _moved_to(plain, found[0])
        return (moved, "retired id", ()) if moved else found
    own = ensembl_id_of(plain)
    if own is not None:
        return _by_id(own) or _by_retired_id(own.gene)
    symbol, inside = parts_of(plain) or (plain, "")
    if inside in gene_table().rows:
        return inside, "id in the name", ()
    gene, how, others = _by_symbol(symbol, folds)
    if gene and (beside is not None or inside):
        return gene, "retired id", others
    if how == "unknown" and beside is not None:
        return _by_retired_id(beside.gene)
    return gene, how, others


def _by_id(found: EnsemblId) -> Found | None:
    """Return a current gene by its id; None where the id is not current."""
    if found.gene not in gene_table().rows:
        return None
    return found.gene, "id on chrY" if found.on_y else "versioned id" if found.versioned else "id", ()


def _moved_to(symbol: str, gene: str) -> str:
    """Return the gene that now has a symbol where the id beside it went to another gene of the same place, else "".

    So MIR142, whose former id is now that of the gene it lies in. Elsewhere on the genome the id is believed.
    """
    table = gene_table()
    rows, row = table.rows_of_symbol.get(symbol), table.rows[gene]
    if rows is None or row in rows:
        return ""
    other = rows[0]
    same = table.chromosome[other] == table.chromosome[row]
    meets = table.start[other] < table.end[row] and table.start[row] < table.end[other]
    return str(table.ensembl_id[other]) if same and meets else ""


def _by_retired_id(gene: str) -> Found:
    symbol = aliases().retired.get(gene)
    return (_gene_of(symbol), "retired id", ()) if symbol is not None else ("", "unknown", ())


def _by_symbol(name: str, folds: bool) -> Found:
    """Return what a symbol of any age stands for."""
    if name in gene_table().rows_of_symbol:
        return _gene_of(name), "symbol", ()
    known = aliases().hgnc
    if (date := spreadsheet_date(name)) is not None and date in known:
        return _approved(known[date], "spreadsheet date")
    if (approved := known.get(name)) is not None:
        return _approved(approved, "alias")
    if (gene := aliases().renamed.get(name)) is not None:
        return gene, "renamed", ()
    if not folds and in_title_case(name):
        return "", "other species", ()
    for table in (folded_symbols(), folded_aliases()):
        if (approved := table.get(name.upper())) is not None:
            return _approved(approved, "case")
    return "", "unknown", ()


def _approved(symbols: tuple[str, ...], how: str) -> Found:
    """Return the gene of an approved symbol where there is only one, and the table has it."""
    if len(symbols) > 1:
        return "", "ambiguous", symbols
    gene = _gene_of(symbols[0])
    return (gene, how, ()) if gene else ("", "unknown", ())


def _gene_of(symbol: str) -> str:
    """Return the Ensembl id that a current symbol stands for, "" where it is none."""
    rows = gene_table().rows_of_symbol.get(symbol)
    return str(gene_table().ensembl_id[rows[0]]) if rows else ""


def _second_columns(names: list[str], genes: NDArray[np.object_], how: NDArray[np.object_]) -> list[int]:
    """Return the columns whose gene a surer column has; the order of the columns decides only between equal names."""
    rank = {way: place for place, way in enumerate(MATCHES)}
    ways: list[str] = how.tolist()
    columns: dict[str, list[int]] = {}
    for column in np.flatnonzero(genes != "").tolist():
        columns.setdefault(genes[column], []).append(column)
    return [
        column
        for rivals in columns.values()
        if len(rivals) > 1
        for column in sorted(rivals, key=lambda at: (rank[ways[at]], names[at], at))[1:]
    ]
