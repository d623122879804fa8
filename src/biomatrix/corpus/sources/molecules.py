"""Molecules written as SMILES, some with a name, a description or a measured property."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from biomatrix.corpus.holdout import bucket, is_property_held_out
from biomatrix.corpus.records import Record
from biomatrix.corpus.sources.base import Provenance, Source
from biomatrix.corpus.sources.embedded_conformers import NO_CONFORMER, with_conformers
from biomatrix.corpus.sources.molecule_records import SIZES, molecule_record, parse_smiles
from biomatrix.corpus.sources.tables import ParquetTable, Table, parquet_rows
from biomatrix.corpus.sources.text_tables import DelimitedTable


class SmilesSource(Source):
    """A table with a SMILES column.

    Parameters
    ----------
    smiles : str
        The column that holds the SMILES string.
    fields : mapping of str to str
        By column that is kept, the name of its field in the record.
    measured : bool
        Whether the fields are measured labels: a tenth of the molecules is then held out besides the usual fiftieth.
    embed : float
        The share of molecules given a conformer (ETKDG, MMFF94), drawn by the hash of their id.
    one_in : int
        Keep one row in this many, drawn by the hash of its id.
    """

    largest = SIZES

    def __init__(
        self,
        name: str,
        provenance: Provenance,
        root: Path,
        *,
        smiles: str = "smiles",
        fields: Mapping[str, str] | None = None,
        measured: bool = False,
        embed: float = 0.0,
        one_in: int = 1,
    ) -> None:
        super().__init__(name, provenance, root)
        self.smiles = smiles
        self.fields = dict(fields or {})
        self.measured = measured
        self.embed = embed
        self.one_in = one_in
        self.one_to_one = type(self).one_to_one and one_in == 1

    def table(self, path: Path) -> Table:
        if path.suffix == ".parquet":
            return ParquetTable(path, [self.smiles, *self.fields])
        tab = path.name.endswith(".txt.gz")
        table = DelimitedTable(path, "\t" if tab else ",", quotes=not tab)
        table.require([self.smiles, *self.fields])
        return table

    def expand(self, table: Table, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        index = number + 1
        if self.one_in == 1 or bucket(f"{self.name}:{index}", self.one_in) == 0:
            yield str(index), row

    def record(self, identifier: str, row: Mapping[str, Any]) -> Record:
        mol = parse_smiles(row[self.smiles])
        fields = {field: str(row[column] or "") for column, field in self.fields.items()}
        record = molecule_record(self.name, identifier, mol, fields, sizes=self.largest)
        split, entity = record.split, record.entity
        if self.measured and split == "train" and entity is not None and is_property_held_out(entity):
            split = "held_out_label"
        if self.embed and bucket(f"embed:{self.name}:{identifier}", 1000) < self.embed * 1000:
            entity = with_conformers(entity, self.conformers, self.embed_attempts)
        return Record(record.source, record.id, record.kind, split, record.fields, entity)

    def left_out(self, record: Record) -> Iterator[str]:
        """Yield the reason where a molecule was to have a conformer and has none."""
        notes = () if record.entity is None else record.entity.notes
        return (note for note in notes if note.startswith(NO_CONFORMER))


class ReactantSource(SmilesSource):
    """The reactants of a table of reactions, dots between them: each once, where it is first met."""

    one_to_one = False

    def expand(self, table: Table, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for place, smiles in enumerate(dict.fromkeys((row[self.smiles] or "").split(".")), 1):
            if smiles and self._first[smiles] == (table.path, number):
                yield f"{number + 1}.{place}", {self.smiles: smiles}

    @cached_property
    def _first(self) -> dict[str, tuple[Path, int]]:
        """By string of a reactant, the file and the row that it is first met in."""
        first: dict[str, tuple[Path, int]] = {}
        for path in self.paths:
            for number, row in enumerate(parquet_rows(path, (self.smiles,))):
                for smiles in (row[self.smiles] or "").split("."):
                    first.setdefault(smiles, (path, number))
        return first


GROVER = "tencent-ailab/grover; MoleculeNet (Wu et al. 2018)"


def _moleculenet(name: str, field: str | None, embed: float) -> Callable[[Path], Source]:
    column = {"esol": "logSolubility", "lipo": "lipo", "freesolv": "freesolv"}.get(name)
    return lambda root: SmilesSource(
        f"moleculenet_{name}",
        Provenance(
            ("MIT",),
            GROVER,
            (f"molecule/moleculenet/{name}.csv.gz",),
            "all; decontamination leaves out what published splits hold out",
            category="molecule",
            part="other",
        ),
        root,
        fields={column: field} if column and field else {},
        measured=field is not None,
        embed=embed,
    )


def _qm9(root: Path) -> Source:
    return SmilesSource(
        "qm9",
        Provenance(
            ("CC0-1.0", "MIT"),
            "wenhao-gao/mol_opt; QM9 (Ramakrishnan et al. 2014)",
            ("molecule/qm9_smiles.parquet",),
            "a third of the list",
            category="molecule",
            part="1d",
        ),
        root,
        embed=0.8,
        one_in=3,
    )


def _qm9_whole(root: Path) -> Source:
    return SmilesSource(
        "qm9_whole",
        Provenance(
            ("CC0-1.0", "MIT"),
            "wenhao-gao/mol_opt; QM9 (Ramakrishnan et al. 2014)",
            ("molecule/qm9_smiles.parquet",),
            "the whole list",
            category="molecule",
            part="1d",
        ),
        root,
        embed=1.0,
    )


def _hiv(root: Path) -> Source:
    return SmilesSource(
        "moleculenet_hiv",
        Provenance(
            ("MIT",),
            "deepchem/deepchem; DTP AIDS antiviral screen",
            ("molecule/moleculenet/hiv.csv.gz",),
            "all; decontamination leaves out what published splits hold out",
            category="molecule",
            part="other",
        ),
        root,
    )


def _uspto(root: Path) -> Source:
    return SmilesSource(
        "uspto50k_products",
        _reactions("products of the training reactions outside the conventional hold-out"),
        root,
        smiles="product",
        embed=0.02,
    )


def _reactants(root: Path) -> Source:
    return ReactantSource(
        "uspto50k_reactants",
        _reactions("reactants of the training reactions outside the conventional hold-out"),
        root,
        smiles="reactants",
        embed=0.02,
    )


def _reactions(split: str) -> Provenance:
    return Provenance(
        ("CC0-1.0", "Apache-2.0", "MIT"),
        "pandegroup/reaction_prediction_seq2seq, uta-smile/RetroXpert; USPTO reactions (Lowe)",
        ("reaction/uspto50k/uspto50k_train_without_gln_holdout.parquet",),
        split,
        category="molecule",
        part="1d",
    )


def _chebi(root: Path) -> Source:
    return SmilesSource(
        "chebi20_validation",
        Provenance(
            ("BSD-3-Clause", "CC-BY-4.0"),
            "blender-nlp/MolT5; ChEBI",
            ("molecule/chebi20/validation.txt.gz",),
            "the validation part (the training part is not at hand); a slice is held out",
            category="molecule",
            part="other",
        ),
        root,
        smiles="SMILES",
        fields={"description": "description"},
        embed=0.3,
    )


def _iupac(root: Path) -> Source:
    return SmilesSource(
        "pubchem_iupac_pairs",
        Provenance(
            ("MIT",),
            "nobyt/smiles2iupac; PubChem names (public domain)",
            ("molecule/pubchem_records/iupac_pairs_small.parquet",),
            "all",
            category="molecule",
            part="other",
        ),
        root,
        fields={"pubchem_iupac": "name"},
        embed=0.7,
    )


def _opsin(root: Path) -> Source:
    return SmilesSource(
        "opsin_names",
        Provenance(
            ("MIT",), "dan2097/opsin", ("molecule/opsin_names.parquet",), "all", category="molecule", part="other"
        ),
        root,
        fields={"name": "name"},
        embed=0.5,
    )


MOLECULE_SOURCES: dict[str, Callable[[Path], Source]] = {
    "qm9": _qm9,
    "qm9_whole": _qm9_whole,
    "moleculenet_hiv": _hiv,
    "moleculenet_tox21": _moleculenet("tox21", None, 0.25),
    "moleculenet_bbbp": _moleculenet("bbbp", None, 0.25),
    "moleculenet_esol": _moleculenet("esol", "log_solubility", 1.0),
    "moleculenet_lipo": _moleculenet("lipo", "lipophilicity", 0.1),
    "moleculenet_freesolv": _moleculenet("freesolv", "hydration", 1.0),
    "uspto50k_products": _uspto,
    "uspto50k_reactants": _reactants,
    "chebi20_validation": _chebi,
    "pubchem_iupac_pairs": _iupac,
    "opsin_names": _opsin,
}
