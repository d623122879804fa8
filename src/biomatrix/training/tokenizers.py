"""Training of structure tokenizers from a recipe, whatever their kind and architecture.

A recipe is a TOML file whose table ``[tokenizer]`` names the ``kind`` and the ``architecture``; the rest is for the
trainer that the kind registers for that architecture. Held-out entities and published test sets are left out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.sources import open_source
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.toml_files import read_toml
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.near_matches import choices
from biomatrix.entities.tokenizer_training import (
    FOLDER,
    EntitySource,
    TokenizerRecipe,
    TrainedWeights,
    TrainingSources,
)
from biomatrix.errors import ConfigurationError

_ARCHITECTURE_BY_TABLE: Final = {"anchors": "anchored", "fit": "geometric", "sizes": "gcp_vqvae"}
"""The architecture of older recipes, which do not name one, by a table that only they hold."""


@dataclass(frozen=True)
class TrainedTokenizer:
    """The outcome of training a structure tokenizer.

    Parameters
    ----------
    folder : Path
        Opens as a tokenizer.
    fingerprint : str or None
        None in processes that do not write it.
    seconds : float
        Wall-clock time.
    counts : mapping of str to int
        How many things of each name it was fitted to.
    """

    folder: Path
    fingerprint: str | None
    seconds: float
    counts: Mapping[str, int] = field(default_factory=dict)

    def as_text(self) -> str:
        """Return the outcome as one line."""
        sources = ", ".join(f"{count:,} {name}" for name, count in self.counts.items())
        origin = f", from {sources}" if sources else ""
        return f"{self.folder}: fingerprint {self.fingerprint}{origin} in {self.seconds:.0f} s"

    def as_mapping(self) -> dict[str, Any]:
        """Return the outcome as plain values for JSON."""
        return {
            "folder": str(self.folder),
            "fingerprint": self.fingerprint,
            "seconds": self.seconds,
            **self.counts,
        }


def read_tokenizer_recipe(path: str | Path) -> TokenizerRecipe:
    """Read which tokenizer a recipe is for; its trainer checks the rest.

    Raises
    ------
    ConfigurationError
        Not a TOML file, or no trainer is registered for what it names.
    """
    file = Path(path)
    settings = read_toml(file)
    target = settings.pop("tokenizer", None)
    default = next((name for table, name in _ARCHITECTURE_BY_TABLE.items() if table in settings), None)
    if target is None:
        architecture = settings.pop("architecture", default)
        return TokenizerRecipe(file, _only_kind(architecture, file), str(architecture), settings)
    if not isinstance(target, dict) or set(target) != {"kind", "architecture"}:
        raise ConfigurationError("[tokenizer] must hold kind and architecture, and nothing else", file=str(file))
    try:
        kind = kind_named(str(target["kind"]))
    except ConfigurationError as error:
        raise error.at(file=str(file)) from None
    if target["architecture"] not in kind.trainers:
        name = target["architecture"]
        raise ConfigurationError(
            f"no trainer for {kind.name} tokenizers of architecture {name!r}; {choices(str(name), kind.trainers)}",
            file=str(file),
        )
    return TokenizerRecipe(file, kind.name, target["architecture"], settings)


def train_tokenizer(recipe: TokenizerRecipe, sources: str | Path, output: str | Path) -> TrainedTokenizer:
    """Train by a recipe and write ``output/tokenizer``; run again after a stop, it resumes.

    Parameters
    ----------
    recipe : TokenizerRecipe
        What to train.
    sources : path
        The folder of the corpus sources, or whatever else the architecture learns from.
    output : path
        Where the checkpoint and the tokenizer go.
    """
    start = time.monotonic()
    trainer = load_attribute(kind_named(recipe.kind).trainers[recipe.architecture])
    root, folder = Path(sources), make_folder(output)
    weights: TrainedWeights = trainer(recipe, TrainingSources(root, partial(_entities_of, root)), folder)
    return TrainedTokenizer(folder / FOLDER, weights.fingerprint, time.monotonic() - start, weights.counts)


def _only_kind(architecture: Any, file: Path) -> str:
    names = [one.name for one in kinds() if architecture in one.trainers]
    if len(names) != 1:
        known = ", ".join(f"{one.name} {name}" for one in kinds() for name in one.trainers)
        raise ConfigurationError(
            f"a recipe must say what it is for: [tokenizer] with kind and architecture; there are: {known}",
            file=str(file),
        )
    return names[0]


def _entities_of(root: Path, name: str) -> EntitySource:
    """Return a corpus source as trainers see it."""
    source = open_source(name, root)

    def read(identifier: str, row: Any) -> tuple[Entity | None, bool]:
        record = source.record(identifier, row)
        return record.entity, record.split == "train"

    return EntitySource(
        source.name, source.provenance.origin, source.provenance.licence, source.rows, read, source.fingerprint
    )
