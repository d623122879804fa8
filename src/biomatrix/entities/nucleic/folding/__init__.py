"""Folding of RNA: least free energy, ensembles, accessibility. Needs the extra ``fold`` (ViennaRNA)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

_HOME = {
    "Ensemble": "biomatrix.entities.nucleic.folding.ensembles",
    "Folded": "biomatrix.entities.nucleic.folding.structures",
    "ensemble": "biomatrix.entities.nucleic.folding.ensembles",
    "evaluate": "biomatrix.entities.nucleic.folding.structures",
    "fold": "biomatrix.entities.nucleic.folding.structures",
    "fold_each": "biomatrix.entities.nucleic.folding.batches",
    "is_installed": "biomatrix.entities.nucleic.folding.library",
    "local_unpaired": "biomatrix.entities.nucleic.folding.local",
    "opening_energy": "biomatrix.entities.nucleic.folding.ensembles",
    "partners_of": "biomatrix.entities.nucleic.folding.structures",
}

__all__ = [
    "Ensemble",
    "Folded",
    "ensemble",
    "evaluate",
    "fold",
    "fold_each",
    "is_installed",
    "local_unpaired",
    "opening_energy",
    "partners_of",
]

if TYPE_CHECKING:
    from biomatrix.entities.nucleic.folding.batches import fold_each
    from biomatrix.entities.nucleic.folding.ensembles import Ensemble, ensemble, opening_energy
    from biomatrix.entities.nucleic.folding.library import is_installed
    from biomatrix.entities.nucleic.folding.local import local_unpaired
    from biomatrix.entities.nucleic.folding.structures import Folded, evaluate, fold, partners_of

__getattr__ = lazy_names(__name__, _HOME)
