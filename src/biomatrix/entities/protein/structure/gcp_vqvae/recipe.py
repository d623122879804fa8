"""A training run as a TOML file: sizes, behaviour, plan and which chains may be learned from."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.toml_files import read_toml
from biomatrix.entities.protein.files.chain_table import read_chains, table_of, training_chains
from biomatrix.entities.protein.structure.gcp_vqvae.batches import ChainSource
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour, NetworkSizes
from biomatrix.entities.protein.structure.gcp_vqvae.conversion import ARCHITECTURE, network_from, save_network
from biomatrix.entities.protein.structure.gcp_vqvae.plan import TrainingPlan
from biomatrix.entities.protein.structure.gcp_vqvae.training import CHECKPOINT, Trainer
from biomatrix.entities.same_run import begin_or_go_on
from biomatrix.entities.settings import checked
from biomatrix.entities.tokenizer_folder import load_weights
from biomatrix.entities.tokenizer_training import FOLDER, TokenizerRecipe, TrainedWeights, TrainingSources
from biomatrix.errors import ConfigurationError

logger = logging.getLogger(__name__)

_MAY_CHANGE = ("plan.report_every", "plan.save_every", "plan.compile")


@dataclass(frozen=True)
class DataChoice:
    """Which chains of a table are learned from: those of the named repositories, or all when none is named."""

    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """Everything a run needs besides the table of chains.

    Parameters
    ----------
    sizes : NetworkSizes
    behaviour : Behaviour
    plan : TrainingPlan
    data : DataChoice
    architecture : str
    start : str, optional
        Weights to start from instead of random ones: a shipped name, or a folder that training wrote. They must be of
        the same sizes.
    """

    sizes: NetworkSizes
    behaviour: Behaviour
    plan: TrainingPlan
    data: DataChoice = DataChoice()
    architecture: str = ARCHITECTURE
    start: str | None = None

    def __post_init__(self) -> None:
        if self.architecture != ARCHITECTURE:
            raise ConfigurationError(f"the architecture is {self.architecture!r}, this recipe makes {ARCHITECTURE}")


def load_recipe(path: Path) -> Recipe:
    """Read a recipe; an unknown setting is refused by name (ConfigurationError)."""
    values = read_toml(path)
    values.pop("tokenizer", None)
    return checked(values, Recipe, path)


def train_recipe(recipe: TokenizerRecipe, sources: TrainingSources, output: Path) -> TrainedWeights:
    """Train by a recipe; the first of several processes writes ``output/tokenizer`` and returns its fingerprint."""
    plan = checked(recipe.settings, Recipe, recipe.file)
    return TrainedWeights(train(plan, table_of(sources.folder), output))


def train(recipe: Recipe, table: Path, folder: Path, *, stop_after: int | None = None) -> str | None:
    """Train on a table of chains, going on from ``folder``'s checkpoint where there is one; write the weights there.

    Parameters
    ----------
    recipe : Recipe
    table : Path
        Parquet in the layout of `biomatrix.entities.protein.files.chain_table`.
    folder : Path
        Takes ``checkpoint.safetensors`` and, at the end of the plan, the tokenizer folder ``tokenizer``.
    stop_after : int, optional
        Stop after this many steps.

    Returns
    -------
    str or None
        The fingerprint of the tokenizer; None while steps are left, and in all processes but the first.

    Raises
    ------
    ConfigurationError
        No chain of the table may be learned from, or the folder holds a run with other settings or data.
    """
    chosen = training_chains(list(read_chains(table)), sources=recipe.data.sources or None)
    if not chosen:
        raise ConfigurationError("no chain of the table may be learned from", file=str(table))
    source = ChainSource(
        [np.asarray(record.protein.backbone, dtype=np.float32) for record in chosen],
        [record.cluster for record in chosen],
        [record.protein.sequence for record in chosen],
    )
    trainer = Trainer(recipe.sizes, recipe.behaviour, recipe.plan, source)
    if trainer.is_first:
        settings = {**asdict(recipe), "data": {**asdict(recipe.data), "content": file_sha256(table)}}
        begin_or_go_on(folder, settings, (CHECKPOINT, FOLDER), _MAY_CHANGE)
    resumed = trainer.restore(folder)
    if recipe.start is not None and not resumed:
        trainer.start_from(network_from(load_weights("protein", recipe.start))[0])
    if trainer.is_first:
        logger.info("%d chains, %d residues", len(chosen), sum(len(record.protein) for record in chosen))
        if resumed:
            logger.info("resumed at step %d", trainer.step)
    trainer.run(folder, stop_after=stop_after)
    fingerprint = None
    if trainer.step == recipe.plan.steps:
        description = {
            "training": {
                **trainer.describe(),
                "start": recipe.start,
                "chains": len(chosen),
                "sources": sorted(recipe.data.sources),
            },
            "licence": "Apache-2.0",
        }
        if trainer.is_first:
            fingerprint = save_network(folder / FOLDER, trainer.model, recipe.behaviour, description)
    trainer.close()
    return fingerprint
