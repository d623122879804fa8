"""Objectives of designs as data: each a number with its unit, the better direction and what may mislead in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

_HOME = {
    "OBJECTIVES": "biomatrix.entities.nucleic.objectives.catalogue",
    "CodonUsage": "biomatrix.entities.nucleic.objectives.usage",
    "Objective": "biomatrix.entities.nucleic.objectives.objective",
    "Settings": "biomatrix.entities.nucleic.objectives.objective",
    "Transcript": "biomatrix.entities.nucleic.objectives.transcript",
    "measure": "biomatrix.entities.nucleic.objectives.catalogue",
    "objectives_named": "biomatrix.entities.nucleic.objectives.catalogue",
    "species": "biomatrix.entities.nucleic.objectives.usage",
    "usage_of": "biomatrix.entities.nucleic.objectives.usage",
}

__all__ = [
    "OBJECTIVES",
    "CodonUsage",
    "Objective",
    "Settings",
    "Transcript",
    "measure",
    "objectives_named",
    "species",
    "usage_of",
]

if TYPE_CHECKING:
    from biomatrix.entities.nucleic.objectives.catalogue import OBJECTIVES, measure, objectives_named
    from biomatrix.entities.nucleic.objectives.objective import Objective, Settings
    from biomatrix.entities.nucleic.objectives.transcript import Transcript
    from biomatrix.entities.nucleic.objectives.usage import CodonUsage, species, usage_of

__getattr__ = lazy_names(__name__, _HOME)
