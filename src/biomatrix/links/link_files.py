"""Links as a table of tab-separated values, and as BEDPE, which genome browsers such as IGV draw as arcs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.regions import CHROMOSOMES
from biomatrix.links.run import Links

COLUMNS: Final = (
    *("chrom", "start", "end", "gene", "ensembl_id", "tss", "distance", "score", "log_odds", "rank"),
    *("accessibility", "genes_between", "nearest_gene", "promoter_of", "kendall", "coaccessibility"),
)
"""Of the table. Places are 0-based and half open; an empty cell says that it is not known."""


def kept_rows(links: Links, top: int | None = None, least: float = 0.0) -> NDArray[np.int64]:
    """Return the rows that are written: gene after gene, by rank.

    Parameters
    ----------
    links : Links
    top : int, optional
        The most links per gene.
    least : float
        The lowest score.
    """
    genes = links.pairs.gene
    firsts = np.unique(genes, return_index=True)
    place = dict(zip(firsts[0].tolist(), firsts[1].tolist(), strict=True))
    order = np.lexsort((links.rank, np.array([place[gene] for gene in genes.tolist()], dtype=np.int64)))
    kept = links.score[order] >= least
    if top is not None:
        kept &= links.rank[order] <= top
    return order[kept]


def table_lines(links: Links, rows: NDArray[np.int64]) -> Iterator[str]:
    """Yield the lines of the table with its header, each with its line end."""
    yield "\t".join(COLUMNS) + "\n"
    score, evidence, pairs = links.score, links.evidence, links.pairs
    for row in rows.tolist():
        region, gene = pairs.region[row], pairs.gene[row]
        cells = (
            CHROMOSOMES[links.regions.chromosome[region]],
            str(links.regions.start[region]),
            str(links.regions.end[region]),
            str(links.genes.symbol[gene]),
            str(links.genes.ensembl_id[gene]),
            str(links.genes.tss[gene]),
            str(pairs.distance[row]),
            f"{score[row]:.6f}",
            f"{links.log_odds[row]:.4f}",
            str(links.rank[row]),
            f"{links.accessibility[region]:.4g}",
            f"{evidence['genes_between'][row]:.0f}",
            "yes" if evidence["nearest_gene"][row] else "no",
            links.promoter_of[region],
            *(_known(float(evidence[name][row])) for name in ("kendall", "coaccessibility")),
        )
        yield "\t".join(cells) + "\n"


def bedpe_lines(links: Links, rows: NDArray[np.int64]) -> Iterator[str]:
    """Yield the lines of a BEDPE file: the region, the first base of the gene, a name, and the score of 0 to 1000."""
    yield "#chrom1\tstart1\tend1\tchrom2\tstart2\tend2\tname\tscore\tstrand1\tstrand2\n"
    score = links.score
    for row in rows.tolist():
        region, gene = links.pairs.region[row], links.pairs.gene[row]
        tss = int(links.genes.tss[gene])
        chromosome = CHROMOSOMES[links.regions.chromosome[region]]
        name = f"{links.genes.symbol[gene]}|{links.rank[row]}"
        first = f"{chromosome}\t{links.regions.start[region]}\t{links.regions.end[region]}"
        yield f"{first}\t{chromosome}\t{tss}\t{tss + 1}\t{name}\t{score[row] * 1000:.1f}\t.\t.\n"


def _known(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6f}"
