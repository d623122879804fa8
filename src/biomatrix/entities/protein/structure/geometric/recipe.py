"""Fit a codebook from a recipe file and a table of chains: ``biomatrix tokenizer train``.

A recipe is TOML with a ``[fit]`` table (the fields of `GeometricFit`) and a ``[data]`` table: ``sources``, the
repositories whose chains may be learned from, and ``licence``, the words for the config of the result.
"""

from __future__ import annotations

import logging
import tomllib
from pathlib import Path

from biomatrix.entities.protein.files.chain_table import read_chains, training_chains
from biomatrix.entities.protein.structure.geometric.training import GeometricFit, fit_tokenizer, save_tokenizer
from biomatrix.errors import ConfigurationError

logger = logging.getLogger(__name__)


def fit_recipe(recipe: str | Path, table: str | Path, folder: str | Path) -> str:
    """Fit as a recipe says and write a tokenizer folder.

    Parameters
    ----------
    recipe : path
        A TOML file.
    table : path
        Chains in the layout of `read_chains`; only train clusters without an evaluation chain are used.
    folder : path
        Where the tokenizer goes.

    Returns
    -------
    str
        The fingerprint.

    Raises
    ------
    ConfigurationError
        The recipe is not readable or has a setting that does not exist.
    """
    try:
        content = tomllib.loads(Path(recipe).read_text())
        settings = GeometricFit(**content["fit"])
        sources, licence = set(content["data"]["sources"]), str(content["data"]["licence"])
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as problem:
        raise ConfigurationError(f"not a recipe of the geometric codec: {problem}", file=str(recipe)) from problem
    chains = training_chains(list(read_chains(table)), sources=sources)
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
    fingerprint = save_tokenizer(folder, tokenizer, settings, description)
    logger.info("wrote %s, fingerprint %s", folder, fingerprint)
    return fingerprint
