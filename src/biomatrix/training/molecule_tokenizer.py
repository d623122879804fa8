"""From a recipe and the corpus sources to a molecule structure tokenizer folder.

A recipe is a TOML file: which architecture, which sources and how many molecules of each, and how to fit. Held-out
molecules and published test sets are left out whatever the source.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.corpus.sources.base import Source
from biomatrix.corpus.sources.components import COMPONENT_SOURCES
from biomatrix.corpus.sources.conformers import CONFORMER_SOURCES
from biomatrix.corpus.sources.molecules import MOLECULE_SOURCES
from biomatrix.entities import Molecule
from biomatrix.entities.files import write_whole
from biomatrix.entities.molecule.structure.conditioned.fitting import FittingSettings, fit, sample_of
from biomatrix.entities.molecule.structure.conditioned.weights import tensors_of
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule, prepare
from biomatrix.entities.tokenizer_folder import save_weights
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.training.config import faults_of, read_checked

LOG = logging.getLogger(__name__)
SOURCES = {**COMPONENT_SOURCES, **CONFORMER_SOURCES, **MOLECULE_SOURCES}
HELD_OUT = "molecules for which biomatrix.corpus.holdout.is_held_out is true (1 in 50), and published test sets"
_SAY_EVERY = 15.0

Tensors = dict[str, NDArray[Any]]


class DataTable(BaseModel):
    """One source of molecules.

    Parameters
    ----------
    source : str
        Its corpus name.
    molecules : int, optional
        At most so many, drawn at random; all if not given.
    conformers : int, optional
        At most so many conformers of one molecule.
    embed : bool
        SMILES: give each molecule one ETKDGv3 conformer, MMFF94-optimised.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    molecules: int | None = Field(default=None, gt=0)
    conformers: int | None = Field(default=None, gt=0)
    embed: bool = False


class MoleculeTokenizerRecipe(BaseModel):
    """Everything a molecule tokenizer's weights depend on.

    Parameters
    ----------
    architecture : {"conditioned", "molstructok"}
    seed : int
    data : tuple of DataTable
    without_hydrogens : float
        Share of the molecules that are taken a second time without hydrogens, so that those are written well too.
    stated_error : float
        RMSD in Angstrom past which self-examination fails.
    fitting : dict
        ``FittingSettings`` or, for the published architecture, ``TrainingSettings``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    architecture: Literal["conditioned", "molstructok"]
    seed: int = 0
    data: tuple[DataTable, ...] = Field(min_length=1)
    without_hydrogens: float = Field(default=0.0, ge=0.0, le=1.0)
    stated_error: float = Field(default=0.5, gt=0.0)
    fitting: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class TrainedTokenizer:
    """What training made.

    Parameters
    ----------
    folder : Path
        Opens as a tokenizer.
    fingerprint : str
    molecules : int
        Conformers it was fitted to.
    seconds : float
    """

    folder: Path
    fingerprint: str
    molecules: int
    seconds: float


def read_molecule_recipe(path: str | Path) -> MoleculeTokenizerRecipe:
    """Read and check a recipe; ConfigurationError names each setting that is unknown, missing or out of range."""
    return read_checked(path, MoleculeTokenizerRecipe)


def train_molecule_tokenizer(recipe: MoleculeTokenizerRecipe, sources: Path, folder: Path) -> TrainedTokenizer:
    """Gather molecules, fit, and write ``folder/tokenizer``.

    A run that was stopped goes on: sources that were gathered are read from ``folder/molecules``, fitting goes on from
    its checkpoint.

    Parameters
    ----------
    recipe : MoleculeTokenizerRecipe
    sources : Path
        The folder that corpus sources are read from.
    folder : Path
        Where the checkpoint and the tokenizer go.
    """
    started = time.monotonic()
    settings = _settings(recipe)
    molecules: list[PreparedMolecule] = []
    about: list[dict[str, Any]] = []
    for number, table in enumerate(recipe.data):
        rng = random.Random(f"{recipe.seed} {number}")
        kept = folder / "molecules" / f"{number}_{table.source}.sdf"
        found, said = gather(table, sources, rng, kept)
        molecules += found
        about.append(said)
    molecules += _without_hydrogens(molecules, recipe.without_hydrogens)
    LOG.info("%d conformers in all", len(molecules))
    tensors, choices = _fitted(recipe, molecules, settings, folder)
    config = {
        "architecture": recipe.architecture,
        "settings": choices,
        "training": asdict(settings),
        "training_data": about,
        "training_molecules": len(molecules),
        "without_hydrogens": recipe.without_hydrogens,
        "held_out": HELD_OUT,
        "licence": "Apache-2.0",
        "stated_error": {"rmsd_angstrom": recipe.stated_error},
    }
    fingerprint = save_weights(folder / "tokenizer", config, tensors)
    return TrainedTokenizer(folder / "tokenizer", fingerprint, len(molecules), time.monotonic() - started)


def gather(
    table: DataTable, root: Path, rng: random.Random, kept: Path
) -> tuple[list[PreparedMolecule], dict[str, Any]]:
    """Return the training molecules of one source, and what is to be said about it.

    Parameters
    ----------
    table : DataTable
    root : Path
        The folder that corpus sources are read from.
    rng : random.Random
    kept : Path
        An SD file: read if it is there and was gathered alike, else written.
    """
    if table.source not in SOURCES:
        raise ConfigurationError(f"no source {table.source!r}; there are {', '.join(sorted(SOURCES))}")
    source: Source = SOURCES[table.source](root)
    asked = table.model_dump_json()
    note = kept.with_suffix(".json")
    if not (kept.is_file() and note.is_file() and json.loads(note.read_text())["asked"] == asked):
        kept.parent.mkdir(parents=True, exist_ok=True)
        refused: Counter[str] = Counter()
        count = _write(kept, _drawn(table, source, rng, refused))
        LOG.info("%s: %d molecules, refused %s", source.name, count, dict(refused.most_common(5)))
        write_whole(note, json.dumps({"asked": asked, "refused": refused}, indent=2).encode())
    with BlockLogs():
        mols = [mol for mol in Chem.SDMolSupplier(str(kept), removeHs=False) if mol is not None]
    found = list(_prepared(mols))
    LOG.info("%s: %d molecules ready", source.name, len(found))
    about = {
        "source": source.name,
        "name": source.provenance.origin,
        "licence": " AND ".join(source.provenance.licence),
        "molecules": len(found),
        "embedded": table.embed,
    }
    return found, about


def _write(path: Path, molecules: Iterator[Molecule]) -> int:
    """Write molecules to an SD file that is there whole or not at all; return how many."""
    partial = path.with_suffix(".partial")
    count = 0
    with Chem.SDWriter(str(partial)) as writer:
        for molecule in molecules:
            writer.write(molecule.mol)
            count += 1
    partial.replace(path)
    return count


def _prepared(mols: Iterable[Chem.Mol]) -> Iterator[PreparedMolecule]:
    for mol in mols:
        try:
            yield prepare(Molecule(mol))
        except BioMatrixError as error:
            LOG.debug("left out: %s", error)


def _drawn(table: DataTable, source: Source, rng: random.Random, refused: Counter[str]) -> Iterator[Molecule]:
    rows = list(source.rows())
    rng.shuffle(rows)
    limit = min(table.molecules or len(rows), len(rows))
    conformers: Counter[str] = Counter()
    taken = 0
    started = said = time.monotonic()
    for identifier, row in rows:
        if taken >= limit:
            return
        name = identifier.split("/")[0]
        conformers[name] += 1
        if table.conformers is not None and conformers[name] > table.conformers:
            continue
        try:
            record = source.record(identifier, row)
            if not isinstance(record.entity, Molecule):
                continue
            taken += 1  # held-out molecules count too, so that the draw does not depend on the rule
            if record.split == "train":
                yield record.entity.embed(seed=0) if table.embed else record.entity
        except BioMatrixError as error:
            refused[error.message[:40]] += 1
        now = time.monotonic()
        if now - said > _SAY_EVERY and taken:
            rate = taken / (now - started)
            LOG.info("%s: %d of %d, %.0f/s, %.0f s left", source.name, taken, limit, rate, (limit - taken) / rate)
            said = now


def _without_hydrogens(molecules: Sequence[PreparedMolecule], share: float) -> list[PreparedMolecule]:
    """Return copies without hydrogens of every so manieth molecule that keeps two heavy atoms."""
    if share <= 0.0:
        return []
    bare = []
    with BlockLogs():
        for item in molecules[:: max(round(1.0 / share), 1)]:
            mol = Chem.RemoveHs(item.mol)
            if 1 < mol.GetNumAtoms() < item.size:
                bare.append(mol)
    return list(_prepared(bare))


def _settings(recipe: MoleculeTokenizerRecipe) -> Any:
    if recipe.architecture == "conditioned":
        kind: Any = FittingSettings
    else:
        from biomatrix.entities.molecule.structure.molstructok.training import TrainingSettings

        kind = TrainingSettings
    known = {field for field in kind.__dataclass_fields__ if field != "seed"}
    unknown = sorted(recipe.fitting.keys() - known)
    if unknown:
        raise ConfigurationError(f"fitting: unknown {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    try:
        return TypeAdapter(kind).validate_python({"seed": recipe.seed, **recipe.fitting}, strict=False)
    except ValidationError as error:
        raise ConfigurationError(f"fitting: {faults_of(error)}") from error


def _fitted(
    recipe: MoleculeTokenizerRecipe, molecules: Sequence[PreparedMolecule], settings: Any, folder: Path
) -> tuple[Tensors, dict[str, Any]]:
    """Return the tensors, and the settings that alter codes."""
    if recipe.architecture == "molstructok":
        from biomatrix.entities.molecule.structure.molstructok.training import train

        return train(molecules, settings, folder), {
            "closed_loop": True,
            "decoder": "branch",
            "bond_weight": settings.bond_weight,
        }
    lengths, meanings = fit([sample_of(item) for item in molecules], settings, folder)
    return tensors_of(lengths, meanings), {
        "closed_loop": settings.closed_loop,
        "bond_weight": settings.bond_weight,
        "rate_weight": settings.rate_weight,
        "correction_weight": settings.correction_weight,
        "candidates": settings.candidates,
    }
