"""Fit an anchored tokenizer by a recipe: that of its steps, with a table ``[anchors]`` added.

``[anchors]`` holds ``levels`` and ``slab_widths`` (see `Slabs`); the other tables are those of the geometric codec's
recipes.
"""

from __future__ import annotations

from pathlib import Path

from biomatrix.entities.protein.structure.anchored.digits import Slabs
from biomatrix.entities.protein.structure.geometric.recipe import fit_steps
from biomatrix.entities.settings import Section, checked
from biomatrix.entities.tokenizer_folder import save_weights
from biomatrix.entities.tokenizer_training import FOLDER, TokenizerRecipe, TrainedWeights, TrainingSources
from biomatrix.errors import ConfigurationError, WeightsError


class AnchorSettings(Section):
    """The table ``[anchors]``: the arguments of `Slabs`."""

    levels: int
    slab_widths: tuple[float, ...]


class _Anchors(Section):
    anchors: AnchorSettings


def train(recipe: TokenizerRecipe, sources: TrainingSources, output: Path) -> TrainedWeights:
    """Fit by a recipe and write ``output/tokenizer``.

    Raises
    ------
    ConfigurationError
        A setting of the recipe is unknown or missing.
    """
    anchors = checked({"anchors": recipe.settings.get("anchors", {})}, _Anchors, recipe.file).anchors
    try:
        slabs = Slabs(anchors.levels, anchors.slab_widths)
    except WeightsError as problem:
        raise ConfigurationError(f"anchors: {problem.message}", file=str(recipe.file)) from problem
    steps, step_config = fit_steps(recipe, sources, output, {"anchors": anchors.model_dump(mode="json")})
    config = step_config | {
        "architecture": "anchored",
        "num_codes": steps.num_codes * slabs.levels,
        "settings": step_config["settings"] | {"levels": slabs.levels, "slab_widths": list(slabs.widths)},
    }
    fingerprint = save_weights(output / FOLDER, config, steps.tensors())
    return TrainedWeights(fingerprint, {"chains": int(config["training_data"]["chains"])})
