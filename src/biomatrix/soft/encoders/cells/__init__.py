"""Encoders of cells that are networks: Geneformer-shaped ones, which read ranks, and scGPT, which reads values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

if TYPE_CHECKING:
    from biomatrix.soft.encoders.cells.gene_dictionary import CellTokens, GeneDictionary
    from biomatrix.soft.encoders.cells.gene_rank import GeneRankEncoder
    from biomatrix.soft.encoders.cells.geneformer_conversion import convert_geneformer
    from biomatrix.soft.encoders.cells.scgpt import ScGptEncoder
    from biomatrix.soft.encoders.cells.scgpt_conversion import convert_scgpt

_ROOM = "biomatrix.soft.encoders.cells"

__getattr__ = lazy_names(
    __name__,
    {
        "CellTokens": f"{_ROOM}.gene_dictionary",
        "GeneDictionary": f"{_ROOM}.gene_dictionary",
        "GeneRankEncoder": f"{_ROOM}.gene_rank",
        "ScGptEncoder": f"{_ROOM}.scgpt",
        "convert_geneformer": f"{_ROOM}.geneformer_conversion",
        "convert_scgpt": f"{_ROOM}.scgpt_conversion",
    },
)

__all__ = ["CellTokens", "GeneDictionary", "GeneRankEncoder", "ScGptEncoder", "convert_geneformer", "convert_scgpt"]
