"""Training of structure tokenizers by a recipe, whatever their kind and architecture.

A recipe is a TOML file that says in ``[tokenizer]`` which ``kind`` and ``architecture`` it is for; the rest is for the
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
from biomatrix.entities.kind_registry import kind as registered
from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.settings import read_toml
from biomatrix.entities.tokenizer_training import (
    FOLDER,
    EntitySource,
    TokenizerRecipe,
    TrainedWeights,
    TrainingSources,
)
from biomatrix.errors import ConfigurationError

_SHOWN_BY_TABLE: Final = {"anchors": "anchored", "fit": "geometric", "sizes": "gcp_vqvae"}
"""The architecture of recipes written before recipes named one: told by a table they hold."""


@dataclass(frozen=True)
class TrainedTokenizer:
    """A structure tokenizer that was trained.

    Parameters
    ----------
    folder : Path
        Opens as a tokenizer.
    fingerprint : str or None
        None in processes that do not write it.
    seconds : float
    counts : mapping of str to int
        What it was fitted to.
    """

    folder: Path
    fingerprint: str | None
    seconds: float
    counts: Mapping[str, int] = field(default_factory=dict)

    def as_text(self) -> str:
        """Return what was trained in a line."""
        of = ", ".join(f"{count:,} {name}" for name, count in self.counts.items())
        return f"{self.folder}: fingerprint {self.fingerprint}{f', from {of}' if of else ''} in {self.seconds:.0f} s"

    def as_mapping(self) -> dict[str, Any]:
        """Return what was trained as JSON holds it."""
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
    named = settings.pop("tokenizer", None)
    unsaid = next((name for table, name in _SHOWN_BY_TABLE.items() if table in settings), None)
    if named is None:
        architecture = settings.pop("architecture", unsaid)
        return TokenizerRecipe(file, _only_kind(architecture, file), str(architecture), settings)
    if not isinstance(named, dict) or set(named) != {"kind", "architecture"}:
        raise ConfigurationError("[tokenizer] must hold kind and architecture, and nothing else", file=str(file))
    kind = registered(str(named["kind"]))
    if named["architecture"] not in kind.trainers:
        known = ", ".join(kind.trainers) or "none"
        raise ConfigurationError(
            f"no trainer for {kind.name} tokenizers of architecture {named['architecture']!r}; there are: {known}",
            file=str(file),
        )
    return TokenizerRecipe(file, kind.name, named["architecture"], settings)


def train_tokenizer(recipe: TokenizerRecipe, sources: str | Path, output: str | Path) -> TrainedTokenizer:
    """Train as a recipe says and write ``output/tokenizer``; run again after a stop, it goes on.

    Parameters
    ----------
    recipe : TokenizerRecipe
    sources : path
        The folder that corpus sources are read from, or what else the architecture learns from.
    output : path
        Where the checkpoint and the tokenizer go.
    """
    started = time.monotonic()
    trainer = load_attribute(registered(recipe.kind).trainers[recipe.architecture])
    root, folder = Path(sources), Path(output)
    done: TrainedWeights = trainer(recipe, TrainingSources(root, partial(_entities_of, root)), folder)
    return TrainedTokenizer(folder / FOLDER, done.fingerprint, time.monotonic() - started, done.counts)


def _only_kind(architecture: Any, file: Path) -> str:
    found = [one.name for one in kinds() if architecture in one.trainers]
    if len(found) != 1:
        known = ", ".join(f"{one.name} {name}" for one in kinds() for name in one.trainers)
        raise ConfigurationError(
            f"a recipe must say what it is for: [tokenizer] with kind and architecture; there are: {known}",
            file=str(file),
        )
    return found[0]


def _entities_of(root: Path, name: str) -> EntitySource:
    """A corpus source as trainers see it."""
    source = open_source(name, root)

    def read(identifier: str, row: Any) -> tuple[Entity | None, bool]:
        record = source.record(identifier, row)
        return record.entity, record.split == "train"

    return EntitySource(source.name, source.provenance.origin, source.provenance.licence, source.rows, read)
