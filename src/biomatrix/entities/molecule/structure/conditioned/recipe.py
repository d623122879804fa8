"""Fit the codec whose decoder sees the chemistry by a recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from biomatrix.entities.molecule.structure.conditioned.fitting import FittingSettings, fit, sample_of
from biomatrix.entities.molecule.structure.conditioned.weights import tensors_of
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.entities.molecule.structure.recipe import Tensors, train_on_molecules
from biomatrix.entities.tokenizer_training import TokenizerRecipe, TrainedWeights, TrainingSources


def train(recipe: TokenizerRecipe, sources: TrainingSources, output: Path) -> TrainedWeights:
    """Fit according to a recipe, whose ``[fitting]`` holds ``FittingSettings``."""
    return train_on_molecules(recipe, sources, output, FittingSettings, _fit, may_change=("rounds",))


def _fit(
    molecules: Sequence[PreparedMolecule], settings: FittingSettings, folder: Path
) -> tuple[Tensors, Mapping[str, Any]]:
    lengths, meanings = fit([sample_of(item) for item in molecules], settings, folder)
    return tensors_of(lengths, meanings), {
        "closed_loop": settings.closed_loop,
        "bond_weight": settings.bond_weight,
        "rate_weight": settings.rate_weight,
        "correction_weight": settings.correction_weight,
        "candidates": settings.candidates,
    }
