"""Fit an anchored tokenizer by a recipe: that of its steps, with a table ``[anchors]`` beside.

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
    """Fit as a recipe says and write ``output/tokenizer``.

    Raises
    ------
    ConfigurationError
        The recipe has a setting that does not exist or lacks one.
    """
    try:
        anchors = recipe.settings["anchors"]
        slabs = Slabs(int(anchors["levels"]), tuple(float(width) for width in anchors["slab_widths"]))
    except (ValueError, KeyError, TypeError) as problem:
        raise ConfigurationError(
            f"not a recipe of an anchored tokenizer: {problem}", file=str(recipe.file)
        ) from problem
    steps, of_steps = fit_steps(recipe, sources)
    config = of_steps | {
        "architecture": "anchored",
        "num_codes": steps.num_codes * slabs.levels,
        "settings": of_steps["settings"] | {"levels": slabs.levels, "slab_widths": list(slabs.widths)},
    }
    fingerprint = save_weights(output / FOLDER, config, steps.tensors())
    return TrainedWeights(fingerprint, {"chains": int(config["training_data"]["chains"])})
