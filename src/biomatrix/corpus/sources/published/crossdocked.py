"""CrossDocked2020: ligands docked into pockets of the Protein Data Bank, by types files beside SDF and PDB files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from pydantic import Field

from biomatrix.corpus.holdout import split_of
from biomatrix.corpus.records import INTERACTION, Record
from biomatrix.corpus.sources.lmdb_tables import LmdbTable, is_pickle
from biomatrix.corpus.sources.published.pose_lines import Pose, pose_of_list, pose_of_types
from biomatrix.corpus.sources.published.published_source import PublishedSource
from biomatrix.corpus.sources.tables import Table
from biomatrix.corpus.sources.text_tables import BrokenRow, CutRecord, DelimitedTable, MarkedTable
from biomatrix.entities import Molecule, Protein
from biomatrix.entities.files.opening import read_bytes
from biomatrix.entities.files.unpacking import without_packing
from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.entities.molecule.files.cutting import RecordText
from biomatrix.entities.molecule.files.mol_block import read_mol_block
from biomatrix.entities.protein.files.chains import ChainRecord, protein_chains, to_protein
from biomatrix.entities.settings import Section
from biomatrix.entities.structure_files.atom_table import AtomTable
from biomatrix.entities.structure_files.reading import read_atom_table
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, ParseError

STRUCTURES: Final = ("CrossDocked2020", "crossdocked_pocket10")
"""Folders beside that of the types files, below which the pockets lie."""


class PoseSettings(Section):
    """Which poses are kept.

    Parameters
    ----------
    largest_rmsd : float
        Angstrom from the pose in the crystal; at 2 and below the publishers call a pose good.
    """

    largest_rmsd: float = Field(default=2.0, gt=0)


class CrossDockedSource(PublishedSource):
    """Poses as pairs of a ligand and the chain nearest to it, in the frame of the receptor's file."""

    settings_form: ClassVar[type[Section]] = PoseSettings
    settings: PoseSettings

    def table(self, path: Path) -> Table:
        """Return the poses of a types file, or of a list of pockets.

        Raises
        ------
        ConfigurationError
            The file is the processed LMDB, whose values are pickled.
        """
        name = without_packing(path.name).lower()
        if name.endswith(".lmdb"):
            _refuse_lmdb(path)
        return DelimitedTable(path, "\t") if name.endswith(".tsv") else MarkedTable(path, "", None, "#")

    def expand(self, table: Table, number: int, row: str | dict[str, str]) -> Iterator[tuple[str, Any]]:
        """Yield the one pose, by the path of its ligand and its number there."""
        try:
            if isinstance(row, BrokenRow | CutRecord):
                raise ParseError(row.reason)
            pose = pose_of_types(row) if isinstance(row, str) else pose_of_list(row)
        except BioMatrixError as error:
            yield f"{table.path.name}:{number + 1}", error
            return
        yield f"{pose.ligand.removesuffix('.sdf')}:{pose.number}", (table.path, pose)

    def record(self, identifier: str, row: tuple[Path, Pose] | BioMatrixError) -> Record:
        """Return a pose.

        Raises
        ------
        LimitError
            It is too far from that in the crystal.
        ParseError
            A file is missing or broken.
        """
        if isinstance(row, BioMatrixError):
            raise row
        path, pose = row
        if pose.rmsd is not None and pose.rmsd > self.settings.largest_rmsd:
            raise LimitError(f"more than {self.settings.largest_rmsd:g} Angstrom from the pose in the crystal")
        ligand = _ligand(_found(path, pose.ligand), pose.number)
        parts = {"ligand": ligand, "protein": _receptor(_found(path, pose.receptor), ligand)}
        fields = {
            "affinity": "" if pose.affinity is None else f"{pose.affinity:.2f}",
            "rmsd": "" if pose.rmsd is None else f"{pose.rmsd:.2f}",
            "vina_score": "" if pose.score is None else f"{pose.score:.2f}",
        }
        kept = {name: value for name, value in fields.items() if value}
        return Record(self.name, identifier, INTERACTION, split_of(*parts.values()), kept, None, parts)


def _found(listed_in: Path, name: str) -> Path:
    """Return a file of structures, packed or not, below a known folder and nowhere else; ParseError where it is not."""
    if ".." in Path(name).parts or Path(name).is_absolute():
        raise ParseError(f"a path that leads out of the folder: {name!r}")
    for folder in (listed_in.parent, listed_in.parent.parent):
        for structures in STRUCTURES:
            for ending in ("", ".gz"):
                path = folder / structures / f"{name}{ending}"
                if path.is_file():
                    return path
    raise ParseError(f"no file {name}")


@lru_cache(maxsize=4)
def _poses(path: Path) -> MarkedTable:
    """Return the reader of a ligand's file, which goes on from pose to pose."""
    return MarkedTable(path, None, "$$$$")


def _ligand(path: Path, number: int) -> Molecule:
    text = next(_poses(path).rows(number), None)
    if text is None:
        raise ParseError(f"no pose {number} in {path.name}")
    molecule = read_mol_block(RecordText(number + 1, 1, str(text)), DEFAULT_LIMITS)
    if not molecule.has_conformer:
        raise ParseError(f"pose {number} in {path.name} has no coordinates in space")
    return molecule


@lru_cache(maxsize=8)
def _chains(path: Path) -> tuple[AtomTable, list[ChainRecord]]:
    atoms = read_atom_table(read_bytes(path), "pdb", DEFAULT_LIMITS)
    return atoms, protein_chains(atoms)


def _receptor(path: Path, ligand: Molecule) -> Protein:
    """Return the chain with the atom that lies nearest to the ligand."""
    atoms, chains = _chains(path)
    if not chains:
        raise ParseError(f"no protein chain in {path.name}")
    positions = np.asarray(ligand.mol.GetConformer().GetPositions())

    def distance(chain: ChainRecord) -> float:
        rows = np.concatenate([residue.rows for residue in chain.residues])
        gaps = atoms.coordinates[rows][:, None] - positions[None]
        return float(np.nanmin(np.einsum("aps,aps->ap", gaps, gaps)))

    nearest = min(chains, key=distance)
    return to_protein(nearest, atoms, without_packing(path.name).removesuffix(".pdb"), DEFAULT_LIMITS)


def _refuse_lmdb(path: Path) -> None:
    _, value = next(LmdbTable(path).rows(), (b"", b""))
    what = "pickled Python objects, which can run code when they are loaded" if is_pickle(value) else "of no known form"
    raise ConfigurationError(
        f"the values of this LMDB file are {what}; read the types file with its SDF and PDB files", file=str(path)
    )
