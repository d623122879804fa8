"""The registration of molecules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from biomatrix.entities.check import Check
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.entities.molecule.files.table_columns import BLOCK_COLUMNS, CONFORMER_COLUMNS, SMILES_COLUMNS
from biomatrix.entities.registration import (
    Example,
    FileFormat,
    Kind,
    PublishedCheckpoint,
    ShownTask,
    Table,
    View,
    ViewerStyle,
)
from biomatrix.entities.rejects import Reject
from biomatrix.entities.samples import Sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from biomatrix.entities.molecule.entity import Molecule

_HERE = "biomatrix.entities.molecule"
_TABLE = (
    "a table may hold anything; name one of molecules, whose header names a column SMILES, .smi, or give --format smi "
    "(file_format='smi' in Python); sequences are read from .fasta"
)


class MoleculeKind(Kind):
    """Small molecules: a graph, perhaps with a conformer."""

    name: ClassVar[str] = "molecule"
    plural: ClassVar[str] = "molecules"
    typed_as: ClassVar[str] = "a SMILES string"
    formats: ClassVar[tuple[FileFormat, ...]] = (
        FileFormat("smi", (".smi", ".smiles", ".ism"), appends=True, structure=False, starts="", comments="#"),
        FileFormat("selfies", (".selfies", ".sfi"), appends=True, structure=False, starts="", comments="#"),
        FileFormat("sdf", (".sdf", ".sd"), appends=True, ends="$$$$"),
        FileFormat("mol", (".mol", ".mdl"), many=False, appends=True, begins_as="sdf"),
        FileFormat("mol2", (".mol2",), writes=False, starts="@<TRIPOS>MOLECULE"),
    )
    record_words: ClassVar[tuple[str, ...]] = ("ligand", "smiles")
    refused_extensions: ClassVar[Mapping[str, str]] = {
        ".pdbqt": "PDBQT holds no bond orders; use the .sdf or .pdb it was made from",
        ".xyz": "XYZ holds no bonds; use .sdf",
        ".csv": _TABLE,
        ".tsv": _TABLE,
        ".xlsx": "a workbook of Excel; save the sheet as CSV and give that with --format smi",
        ".xls": "a workbook of Excel; save the sheet as CSV and give that with --format smi",
        ".cdx": "a drawing of ChemDraw; save it as .sdf or .mol",
        ".cdxml": "a drawing of ChemDraw; save it as .sdf or .mol",
        ".mae": "Maestro files are not read; export .sdf",
        ".maegz": "Maestro files are not read; export .sdf",
    }
    modalities: ClassVar[Mapping[str, str]] = {
        "molecule_smiles": f"{_HERE}.modalities.smiles:MoleculeSmiles",
        "molecule_selfies": f"{_HERE}.modalities.selfies:MoleculeSelfies",
        "molecule_structure": f"{_HERE}.modalities.structure:MoleculeStructure",
    }
    encoders: ClassVar[Mapping[str, str]] = {
        "morgan": f"{_HERE}.encoders.morgan:MorganCounts",
        "fingerprints": f"{_HERE}.encoders.fingerprints:Fingerprints",
    }
    architectures: ClassVar[Mapping[str, str]] = {
        "conditioned": f"{_HERE}.structure.conditioned.tokenizer:ConditionedTokenizer",
        "molstructok": f"{_HERE}.structure.molstructok.tokenizer:MolStrucTok",
    }
    weights: ClassVar[Path | None] = Path(__file__).parent / "structure" / "weights"
    default_tokenizer: ClassVar[str | None] = "conditioned-512"
    former_tokenizers: ClassVar[Mapping[str, str]] = {
        "molstructok-closed": "it is no longer shipped; train it with recipes/molstructok.toml, or name its folder",
    }
    published: ClassVar[Mapping[str, PublishedCheckpoint]] = {
        "molstructok": PublishedCheckpoint(
            b"quantizer.embedding.",
            f"{_HERE}.structure.molstructok.conversion:convert_checkpoint",
            f"{_HERE}.structure.molstructok.checkpoint:read_checkpoint",
        )
    }
    trainers: ClassVar[Mapping[str, str]] = {
        "conditioned": f"{_HERE}.structure.conditioned.recipe:train",
        "molstructok": f"{_HERE}.structure.molstructok.recipe:train",
    }
    constraints: ClassVar[Mapping[str, str]] = {
        "elements": f"{_HERE}.constraints.elements:Elements",
        "formula": f"{_HERE}.constraints.formula:Formula",
        "atoms": f"{_HERE}.constraints.sizes:Atoms",
        "rings": f"{_HERE}.constraints.sizes:Rings",
        "bonds": f"{_HERE}.constraints.bonds:Bonds",
        "scaffold": f"{_HERE}.constraints.scaffold:Scaffold",
        "contains": f"{_HERE}.constraints.fragments:Contains",
        "without": f"{_HERE}.constraints.fragments:Without",
        "charge": f"{_HERE}.constraints.whole:Charge",
        "radicals": f"{_HERE}.constraints.radicals:Radicals",
        "connected": f"{_HERE}.constraints.whole:Connected",
        "similar": f"{_HERE}.constraints.whole:Similar",
        "graph": f"{_HERE}.constraints.exact_graph:ExactGraph",
    }
    size_limit: ClassVar[str | None] = "atoms_per_molecule"
    tables: ClassVar[tuple[Table, ...]] = (
        Table("conformers", CONFORMER_COLUMNS, f"{_HERE}.files.tables:read_conformers"),
        Table("MOL blocks", BLOCK_COLUMNS, f"{_HERE}.files.tables:read_blocks"),
        Table("SMILES", SMILES_COLUMNS, f"{_HERE}.files.tables:read_smiles", "csv", any_column=True, structure=False),
    )
    round_trip: ClassVar[str | None] = f"{_HERE}.round_trip.measure:round_trip"
    round_trip_options: ClassVar[str | None] = f"{_HERE}.round_trip.options:MoleculeRoundTripOptions"
    relaxations: ClassVar[Mapping[str, str]] = {
        method: f"{_HERE}.relaxation:{method}" for method in ("mmff", "uff", "xtb")
    }
    parity: ClassVar[Mapping[str, str]] = {"molstructok": f"{_HERE}.structure.molstructok.parity:COMPARISON"}
    views: ClassVar[tuple[View, ...]] = (
        View("molecule_smiles", "single", ("molecule_smiles",)),
        View("molecule_selfies", "single", ("molecule_selfies",)),
        View("molecule_structure", "single", ("molecule_structure",)),
        View(
            "molecule_mixed",
            "composed",
            parts={
                "molecule_smiles": 0.4,
                "molecule_selfies": 0.6,
                "molecule_structure": 0.6,
                "name": 0.8,
                "description": 0.9,
                "formula": 0.3,
                "weight": 0.3,
                "donors": 0.2,
                "acceptors": 0.2,
                "tpsa": 0.2,
                "log_solubility": 0.5,
                "lipophilicity": 0.5,
                "hydration": 0.5,
                "iupac_name": 0.5,
                "synonyms": 0.3,
                "xlogp": 0.3,
                "alogp": 0.3,
                "homo": 0.4,
                "lumo": 0.4,
                "gap": 0.5,
                "dipole": 0.3,
            },
        ),
    )
    filters: ClassVar[Mapping[str, str]] = {
        "molecule_size": "biomatrix.entities.molecule.filters:MoleculeSize",
        "molecule_elements": "biomatrix.entities.molecule.filters:MoleculeElements",
        "molecule_charge": "biomatrix.entities.molecule.filters:MoleculeCharge",
        "molecule_fragments": "biomatrix.entities.molecule.filters:MoleculeFragments",
        "molecule_radicals": "biomatrix.entities.molecule.filters:MoleculeRadicals",
        "molecule_isotopes": "biomatrix.entities.molecule.filters:MoleculeIsotopes",
    }
    held_out_keys: ClassVar[frozenset[str]] = frozenset(
        {"Cn1c(=O)c2c(ncn2C)n(C)c1=O", "COc1cc(N(C)CC2CCC3=C(C2)C(N)=NC(N)N3)cc(OC)c1OC"}
    )
    """The molecules the package shows as examples: caffeine, the ligand of 1s3v."""
    shown_tasks: ClassVar[tuple[ShownTask, ...]] = (
        ShownTask("make_molecule_selfies", "Make molecules (SELFIES)"),
        ShownTask("make_molecule_smiles", "Make molecules (SMILES)"),
        ShownTask("make_molecule_structure", "Make molecules in 3D"),
        ShownTask("molecule_from_name", "Make a molecule from a text", {"name": "benzoic acid"}),
        ShownTask("describe_molecule", "Describe a molecule"),
        ShownTask("predict_log_solubility", "Predict a property: log solubility"),
        ShownTask("predict_weight", "Predict a property: molecular weight"),
    )
    viewer: ClassVar[tuple[str, ViewerStyle] | None] = ("sdf", "sticks")
    colours: ClassVar[Mapping[str, tuple[str, str]]] = {
        "molecule_smiles": ("#8a5a00", "#e0b050"),
        "molecule_selfies": ("#b3421e", "#f08d68"),
        "molecule_structure": ("#8c2f6b", "#e58cc4"),
    }

    @property
    def entity(self) -> type[Molecule]:
        from biomatrix.entities.molecule.entity import Molecule

        return Molecule

    def parse(self, text: str, name: str = "", *, limits: Limits = DEFAULT_LIMITS) -> Molecule:
        return self.entity.from_smiles(text, name, limits=limits)

    def text(self, entity: Molecule) -> str:
        return entity.smiles

    def to_bytes(self, entity: Molecule) -> bytes:
        """Return a line of JSON (the notes), then RDKit's own binary form."""
        return json.dumps({"notes": entity.notes}).encode() + b"\n" + bytes(entity.mol.ToBinary())

    def from_bytes(self, data: bytes, name: str = "") -> Molecule:
        from rdkit import Chem

        head, _, body = data.partition(b"\n")
        mol: Any = Chem.Mol
        molecule = self.entity.from_rdkit(mol(body), name=name)
        return self.entity(molecule.mol, name, tuple(json.loads(head)["notes"]))

    def identity(self, entity: Molecule) -> str:
        from biomatrix.entities.molecule.identity import graph_key

        return graph_key(entity.mol)

    def overlap_keys(self, entity: Molecule) -> dict[str, str]:
        from biomatrix.entities.molecule.overlap import overlap_keys

        return overlap_keys(entity.mol)

    def read(
        self, path: str | Path, file_format: str, *, limits: Limits = DEFAULT_LIMITS, **settings: Any
    ) -> Iterator[Molecule | Reject]:
        from biomatrix.entities.molecule.files.records import read_molecules

        return read_molecules(path, file_format=file_format, limits=limits, **settings)

    def write(self, entities: Sequence[Molecule], path: str | Path, file_format: str, **settings: Any) -> None:
        from biomatrix.entities.molecule.files.records import write_molecules

        write_molecules(entities, path, file_format, **settings)

    def record_bytes(self, entity: Molecule, file_format: str) -> bytes:
        from biomatrix.entities.molecule.files.records import record_bytes

        return record_bytes(entity, file_format)

    def sample_bytes(self, samples: Sequence[Sample], file_format: str) -> bytes:
        from biomatrix.entities.molecule.files.samples import sample_bytes

        return sample_bytes(samples, file_format)

    def named(self, entity: Molecule, name: str) -> Molecule:
        return self.entity(entity.mol, name, entity.notes)

    def recognises(self, head: bytes) -> str | None:
        if any(line.startswith(b"@<TRIPOS>MOLECULE") for line in head.split(b"\n")):
            return "mol2"
        lines = head.decode("utf-8", "replace").split("\n")
        counts = lines[3] if len(lines) > 3 else ""
        return "sdf" if counts.rstrip().endswith(("V2000", "V3000")) else None

    def check(self, entity: Molecule) -> list[Check]:
        from biomatrix.entities.molecule.checks import check_geometry, check_graph

        return check_graph(entity) + (check_geometry(entity) if entity.has_structure else [])

    def further_checks(self, entity: Molecule) -> list[Check]:
        """Return the whole strain and PoseBusters' own checks; nothing for a graph alone."""
        from biomatrix.entities.molecule.posebusters_checks import posebusters_checks
        from biomatrix.entities.molecule.strain import check_strain

        return [check_strain(entity), *posebusters_checks(entity)] if entity.has_structure else []

    def agree(self, reference: Molecule, entity: Molecule) -> list[Check]:
        from biomatrix.entities.molecule.agreement import agree_molecules

        return agree_molecules(reference, entity)

    def find_written(self, text: str) -> Iterator[str]:
        from biomatrix.entities.molecule.smiles_text import find_smiles

        return find_smiles(text)

    def compare(self, original: Molecule, decoded: Molecule) -> list[Check]:
        from biomatrix.entities.molecule.compare import compare_molecules

        return compare_molecules(original, decoded)

    def meaning(self, entity: Molecule) -> str:
        """Return the canonical SMILES with stereochemistry and isotopes: conformers and spellings of it are one."""
        from biomatrix.entities.molecule.identity import stereoisomer_key

        return stereoisomer_key(entity.mol)

    def fingerprint(self, entity: Molecule, modality: str) -> NDArray[np.bool_]:
        """Return the Morgan fingerprint of radius 2, ``bool [2048]``; every modality shows the whole graph."""
        from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

        bits: NDArray[np.bool_] = (
            GetMorganGenerator(radius=2, fpSize=2048).GetFingerprintAsNumPy(entity.mol).astype(bool)
        )
        return bits

    def properties(self, entity: Molecule) -> dict[str, str]:
        from biomatrix.entities.molecule.properties import computed_properties

        return computed_properties(entity.mol)

    def points(self, entity: Molecule) -> NDArray[np.float32] | None:
        return entity.coordinates

    def with_points(self, entity: Molecule, points: NDArray[np.floating]) -> Molecule:
        return entity.with_coordinates(points)

    def superpose(self, moving: Molecule, target: Molecule) -> Molecule:
        from biomatrix.entities.molecule.superposition import laid_over

        return laid_over(moving, target)

    def completed(self, entity: Molecule, seed: int = 0) -> tuple[Molecule, str]:
        from biomatrix.errors import BioMatrixError

        if entity.has_structure:
            return entity.with_hydrogens(), ""  # 3D tokens write all atoms
        try:
            return entity.embed(seed=seed), ", conformer by ETKDG and MMFF"
        except BioMatrixError as error:
            return entity, f"; without 3D: {error.message}"

    def picture(self, entity: Molecule, weights: Sequence[float] | None = None, label: str = "") -> str | None:
        from biomatrix.entities.molecule.picture import MOST_ATOMS, draw

        if entity.mol.GetNumHeavyAtoms() > MOST_ATOMS:
            return None
        return draw(entity, weights=weights, label=label)

    def examples(self) -> list[Example]:
        from biomatrix.entities.molecule.examples import examples

        return examples()

    def samples(self) -> list[Example]:
        from biomatrix.entities.molecule.examples import samples

        return samples()


MOLECULE = MoleculeKind()
