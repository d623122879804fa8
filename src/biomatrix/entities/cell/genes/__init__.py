"""Human genes: the table that ships, and how a name of any age is brought to an Ensembl id."""

from biomatrix.entities.cell.genes.resolver import MatchedGenes, resolve
from biomatrix.entities.cell.genes.table import GeneformerV1, GeneTable, gene_table, geneformer_v1

__all__ = ["GeneTable", "GeneformerV1", "MatchedGenes", "gene_table", "geneformer_v1", "resolve"]
