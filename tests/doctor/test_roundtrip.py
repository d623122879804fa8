"""Measured round trips: figures agree with what was done to the molecules and chains, and failures are named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from biomatrix.doctor.bigram import BigramModel, replaced
from biomatrix.doctor.molecule_errors import MoleculeTally, bond_types, ring_closing
from biomatrix.doctor.molecule_roundtrip import MoleculeRoundTrip, measure_molecules
from biomatrix.doctor.protein_roundtrip import measure_proteins
from biomatrix.doctor.roundtrip_files import RoundTripOptions, measure_file, table_of
from biomatrix.doctor.roundtrip_text import molecule_text, protein_text
from biomatrix.doctor.statistics import BondError, CodeUse, Spread, by_size, plain
from numpy.typing import NDArray
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.doctor.records import count_records, kind_of, molecule_records, protein_records
from biomatrix.entities import Molecule, MoleculeStructureTokenizer, Protein, ProteinStructureTokenizer, Reject
from biomatrix.entities.bundled import complex_folder
from biomatrix.entities.molecule.examples import bundled_component, bundled_ligand
from biomatrix.entities.molecule.structure.inputs import prepare
from biomatrix.entities.protein.examples import bundled_protein
from biomatrix.errors import ConfigurationError, ParseError, UnsupportedError

RUNNER = CliRunner()
CODES = ("CFF", "AIN", "TRP", "GLC")


@pytest.fixture(scope="module")
def tokenizer() -> MoleculeStructureTokenizer:
    return MoleculeStructureTokenizer.from_pretrained()


@pytest.fixture(scope="module")
def molecules() -> list[Molecule]:
    return [bundled_component(code) for code in CODES]


@pytest.fixture
def sdf(tmp_path: Path, molecules: list[Molecule]) -> Path:
    path = tmp_path / "all.sdf"
    for molecule in molecules:
        molecule.to_file(tmp_path / "one.sdf")
        with path.open("a") as stream:
            stream.write((tmp_path / "one.sdf").read_text())
    return path


def conformer_table(molecules: Sequence[Molecule], path: Path) -> Path:
    """Write molecules in the layout of a table of conformers."""
    from rdkit import Chem

    rows = []
    for molecule in molecules:
        mol = Chem.Mol(molecule.mol)
        Chem.Kekulize(mol, clearAromaticFlags=True)
        rows.append(
            {
                "id": molecule.name,
                "atomic_numbers": [atom.GetAtomicNum() for atom in mol.GetAtoms()],
                "positions": mol.GetConformer().GetPositions().ravel().tolist(),
                "bonds": [
                    int(value)
                    for bond in mol.GetBonds()
                    for value in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), bond.GetBondTypeAsDouble())
                ],
                "formal_charges": [atom.GetFormalCharge() for atom in mol.GetAtoms()],
            }
        )
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_spreads_bonds_and_codes_sum_up_what_they_are_given() -> None:
    spread = Spread.of([1.0, 2.0, float("nan"), 6.0])
    assert (spread.count, spread.mean, spread.median, spread.max) == (3, 3.0, 2.0, 6.0)
    bond = BondError.of([-0.1, 0.3])
    assert (bond.count, bond.mae, bond.bias, bond.max) == (2, pytest.approx(0.2), pytest.approx(0.1), 0.3)
    use = CodeUse.of(np.array([4, 4, 0, 0]))
    assert (use.used, use.num_codes, use.perplexity) == (2, 4, pytest.approx(2.0))
    ranges = by_size([1.0, 2.0, 3.0], [1, 14, 80], (1, 15, 60, 81))
    assert {label: spread.count for label, spread in ranges.items()} == {"1-14": 2, "60-80": 1}


def test_no_figures_turn_into_null() -> None:
    assert plain(Spread.of([])) == {
        "count": 0, "mean": None, "median": None, "p5": None, "p95": None, "min": None, "max": None
    }  # fmt: skip
    json.dumps(plain({"a": (np.float64(1.0), np.int64(2))}), allow_nan=False)


def test_the_round_trip_of_an_exact_copy_has_no_error(molecules: list[Molecule]) -> None:
    tally = MoleculeTally()
    for number, molecule in enumerate(molecules, start=1):
        ordered = prepare(molecule)
        from rdkit import Chem

        copy = Molecule(Chem.RenumberAtoms(molecule.mol, ordered.graph.order.tolist()))
        found = tally.add(number, molecule, ordered, copy)
        assert found.rmsd < 1e-6
        assert found.same_stereochemistry
    errors = tally.errors()
    assert errors.bonds["all"].max < 1e-6
    assert errors.handedness.kept == errors.handedness.total > 5
    assert errors.bonds["all"].count == sum(molecule.mol.GetNumBonds() for molecule in molecules)


def test_a_mirror_image_loses_its_handedness(molecules: list[Molecule]) -> None:
    glucose = molecules[CODES.index("GLC")]
    assert glucose.coordinates is not None
    ordered = prepare(glucose)
    from rdkit import Chem

    mirrored = glucose.with_coordinates(glucose.coordinates * np.array([-1.0, 1.0, 1.0]))
    copy = Molecule(Chem.RenumberAtoms(mirrored.mol, ordered.graph.order.tolist()))
    tally = MoleculeTally()
    assert not tally.add(1, glucose, ordered, copy).same_stereochemistry
    assert tally.errors().handedness.kept == 0
    assert tally.errors().bonds["all"].max < 1e-5


@pytest.mark.parametrize("code", CODES)
def test_ring_closing_bonds_are_as_many_as_rings(code: str) -> None:
    molecule = bundled_component(code)
    ordered = prepare(molecule)
    rings = molecule.mol.GetNumBonds() - molecule.num_atoms + 1
    assert ring_closing(ordered.graph.bonds, ordered.size).sum() == rings


def test_bond_types_put_carbon_first_and_hydrogen_last() -> None:
    molecule = Molecule.from_smiles("CS(=O)(=O)NCl").with_hydrogens()
    bonds = np.array([(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in molecule.mol.GetBonds()])
    assert set(bond_types(molecule.mol, bonds)) == {"C-S", "O-S", "N-S", "Cl-N", "C-H", "N-H"}


def test_measured_molecules(tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule]) -> None:
    flat = Molecule.from_smiles("CCO")
    refused = Reject("x.sdf", 9, None, "broken")
    done: list[int] = []
    trip = measure_molecules([*molecules, flat, refused], tokenizer, progress=done.append)
    assert trip.records == sum(done) == len(molecules) + 2
    assert {failure.stage for failure in trip.failures} == {"encode", "read"}
    assert [one.name for one in trip.each] == [molecule.name for molecule in molecules]
    assert trip.errors.rmsd.mean == pytest.approx(np.mean([one.rmsd for one in trip.each]))
    assert trip.errors.rmsd.max < 0.5
    assert trip.codes.total == sum(molecule.num_atoms for molecule in molecules)
    assert trip.codes.used <= trip.codes.num_codes == tokenizer.num_codes
    assert trip.worst(1)[0].rmsd == trip.errors.rmsd.max
    assert "2 failed" in molecule_text(trip, worst=2)
    json.dumps(plain(trip), allow_nan=False)
    assert len(table_of(trip.each).splitlines()) == len(molecules) + 1


def test_refinement_is_measured_before_and_after(
    tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule]
) -> None:
    assert measure_molecules(molecules[:1], tokenizer).refined is None
    bare = bundled_ligand().without_hydrogens()
    trip = measure_molecules([*molecules, bare], tokenizer, refinement="mmff")
    assert trip.refined is not None
    assert trip.refined.errors.rmsd.count == trip.refined.before.rmsd.count == len(molecules)
    assert [failure.kind for failure in trip.refined.failures] == ["UnsupportedError"]
    assert trip.errors.rmsd.count == len(molecules) + 1
    assert "after mmff" in molecule_text(trip)


def test_records_of_sd_files(sdf: Path, molecules: list[Molecule]) -> None:
    assert kind_of(sdf) == "molecule"
    assert count_records(sdf, "molecule") == len(molecules)
    assert len(list(molecule_records(sdf, limit=2))) == 2
    held_out = [record for record in molecule_records(sdf, held_out=True) if isinstance(record, Molecule)]
    assert [record.name for record in held_out] == ["CFF"]  # the example of this package, held out of every fit


def test_smiles_are_embedded_and_not_otherwise(tmp_path: Path) -> None:
    for name, text in {"x.smi": "CCO a\nC1CC b\nCC c\n", "x.csv": "id,smiles\na,CCO\nb,C1CC\nc,CC\n"}.items():
        path = tmp_path / name
        path.write_text(text)
        assert count_records(path, "molecule") == 3
        records = list(molecule_records(path))
        assert [isinstance(record, Molecule) and record.has_conformer for record in records] == [True, False, True]
        with pytest.raises(ConfigurationError, match="no coordinates"):
            list(molecule_records(path, embed=False))


def test_tables_of_conformers(tmp_path: Path, molecules: list[Molecule]) -> None:
    path = conformer_table(molecules, tmp_path / "x.parquet")
    assert kind_of(path) == "molecule"
    records = list(molecule_records(path))
    assert [one.smiles for one in records if isinstance(one, Molecule)] == [one.smiles for one in molecules]
    table = pq.read_table(path).to_pylist()
    table[1]["positions"] = table[1]["positions"][:-1]
    pq.write_table(pa.Table.from_pylist(table), path)
    assert [isinstance(record, Reject) for record in molecule_records(path)] == [False, True, False, False]


def test_other_tables_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(UnsupportedError, match="atomic_numbers"):
        kind_of(path)
    path.write_bytes(b"PAR1 not")
    with pytest.raises(ParseError):
        kind_of(path)


def test_missing_and_empty_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="no such file"):
        measure_file(tmp_path / "x.sdf")
    (tmp_path / "x.sdf").write_text("")
    trip = measure_file(tmp_path / "x.sdf")
    assert isinstance(trip, MoleculeRoundTrip)
    assert "holds no record (the file)" in molecule_text(trip)


def test_options_of_the_other_kind_are_refused(sdf: Path) -> None:
    with pytest.raises(ConfigurationError, match="noise"):
        measure_file(sdf, RoundTripOptions(noise=0.1))
    protein = complex_folder("1s3v") / "1s3v_protein_one_lig_removed.pdb"
    with pytest.raises(ConfigurationError, match="refine"):
        measure_file(protein, RoundTripOptions(refine="mmff"))


@pytest.fixture(scope="module")
def geometric() -> ProteinStructureTokenizer:
    return ProteinStructureTokenizer.from_pretrained("geometric-256")


def test_measured_chains(geometric: ProteinStructureTokenizer) -> None:
    chain = bundled_protein()
    assert chain.backbone is not None
    bare = Protein("AAA", np.full((3, 3, 3), np.nan, dtype=np.float32))
    far = Protein("AAA", chain.backbone[:3] + np.float32(1e6))
    trip = measure_proteins([chain, bare, far, Reject("x", 1, None, "broken")], geometric)
    assert (trip.records, len(trip.each), trip.residues) == (4, 1, len(chain))
    assert sorted(failure.kind for failure in trip.failures) == ["LimitError", "ParseError", "UnsupportedError"]
    assert trip.errors.rmsd.max < 0.5
    assert trip.errors.tm_score.min > 0.98
    assert trip.errors.bonds_to_ideal["C-N"].mae < 1e-3
    assert trip.errors.bonds["N-CA"].count == int(chain.resolved.sum())
    assert trip.errors.omega.kept == trip.errors.omega.total
    assert trip.noisy is None
    assert "3 failed" in protein_text(trip, worst=1)
    json.dumps(plain(trip), allow_nan=False)


def test_noise_is_measured_reproducibly_and_grows(geometric: ProteinStructureTokenizer) -> None:
    chains = [bundled_protein(), bundled_protein("1ia1")]
    trips = [
        measure_proteins(chains, geometric, noise=share, seed=seed) for share, seed in ((0.02, 0), (0.2, 0), (0.2, 0))
    ]
    small, large, again = (trip.noisy for trip in trips)
    assert small is not None
    assert large is not None
    assert large == again
    assert small.changed <= 0.021
    assert trips[0].errors.tm_score.mean > small.errors.tm_score.mean > large.errors.tm_score.mean


class _Offset(ProteinStructureTokenizer):
    """Every decoded atom moved along x by a constant a residue: a known error."""

    architecture = "offset"

    def __init__(self, chain: NDArray[np.float32]) -> None:
        super().__init__("offset", "0")
        self.chain = chain

    @classmethod
    def from_weights(cls, stored: object) -> _Offset:
        raise ConfigurationError("made by hand")

    @property
    def num_codes(self) -> int:
        return 1

    @property
    def code_features(self) -> NDArray[np.float64]:
        return np.zeros((1, 1))

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        return {"chain": self.chain}

    def prepare(self, entity: Protein) -> Protein:
        return entity

    def encode_batch(self, prepared: Sequence[Protein]) -> list[NDArray[np.int16]]:
        return [np.zeros(len(protein), dtype=np.int16) for protein in prepared]

    def decode_batch(self, prepared: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float32]]:
        stretched = self.chain * np.array([1.1, 1.0, 1.0], dtype=np.float32)
        return [stretched[: len(each)] for each in prepared]


def test_bond_errors_of_a_stretched_chain_are_positive() -> None:
    chain = bundled_protein()
    assert chain.backbone is not None
    errors = measure_proteins([chain], _Offset(chain.backbone)).errors
    for bond in ("N-CA", "CA-C", "C-N"):
        assert 0.0 < errors.bonds[bond].bias <= 0.1 * 1.6
        assert errors.bonds[bond].mae == pytest.approx(errors.bonds[bond].bias)
    assert errors.rmsd.mean > 0.5


def test_bigrams_follow_what_was_seen() -> None:
    chain = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, -1, 3], dtype=np.int16)
    model, generator = BigramModel([chain], 4), np.random.default_rng(0)
    assert {model.sample(0, generator) for _ in range(20)} == {1}
    assert {model.sample(2, generator) for _ in range(20)} == {0}  # the step to 3 is over an unresolved residue
    assert {model.sample(3, generator) for _ in range(100)} == {0, 1, 2, 3}
    once = BigramModel([np.arange(4, dtype=np.int16)], 4)
    assert {once.sample(0, generator) for _ in range(100)} == {0, 1, 2, 3}  # what was seen once says nothing
    noisy = replaced(chain, 1.0, model, generator)
    np.testing.assert_array_equal(noisy[[0, 9]], [0, -1])
    np.testing.assert_array_equal(replaced(chain, 0.0, model, generator), chain)
    with pytest.raises(ConfigurationError):
        replaced(chain, 1.5, model, generator)


def test_the_command_reports_and_fails_on_failures(sdf: Path, tmp_path: Path) -> None:
    table = tmp_path / "each.csv"
    result = RUNNER.invoke(app, ["doctor", "roundtrip", str(sdf), "--json", "--worst", "1", "-o", str(table)])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["records"] == len(CODES)
    assert figures["failures"] == []
    assert len(figures["worst"]) == 1
    assert len(table.read_text().splitlines()) == len(CODES) + 1
    with sdf.open("a") as stream:
        stream.write("broken\n\n\n  1  0\n$$$$\n")
    result = RUNNER.invoke(app, ["doctor", "roundtrip", str(sdf)])
    assert result.exit_code == 1
    assert "1 failed" in result.stdout


def test_the_command_reads_chains(tmp_path: Path) -> None:
    path = tmp_path / "x.cif"
    bundled_protein().to_file(path)
    result = RUNNER.invoke(app, ["doctor", "roundtrip", str(path), "--noise", "0.05", "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["noisy"]["changed"] > 0.02  # of a single chain too
    assert figures["noisy"]["errors"]["tm_score"]["mean"] < figures["errors"]["tm_score"]["mean"]


def test_chain_tables(shared: Path) -> None:
    path = shared / "data" / "protein" / "structures" / "chains.parquet"
    assert kind_of(path) == "protein"
    assert len(list(protein_records(path, held_out=True, limit=3))) == 3


def test_conformer_tables_of_others(shared: Path) -> None:
    path = shared / "data" / "molecule" / "conformers_3d" / "qm7_gdb7.parquet"
    trip = measure_file(path, RoundTripOptions(limit=50))
    assert not trip.failures
    assert trip.errors.rmsd.mean < 0.2
