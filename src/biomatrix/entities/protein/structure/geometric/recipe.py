"""Fit a codebook by a recipe and a table of chains.

A recipe has a ``[fit]`` table (the fields of `GeometricFit`) and a ``[data]`` table: ``sources``, the repositories
whose chains may be learned from, and ``licence``, the text for the config of the result.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from biomatrix.entities.protein.files.chain_table import read_chains, table_of, training_chains
from biomatrix.entities.protein.structure.geometric.plan import GeometricFit
from biomatrix.entities.protein.structure.geometric.tokenizer import GeometricTokenizer
from biomatrix.entities.protein.structure.geometric.training import described, fit_tokenizer
from biomatrix.entities.tokenizer_folder import save_weights
from biomatrix.entities.tokenizer_training import FOLDER, TokenizerRecipe, TrainedWeights, TrainingSources
from biomatrix.errors import ConfigurationError

logger = logging.getLogger(__name__)


def train(recipe: TokenizerRecipe, sources: TrainingSources, output: Path) -> TrainedWeights:
    """Fit by a recipe and write ``output/tokenizer``; raises as `fit_steps` does."""
    tokenizer, config = fit_steps(recipe, sources)
    fingerprint = save_weights(output / FOLDER, config, tokenizer.tensors())
    return TrainedWeights(fingerprint, {"chains": int(config["training_data"]["chains"])})


def fit_steps(recipe: TokenizerRecipe, sources: TrainingSources) -> tuple[GeometricTokenizer, dict[str, Any]]:
    """Fit a codec by a recipe; return it and the config of its folder.

    Parameters
    ----------
    recipe : TokenizerRecipe
    sources : TrainingSources
        Of its table of chains, only train clusters without an evaluation chain are used.

    Raises
    ------
    ConfigurationError
        A setting of the recipe is unknown or missing, or there is no table of chains.
    """
    table = table_of(sources.folder)
    try:
        settings = GeometricFit(**recipe.settings["fit"])
        repositories, licence = set(recipe.settings["data"]["sources"]), str(recipe.settings["data"]["licence"])
    except (KeyError, TypeError) as problem:
        raise ConfigurationError(f"not a recipe of the geometric codec: {problem}", file=str(recipe.file)) from problem
    chains = training_chains(list(read_chains(table)), sources=repositories)
    description = {
        "licence": licence,
        "training_data": {
            "chains": len(chains),
            "residues": sum(len(chain.protein) for chain in chains),
            "sources": sorted({chain.source for chain in chains}),
            "split": "train clusters without a member in an evaluation set",
        },
    }
    tokenizer = fit_tokenizer([chain.protein for chain in chains], settings)
    return tokenizer, described(tokenizer, settings, description)
