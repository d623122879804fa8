"""Fit a codebook by a recipe and a table of chains.

A recipe has a ``[fit]`` table (the fields of `GeometricFit`) and a ``[data]`` table: ``sources``, the repositories
whose chains may be learned from, and ``licence``, the text for the config of the result.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import Field

from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.protein.files.chain_table import read_chains, table_of, training_chains
from biomatrix.entities.protein.structure.geometric.plan import GeometricFit
from biomatrix.entities.protein.structure.geometric.tokenizer import GeometricTokenizer
from biomatrix.entities.protein.structure.geometric.training import described, fit_tokenizer
from biomatrix.entities.same_run import begin_or_go_on
from biomatrix.entities.settings import Section, checked
from biomatrix.entities.tokenizer_folder import save_weights
from biomatrix.entities.tokenizer_training import FOLDER, TokenizerRecipe, TrainedWeights, TrainingSources
from biomatrix.errors import ConfigurationError

logger = logging.getLogger(__name__)


class ChainChoice(Section):
    """Which chains are learned from, and on what terms.

    Parameters
    ----------
    sources : tuple of str
        The repositories whose chains may be learned from.
    licence : str
        The text for the config of the result.
    """

    sources: tuple[str, ...] = Field(min_length=1)
    licence: str


class FitRecipe(Section):
    """The tables of a recipe."""

    fit: GeometricFit
    data: ChainChoice


def train(recipe: TokenizerRecipe, sources: TrainingSources, output: Path) -> TrainedWeights:
    """Fit by a recipe and write ``output/tokenizer``; raises as `fit_steps` does."""
    tokenizer, config = fit_steps(recipe, sources, output)
    fingerprint = save_weights(output / FOLDER, config, tokenizer.tensors())
    return TrainedWeights(fingerprint, {"chains": int(config["training_data"]["chains"])})


def fit_steps(
    recipe: TokenizerRecipe, sources: TrainingSources, output: Path, more: Mapping[str, Any] | None = None
) -> tuple[GeometricTokenizer, dict[str, Any]]:
    """Fit a codec by a recipe; return it and the config of its folder.

    Parameters
    ----------
    recipe : TokenizerRecipe
    sources : TrainingSources
        Of its table of chains, only train clusters without an evaluation chain are used.
    output : Path
        Notes the settings; one that holds a tokenizer of other settings is refused.
    more : mapping, optional
        Settings besides ``[fit]`` and ``[data]`` that the result depends on, by table; the recipe may hold them.

    Raises
    ------
    ConfigurationError
        A setting of the recipe is unknown, missing or of the wrong type; there is no table of chains, or no chain of it
        may be learned from; the output folder holds a run of other settings.
    """
    own = {name: table for name, table in recipe.settings.items() if name not in (more or {})}
    plan = checked(own, FitRecipe, recipe.file)
    settings, table = plan.fit, table_of(sources.folder)
    chosen = {**plan.data.model_dump(mode="json"), "content": file_sha256(table)}
    noted = {"architecture": recipe.architecture, "fit": asdict(settings), "data": chosen, **(more or {})}
    begin_or_go_on(output, noted, (FOLDER,), ("data.licence",))
    chains = training_chains(list(read_chains(table)), sources=set(plan.data.sources))
    if not chains:
        raise ConfigurationError("no chain of the table may be learned from", file=str(table))
    description = {
        "licence": plan.data.licence,
        "training_data": {
            "chains": len(chains),
            "residues": sum(len(chain.protein) for chain in chains),
            "sources": sorted({chain.source for chain in chains}),
            "split": "train clusters without a member in an evaluation set",
        },
    }
    tokenizer = fit_tokenizer([chain.protein for chain in chains], settings)
    return tokenizer, described(tokenizer, settings, description)
