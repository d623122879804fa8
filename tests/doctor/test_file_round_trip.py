"""Files through a tokenizer and back: what they hold, what may be asked, what the command prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.doctor.file_round_trip import FileOptions, measure_file
from biomatrix.doctor.parity import compare_recordings
from biomatrix.doctor.records import open_records
from biomatrix.entities import Kind, Molecule, Reject, register_kind, unregister_kind
from biomatrix.entities.bundled import complex_folder
from biomatrix.entities.molecule.examples import bundled_component
from biomatrix.entities.protein.examples import bundled_protein
from biomatrix.entities.registration import FileFormat
from biomatrix.errors import ConfigurationError, ParseError, UnsupportedError

RUNNER = CliRunner()
CODES = ("CFF", "AIN", "TRP", "GLC")


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


def test_records_of_sd_files(sdf: Path, molecules: list[Molecule]) -> None:
    assert open_records(sdf).kind.name == "molecule"
    assert open_records(sdf).count() == len(molecules)
    assert len(list(open_records(sdf).records(limit=2))) == 2
    held_out = [record for record in open_records(sdf).records(held_out=True) if isinstance(record, Molecule)]
    assert [record.name for record in held_out] == ["CFF"]  # the example of this package, held out of every fit


def test_smiles_are_embedded_and_not_otherwise(tmp_path: Path) -> None:
    for name, text in {"x.smi": "CCO a\nC1CC b\nCC c\n", "x.csv": "id,smiles\na,CCO\nb,C1CC\nc,CC\n"}.items():
        path = tmp_path / name
        path.write_text(text)
        assert open_records(path).count() == 3
        assert not open_records(path).layout.structure
        trip = measure_file(path)
        assert ([one.name for one in trip.each], [failure.stage for failure in trip.failures]) == (["a", "c"], ["read"])
        with pytest.raises(ConfigurationError, match="no coordinates"):
            measure_file(path, FileOptions(settings={"embed": False}))


def test_tables_of_conformers(tmp_path: Path, molecules: list[Molecule]) -> None:
    path = conformer_table(molecules, tmp_path / "x.parquet")
    assert open_records(path).kind.name == "molecule"
    records = list(open_records(path).records())
    assert [one.smiles for one in records if isinstance(one, Molecule)] == [one.smiles for one in molecules]
    table = pq.read_table(path).to_pylist()
    table[1]["positions"] = table[1]["positions"][:-1]
    pq.write_table(pa.Table.from_pylist(table), path)
    assert [isinstance(record, Reject) for record in open_records(path).records()] == [False, True, False, False]


def test_other_tables_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(UnsupportedError, match="atomic_numbers"):
        open_records(path)
    path.write_bytes(b"PAR1 not")
    with pytest.raises(ParseError):
        open_records(path)


def test_missing_and_empty_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="no such file"):
        measure_file(tmp_path / "x.sdf")
    (tmp_path / "x.sdf").write_text("")
    trip = measure_file(tmp_path / "x.sdf")
    assert "holds no record (the file)" in trip.as_text()


def test_options_of_the_other_kind_are_refused(sdf: Path) -> None:
    with pytest.raises(ConfigurationError, match="noise"):
        measure_file(sdf, FileOptions(settings={"noise": 0.1}))
    protein = complex_folder("1s3v") / "1s3v_protein_one_lig_removed.pdb"
    with pytest.raises(ConfigurationError, match="refine"):
        measure_file(protein, FileOptions(settings={"refine": "mmff"}))


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
    assert open_records(path).kind.name == "protein"
    assert len(list(open_records(path).records(held_out=True, limit=3))) == 3


def test_conformer_tables_of_others(shared: Path) -> None:
    path = shared / "data" / "molecule" / "conformers_3d" / "qm7_gdb7.parquet"
    trip = measure_file(path, FileOptions(limit=50))
    assert not trip.failures
    assert trip.errors.rmsd.mean < 0.2


def test_which_chains_are_held_out_only_a_table_says() -> None:
    file = open_records(complex_folder("1s3v") / "1s3v_protein_one_lig_removed.pdb")
    assert file.count() is None
    with pytest.raises(ConfigurationError, match="column split"):
        file.records(held_out=True)


class _Unmeasured(Kind):
    """A kind of lines of text that no tokenizer of structures knows."""

    name = "note"
    plural = "notes"
    typed_as = "a line"
    formats = (FileFormat("note", (".note",), structure=False, starts=""),)
    entity = Molecule
    parse = text = to_bytes = from_bytes = identity = None  # type: ignore[assignment]


@pytest.fixture
def unmeasured() -> Iterator[Kind]:
    yield register_kind(_Unmeasured())
    unregister_kind("note")


def test_a_kind_without_a_measurement_says_so(tmp_path: Path, unmeasured: Kind) -> None:
    path = tmp_path / "x.note"
    path.write_text("a\n# remark\n\nb\n")
    assert open_records(path).kind is unmeasured
    assert open_records(path).count() == 2
    with pytest.raises(UnsupportedError, match="notes have no measurement of round trips; there is one of: molecules"):
        measure_file(path)


def test_recordings_that_no_kind_compares_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").touch()
    with pytest.raises(ConfigurationError, match="the option full is for folders of chains"):
        compare_recordings(tmp_path / "x.parquet", {"full": True})
    with pytest.raises(ConfigurationError, match="the option reference is for tables of molecules"):
        compare_recordings(tmp_path, {"reference": True})
