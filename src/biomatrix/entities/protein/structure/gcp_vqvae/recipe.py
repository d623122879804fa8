"""A training run as a TOML file: sizes, behaviour, plan and which chains may be learned from."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import numpy as np

from biomatrix.entities.protein.files.chain_table import read_chains, table_of, training_chains
from biomatrix.entities.protein.structure.gcp_vqvae.batches import ChainSource
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour, NetworkSizes
from biomatrix.entities.protein.structure.gcp_vqvae.conversion import ARCHITECTURE, network_from, save_network
from biomatrix.entities.protein.structure.gcp_vqvae.plan import TrainingPlan
from biomatrix.entities.protein.structure.gcp_vqvae.training import Trainer
from biomatrix.entities.settings import read_toml
from biomatrix.entities.tokenizer_folder import load_weights
from biomatrix.entities.tokenizer_training import FOLDER, TokenizerRecipe, TrainedWeights, TrainingSources
from biomatrix.errors import ConfigurationError

logger = logging.getLogger(__name__)

_T = TypeVar("_T")


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
    return _build(Recipe, values, str(path), "recipe")


def train_recipe(recipe: TokenizerRecipe, sources: TrainingSources, output: Path) -> TrainedWeights:
    """Train by a recipe; the first of several processes writes ``output/tokenizer`` and returns its fingerprint."""
    table = table_of(sources.folder)
    return TrainedWeights(train(_build(Recipe, recipe.settings, str(recipe.file), "recipe"), table, output))


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
        No chain of the table may be learned from.
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


def _build(kind: type[_T], values: Any, file: str, place: str) -> _T:
    """Build a dataclass from a TOML table, tables within it likewise, arrays as tuples."""
    if not isinstance(values, Mapping):
        raise ConfigurationError("a table was expected", file=file, position=place)
    hints = get_type_hints(kind)
    unknown = sorted(set(values) - {field.name for field in fields(kind)})  # type: ignore[arg-type]
    if unknown:
        raise ConfigurationError(f"unknown settings {unknown}", file=file, position=place)
    built: dict[str, Any] = {}
    for name, value in values.items():
        if is_dataclass(hints[name]):
            built[name] = _build(hints[name], value, file, f"{place}.{name}")
        else:
            built[name] = tuple(value) if isinstance(value, list) else value
    try:
        return kind(**built)
    except TypeError as error:
        raise ConfigurationError(
            f"settings missing or of the wrong type: {error}", file=file, position=place
        ) from error
