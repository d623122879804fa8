"""Formats of cells that other programs alone read, each with what to do instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FOREIGN_FORMATS: Final[Mapping[str, str]] = {
    ".rds": "R's own format; write .h5ad in R with anndataR or zellkonverter",
    ".h5seurat": "Seurat's own format; write .h5ad in R with anndataR or SeuratDisk's Convert",
    ".h5mu": "several modalities in one file; write one of them with mdata['rna'].write_h5ad",
}
"""By extension."""
