"""Cells as sentences of gene symbols, the most expressed first, as Cell2Sentence writes and reads them.

Unlike there, ties stand in a fixed order, so that a cell has one sentence; a word that is no gene is counted and left
out, never replaced; and of a gene that stands twice the first place counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.cell.entity import Cell
from biomatrix.entities.cell.genes.table import gene_table
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class ReadSentence:
    """What a sentence says.

    Parameters
    ----------
    genes : tuple of str
        Ensembl ids in order, each once.
    unknown : tuple of str
        Words that are no gene, in order.
    repeats : int
        Words left out because their gene stood before them.
    """

    genes: tuple[str, ...]
    unknown: tuple[str, ...]
    repeats: int

    @property
    def words(self) -> int:
        """The number of words of the sentence."""
        return len(self.genes) + len(self.unknown) + self.repeats

    def cell(self, name: str = "") -> Cell:
        """Return the cell, its values ranks; what was left out is in its notes. ParseError where no gene is left."""
        if not self.genes:
            told = f", {self.unknown[0][:40]!r} the first of them" if self.unknown else ""
            raise ParseError(f"none of the {self.words:,} words is a gene{told}; give symbols of human genes")
        notes = []
        if self.unknown:
            shown = ", ".join(word[:40] for word in self.unknown[:10])
            notes.append(f"{len(self.unknown):,} of {self.words:,} words are no genes and were left out: {shown}")
        if self.repeats:
            notes.append(f"{self.repeats:,} of {self.words:,} words repeat a gene and were left out")
        values = np.arange(len(self.genes), 0, -1, dtype=np.float32)
        return Cell(np.array(self.genes, dtype=object), values, scale="rank", name=name, notes=tuple(notes))


def cell_sentence(cell: Cell, k: int | None = None) -> str:
    """Return the symbols of a cell's genes, in capitals, by falling value and then by Ensembl id.

    Parameters
    ----------
    cell : Cell
    k : int, optional
        The most genes; all of them where not given.

    Notes
    -----
    A symbol that stands for another gene, or for none, would be read as that: its gene is written by its Ensembl id.
    """
    order = np.lexsort((cell.genes.astype(str), -cell.values))[:k]
    words = _words()
    return " ".join(words.get(gene, gene) for gene in cell.genes[order])


def read_cell_sentence(text: str) -> ReadSentence:
    """Return the genes of a sentence: words between white space or commas, symbols in any case or Ensembl ids."""
    genes: dict[str, None] = {}
    unknown = []
    repeats = 0
    for word in text.replace(",", " ").split():
        gene = gene_of(word)
        if gene is None:
            unknown.append(word)
        elif gene in genes:
            repeats += 1
        else:
            genes[gene] = None
    return ReadSentence(tuple(genes), tuple(unknown), repeats)


def gene_of(word: str) -> str | None:
    """Return the Ensembl id that a symbol, or an Ensembl id with or without version, stands for; None for none."""
    capitals = word.upper()
    if capitals.startswith("ENSG"):
        gene = capitals.partition(".")[0]
        return gene if gene in gene_table().rows else None
    return _genes().get(capitals)


@cache
def _genes() -> Mapping[str, str]:
    """The gene of each symbol in capitals: protein-coding before lncRNA before others, then the lower Ensembl id."""
    table = gene_table()
    rank = {"protein_coding": 0, "lncRNA": 1}
    rows = sorted(
        range(len(table.ensembl_id)), key=lambda row: (rank.get(str(table.biotype[row]), 2), table.ensembl_id[row])
    )
    found: dict[str, str] = {}
    for row in rows:
        found.setdefault(str(table.symbol[row]).upper(), str(table.ensembl_id[row]))
    return found


@cache
def _words() -> Mapping[str, str]:
    """The word of each gene: its symbol in capitals where that is read as this gene."""
    return {gene: symbol for symbol, gene in _genes().items() if not symbol.startswith("ENSG")}
