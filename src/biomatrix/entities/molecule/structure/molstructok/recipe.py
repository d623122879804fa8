"""Train a tokenizer of the published architecture by a recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.entities.molecule.structure.molstructok.training import TrainingSettings
from biomatrix.entities.molecule.structure.molstructok.training import train as train_network
from biomatrix.entities.molecule.structure.recipe import Tensors, train_on_molecules
from biomatrix.entities.tokenizer_training import TokenizerRecipe, TrainedWeights, TrainingSources


def train(recipe: TokenizerRecipe, sources: TrainingSources, output: Path) -> TrainedWeights:
    """Train according to a recipe, whose ``[fitting]`` holds ``TrainingSettings``."""
    return train_on_molecules(recipe, sources, output, TrainingSettings, _fit, may_change=("checkpoint_every",))


def _fit(
    molecules: Sequence[PreparedMolecule], settings: TrainingSettings, folder: Path
) -> tuple[Tensors, Mapping[str, Any]]:
    tensors = train_network(molecules, settings, folder)
    return tensors, {"closed_loop": True, "decoder": "branch", "bond_weight": settings.bond_weight}
