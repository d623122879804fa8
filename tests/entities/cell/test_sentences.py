"""Cells as sentences of symbols: read and written, with what is no gene counted and never replaced."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix import Cell
from biomatrix.entities import parse_entity
from biomatrix.entities.cell.kind import CELL
from biomatrix.entities.cell.sentences import cell_sentence, read_cell_sentence
from biomatrix.errors import ParseError

CD3D, CD79A, ACTB = "ENSG00000167286", "ENSG00000105369", "ENSG00000075624"


@pytest.fixture(autouse=True)
def _table(shared: object) -> None:
    """The table of genes is at hand."""


def test_sentences_there_and_back() -> None:
    cell = Cell(np.array([CD3D, ACTB, CD79A], dtype=object), np.array([3, 9, 3], dtype=np.float32))
    assert cell_sentence(cell) == "ACTB CD79A CD3D"  # a tie stands by Ensembl id
    assert cell_sentence(cell, 1) == "ACTB"
    back = read_cell_sentence(cell_sentence(cell)).cell("x")
    assert (back.genes.tolist(), back.scale, back.name, back.notes) == ([ACTB, CD79A, CD3D], "rank", "x", ())
    assert cell_sentence(back) == cell_sentence(cell)


def test_every_gene_is_read_as_itself() -> None:
    from biomatrix.entities.cell.modalities.gene_tokens import gene_tokens

    genes = gene_tokens().ids
    cell = Cell(genes, np.arange(len(genes), 0, -1, dtype=np.float32))
    read = read_cell_sentence(cell_sentence(cell))
    assert read.genes == tuple(genes)
    assert (read.unknown, read.repeats) == ((), 0)


def test_what_is_no_gene_is_counted() -> None:
    read = read_cell_sentence("actb the CD3D, CD3D ENSG00000105369.12 ENSG00000999999 cells")
    assert read.genes == (ACTB, CD3D, CD79A)
    assert read.unknown == ("the", "ENSG00000999999", "cells")
    assert (read.repeats, read.words) == (1, 7)
    assert read.cell().notes == (
        "3 of 7 words are no genes and were left out: the, ENSG00000999999, cells",
        "1 of 7 words repeat a gene and were left out",
    )
    with pytest.raises(ParseError, match="none of the 2 words is a gene, 'no' the first of them"):
        parse_entity("no genes", CELL)


def test_a_kind_types_and_tells_cells() -> None:
    cell = parse_entity("ACTB CD3D", CELL)
    assert CELL.text(cell) == "ACTB CD3D"  # type: ignore[arg-type]
