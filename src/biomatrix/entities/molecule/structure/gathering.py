"""Molecules to train a tokenizer on: drawn from sources, embedded on request, kept in SD files, prepared."""

from __future__ import annotations

import json
import logging
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field
from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule, prepare
from biomatrix.entities.settings import Section
from biomatrix.entities.tokenizer_training import EntitySource
from biomatrix.errors import BioMatrixError, ConfigurationError

LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_LOGS = 15.0


class DataTable(Section):
    """One source of molecules.

    Parameters
    ----------
    source : str
        Its corpus name.
    molecules : int, optional
        The most to draw, at random; all by default.
    conformers : int, optional
        The most conformers of one molecule; all by default.
    embed : bool
        For sources of SMILES: give each molecule one ETKDGv3 conformer, MMFF94-optimised.
    embed_attempts : int, optional
        The starting positions tried for each, of either kind; by its size when not given.
    """

    source: str
    molecules: int | None = Field(default=None, gt=0)
    conformers: int | None = Field(default=None, gt=0)
    embed: bool = False
    embed_attempts: int | None = Field(default=None, ge=1)


def gather(
    table: DataTable, source: EntitySource, seed: str, kept: Path
) -> tuple[list[PreparedMolecule], dict[str, Any]]:
    """Return the training molecules of one source, and what the weights' description records about it.

    Parameters
    ----------
    table : DataTable
    source : EntitySource
        The one that the table names.
    seed : str
        Decides which molecules are drawn.
    kept : Path
        An SD file: read if it exists and was gathered for an equal table, seed and content, otherwise written.

    Raises
    ------
    ConfigurationError
        No molecule of the source can be learned from.
    """
    asked_table = table.model_dump(exclude={"embed_attempts"} if table.embed_attempts is None else None)
    request = {"table": asked_table, "seed": seed, "content": source.fingerprint}
    note = kept.with_suffix(".json")
    if not (kept.is_file() and _asked(note) == request):
        if kept.is_file():
            LOG.info("%s was gathered for another seed, table or content; it is gathered anew", kept.name)
        make_folder(kept.parent)
        note.unlink(missing_ok=True)
        refused: Counter[str] = Counter()
        count = _write(kept, _draw(table, source, random.Random(seed), refused))
        LOG.info("%s: %d molecules, refused %s", source.name, count, dict(refused.most_common(5)))
        if not count:
            kept.unlink(missing_ok=True)
            reasons = "; ".join(f"{number} times {reason}" for reason, number in refused.most_common(3))
            raise ConfigurationError(
                f"source {source.name}: none of its molecules can be learned from"
                f"{f' (refused: {reasons})' if reasons else ''}; leave it out of [[data]] or draw more molecules"
            )
        write_whole(note, json.dumps({"asked": request, "refused": refused}, indent=2).encode())
    with BlockLogs():
        mols = [mol for mol in Chem.SDMolSupplier(str(kept), removeHs=False) if mol is not None]
    molecules = list(_prepare_each(mols))
    LOG.info("%s: %d molecules ready", source.name, len(molecules))
    about = {
        "source": source.name,
        "name": source.origin,
        "licence": " AND ".join(source.licence),
        "molecules": len(molecules),
        "embedded": table.embed,
    }
    return molecules, about


def without_hydrogens(molecules: Sequence[PreparedMolecule], share: float) -> list[PreparedMolecule]:
    """Return copies without hydrogens of every k-th molecule, k = 1 / share rounded, if at least two atoms remain."""
    if share <= 0.0:
        return []
    bare = []
    with BlockLogs():
        for item in molecules[:: max(round(1.0 / share), 1)]:
            mol = Chem.RemoveHs(item.mol)
            if 1 < mol.GetNumAtoms() < item.size:
                bare.append(mol)
    return list(_prepare_each(bare))


def _asked(note: Path) -> Any:
    """Return what an SD file was gathered for; None where its note is missing or cannot be read."""
    try:
        return json.loads(note.read_text(encoding="utf-8")).get("asked")
    except (OSError, ValueError, AttributeError):
        return None


def _write(path: Path, molecules: Iterator[Molecule]) -> int:
    """Write molecules to an SD file that appears whole or not at all; return how many."""
    partial = path.with_suffix(".partial")
    count = 0
    try:
        with Chem.SDWriter(str(partial)) as writer:
            for molecule in molecules:
                writer.write(molecule.mol)
                count += 1
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _prepare_each(mols: Iterable[Chem.Mol]) -> Iterator[PreparedMolecule]:
    for mol in mols:
        try:
            yield prepare(Molecule(mol))
        except BioMatrixError as error:
            LOG.debug("left out: %s", error)


def _draw(table: DataTable, source: EntitySource, rng: random.Random, refused: Counter[str]) -> Iterator[Molecule]:
    rows = list(source.rows())
    rng.shuffle(rows)
    limit = min(table.molecules or len(rows), len(rows))
    conformers: Counter[str] = Counter()
    taken = 0
    started = logged = time.monotonic()
    for identifier, row in rows:
        if taken >= limit:
            return
        name = identifier.split("/")[0]
        conformers[name] += 1
        if table.conformers is not None and conformers[name] > table.conformers:
            continue
        try:
            entity, learnable = source.read(identifier, row)
            if not isinstance(entity, Molecule):
                continue
            taken += 1  # held-out molecules count too, so that the draw does not depend on the rule
            if learnable:
                yield entity.embed(seed=0, attempts=table.embed_attempts) if table.embed else entity
        except BioMatrixError as error:
            refused[error.message[:40]] += 1
        now = time.monotonic()
        if now - logged > _SECONDS_BETWEEN_LOGS and taken:
            rate = taken / (now - started)
            LOG.info("%s: %d of %d, %.0f/s, %.0f s left", source.name, taken, limit, rate, (limit - taken) / rate)
            logged = now
