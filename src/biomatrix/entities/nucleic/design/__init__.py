"""Design of RNA: sequences for a structure, by ViennaRNA (the extra ``fold``), and transcripts for a protein."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

_HOME = {
    "Design": "biomatrix.entities.nucleic.design.search",
    "design_for_structure": "biomatrix.entities.nucleic.design.search",
}

__all__ = [
    "Design",
    "design_for_structure",
]

if TYPE_CHECKING:
    from biomatrix.entities.nucleic.design.search import Design, design_for_structure

__getattr__ = lazy_names(__name__, _HOME)
