"""Fit an anchored tokenizer by a recipe: that of its steps, with a table ``[anchors]`` added.

``[anchors]`` holds ``levels`` and ``slab_widths`` (see `Slabs`); the other tables are those of the geometric codec's
recipes.
"""

from __future__ import annotations

from pathlib import Path

from biomatrix.entities.protein.structure.anchored.digits import Slabs
from biomatrix.entities.protein.structure.geometric.recipe import fit_steps
from biomatrix.entities.tokenizer_folder import save_weights
from biomatrix.entities.tokenizer_training import FOLDER, TokenizerRecipe, TrainedWeights, TrainingSources
from biomatrix.errors import ConfigurationError


def train(recipe: TokenizerRecipe, sources: TrainingSources, output: Path) -> TrainedWeights:
    """Fit by a recipe and write ``output/tokenizer``.

    Raises
    ------
    ConfigurationError
        A setting of the recipe is unknown or missing.
    """
    try:
        anchors = recipe.settings["anchors"]
        slabs = Slabs(int(anchors["levels"]), tuple(float(width) for width in anchors["slab_widths"]))
    except (ValueError, KeyError, TypeError) as problem:
        raise ConfigurationError(
            f"not a recipe of an anchored tokenizer: {problem}", file=str(recipe.file)
        ) from problem
    steps, step_config = fit_steps(recipe, sources)
    config = step_config | {
        "architecture": "anchored",
        "num_codes": steps.num_codes * slabs.levels,
        "settings": step_config["settings"] | {"levels": slabs.levels, "slab_widths": list(slabs.widths)},
    }
    fingerprint = save_weights(output / FOLDER, config, steps.tensors())
    return TrainedWeights(fingerprint, {"chains": int(config["training_data"]["chains"])})
