"""Fit an anchored tokenizer from a recipe: that of its steps, with a table ``[anchors]`` beside.

``[anchors]`` holds ``levels`` and ``slab_widths`` (see `Slabs`); the other tables are those of the
geometric codec's recipes.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from biomatrix.entities.protein.structure.anchored.digits import Slabs
from biomatrix.entities.protein.structure.geometric.recipe import fit_recipe
from biomatrix.entities.tokenizer_folder import load_weights, save_weights
from biomatrix.errors import ConfigurationError


def fit_anchored(recipe: str | Path, table: str | Path, folder: str | Path) -> str:
    """Fit as a recipe says and write a tokenizer folder; return its fingerprint.

    Parameters
    ----------
    recipe : path
        A TOML file.
    table : path
        Chains in the layout of `read_chains`; only train clusters without an evaluation chain are used.
    folder : path
        Where the tokenizer goes.

    Raises
    ------
    ConfigurationError
        The recipe is not readable or has a setting that does not exist.
    """
    try:
        anchors = tomllib.loads(Path(recipe).read_text(encoding="utf-8"))["anchors"]
        slabs = Slabs(int(anchors["levels"]), tuple(float(width) for width in anchors["slab_widths"]))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise ConfigurationError(f"not a recipe of an anchored tokenizer: {problem}", file=str(recipe)) from problem
    fit_recipe(recipe, table, folder)
    steps = load_weights("protein", Path(folder).resolve())
    config = steps.config | {
        "architecture": "anchored",
        "num_codes": int(steps.config["num_codes"]) * slabs.levels,
        "settings": steps.settings | {"levels": slabs.levels, "slab_widths": list(slabs.widths)},
    }
    return save_weights(folder, config, steps.tensors)
