"""Which genes have a token, in which order, and what scales each of them.

Legend: G genes with a token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.genes.table import gene_table, geneformer_v1
from biomatrix.errors import ConfigurationError

_APART: Final = 1e-10
"""By how much the scales of two neighbouring genes without a median differ, as a share."""


@dataclass(frozen=True, eq=False)
class GeneTokens:
    """Genes in their fixed order, that of their Ensembl ids; a gene's place in it is its code.

    Parameters
    ----------
    ids : ndarray, shape=(G,), dtype=object
        Ensembl ids without version, ascending.
    inverse_medians : ndarray, shape=(G,), dtype=float64
        What a gene's counts per 10,000 are multiplied by: one over its non-zero median over Geneformer V1's corpus.
        Genes that it does not know share the median of all medians, told apart from the sixth digit on by their order,
        so that they never tie.
    """

    ids: NDArray[np.object_]
    inverse_medians: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def codes(self) -> Mapping[str, int]:
        """The code of each Ensembl id."""
        return {gene: code for code, gene in enumerate(self.ids)}

    @cached_property
    def tokens(self) -> NDArray[np.object_]:
        """The token of each gene, ``object [G]``, such as ``<G ENSG00000167286>``."""
        return np.array([f"<G {gene}>" for gene in self.ids], dtype=object)

    def of(self, genes: Sequence[str] | NDArray[np.object_]) -> NDArray[np.int64]:
        """Return the codes of genes, ``int64 [n]``; -1 where a gene has no token."""
        return np.fromiter(map(self.codes.get, genes, repeat(-1)), np.int64, len(genes))

    def described(self) -> dict[str, str]:
        """Return the tokens, each with its symbol and, where the table has one, its name."""
        table = gene_table()
        rows = [table.rows[gene] for gene in self.ids]
        return dict(zip(self.tokens, table.symbol[rows], strict=True))


@lru_cache(maxsize=8)
def gene_tokens(genes: tuple[str, ...] | None = None) -> GeneTokens:
    """Return the genes of the table that have a token, or some of them.

    Parameters
    ----------
    genes : tuple of str, optional
        Ensembl ids; all that are protein-coding or lncRNA where not given.

    Raises
    ------
    ConfigurationError
        One of the genes is none of the table, or stands twice.
    """
    table = gene_table()
    rows = np.flatnonzero(table.has_token)
    if genes is not None:
        unknown = next((gene for gene in genes if gene not in table.rows), None)
        if unknown is not None:
            raise ConfigurationError(f"{unknown!r} is no Ensembl id of the table of genes; give ids without version")
        if len(set(genes)) < len(genes) or not genes:
            raise ConfigurationError("genes of a vocabulary are at least one, each named once")
        rows = np.array([table.rows[gene] for gene in genes])
    rows = rows[np.argsort(table.ensembl_id[rows].astype(str), kind="stable")]
    medians = table.geneformer_v1_median[rows]
    usual = float(np.nanmedian(table.geneformer_v1_median))
    apart = usual * (1.0 + _APART * np.arange(len(rows)))
    return GeneTokens(table.ensembl_id[rows], 1.0 / np.where(np.isnan(medians), apart, medians))


@lru_cache(maxsize=1)
def geneformer_tokens() -> GeneTokens:
    """Return the genes of Geneformer V1 with its medians, retired ones too: those without a median have no token."""
    known = geneformer_v1()
    order = np.argsort(known.ensembl_id.astype(str), kind="stable")
    return GeneTokens(known.ensembl_id[order], 1.0 / known.median[order])
