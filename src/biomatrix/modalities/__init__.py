"""Modalities: every way of writing an entity as tokens, one module each, found by name in the registry."""

from __future__ import annotations

from biomatrix.modalities.base import Check, EntityKind, Grammar, Modality
from biomatrix.modalities.registry import modalities, modality, modality_names, register

__all__ = [
    "Check",
    "EntityKind",
    "Grammar",
    "Modality",
    "modalities",
    "modality",
    "modality_names",
    "register",
]
