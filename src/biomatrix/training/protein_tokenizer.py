"""Training of protein structure tokenizers by a recipe: the geometric codec, the anchored one or the learned one.

Which it is, the recipe says by ``architecture``, or by what it holds: ``[anchors]`` is the anchored codec's, ``[fit]``
alone the geometric one's, ``[sizes]`` the network's.
"""

from __future__ import annotations

import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from biomatrix.errors import ConfigurationError

ProteinArchitecture = Literal["geometric", "anchored", "gcp_vqvae"]
CHAIN_TABLE = "protein/structures/chains.parquet"
"""Where a folder of sources holds the table of chains."""

_TABLES: dict[str, ProteinArchitecture] = {"anchors": "anchored", "fit": "geometric", "sizes": "gcp_vqvae"}


@dataclass(frozen=True)
class TrainedProteinTokenizer:
    """What training made.

    Parameters
    ----------
    folder : Path
        Opens as a tokenizer.
    fingerprint : str or None
        None in processes that do not write it.
    seconds : float
    """

    folder: Path
    fingerprint: str | None
    seconds: float

    def as_text(self) -> str:
        """Return what was made in a line."""
        return f"{self.folder}: fingerprint {self.fingerprint}, in {self.seconds:.0f} s"


def protein_architecture(recipe: Path) -> ProteinArchitecture | None:
    """Return which protein tokenizer a recipe makes, None where it makes another kind or cannot be read."""
    try:
        values = tomllib.loads(recipe.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    named = values.get("architecture")
    if named is not None:
        return next((known for known in _TABLES.values() if known == named), None)
    return next((known for table, known in _TABLES.items() if table in values), None)


def train_protein_tokenizer(recipe: Path, sources: Path, folder: Path) -> TrainedProteinTokenizer:
    """Train as a recipe says and write ``folder/tokenizer``; the learned one goes on from its checkpoint.

    Parameters
    ----------
    recipe : Path
        A TOML file of any architecture.
    sources : Path
        A table of chains (see `biomatrix.entities.protein.files.chain_table`), or a folder that holds one as
        `CHAIN_TABLE`.
    folder : Path
        Where the checkpoint and the tokenizer go.
    """
    started = time.monotonic()
    table = sources / CHAIN_TABLE if sources.is_dir() else sources
    if not table.is_file():
        raise ConfigurationError("no table of chains: name a Parquet file, or a folder that holds one", file=str(table))
    architecture = protein_architecture(recipe)
    fingerprint: str | None
    if architecture == "geometric":
        from biomatrix.entities.protein.structure.geometric.recipe import fit_recipe

        fingerprint = fit_recipe(recipe, table, folder / "tokenizer")
    elif architecture == "anchored":
        from biomatrix.entities.protein.structure.anchored.recipe import fit_anchored

        fingerprint = fit_anchored(recipe, table, folder / "tokenizer")
    else:
        from biomatrix.entities.protein.structure.gcp_vqvae.recipe import load_recipe, train

        fingerprint = train(load_recipe(recipe), table, folder)
    return TrainedProteinTokenizer(folder / "tokenizer", fingerprint, time.monotonic() - started)
