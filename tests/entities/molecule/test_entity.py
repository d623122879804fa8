"""Molecules: what goes in comes out, and what cannot is refused by name."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.entities import Limits, Molecule, Reject, read_molecules, write_molecules
from biomatrix.errors import LimitError, ParseError, UnsupportedError

KEPT = [
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "C[C@H](N)C(=O)O",
    "C[C@@H](N)C(=O)O",
    "F/C=C/Cl",
    "F/C=C\\Cl",
    "[Na+].[Cl-]",
    "[13CH4]",
    "[2H]OC",
    "[CH3]",
    "C[N+](C)(C)CC([O-])=O",
    "FS(F)(F)(F)(F)F",
    "[H][H]",
    "O=[N+]([O-])c1ccccc1",
]


@pytest.mark.parametrize("smiles", KEPT)
@pytest.mark.parametrize("extension", ["smi", "selfies", "sdf", "mol", "sdf.gz", "smi.gz"])
def test_a_file_gives_back_the_same_molecule(smiles: str, extension: str, tmp_path: Path) -> None:
    molecule = Molecule.from_smiles(smiles, "a name")
    path = tmp_path / f"x.{extension}"
    molecule.to_file(path)
    back = Molecule.from_file(path)
    assert back.same_as(molecule)
    assert back.name == "a name"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("smiles", KEPT)
@pytest.mark.parametrize("v3000", [False, True])
def test_a_conformer_survives_sdf_and_opens_in_rdkit(smiles: str, v3000: bool, tmp_path: Path) -> None:
    molecule = Molecule.from_smiles(smiles).embed(seed=3)
    path = tmp_path / "x.sdf"
    molecule.to_file(path, v3000=v3000)
    assert Molecule.from_file(path).same_as(molecule, tolerance=1e-3)
    stock = next(Chem.SDMolSupplier(str(path), removeHs=False))
    assert np.allclose(stock.GetConformer().GetPositions(), molecule.coordinates, atol=1e-3)
    assert ("V3000" in path.read_text()) is v3000


def test_the_same_seed_embeds_the_same_conformer() -> None:
    molecule = Molecule.from_smiles("CCOC(=O)c1ccccc1")
    first, second, other = molecule.embed(0), molecule.embed(0), molecule.embed(1)
    assert first.coordinates is not None
    assert np.array_equal(first.coordinates, second.coordinates)  # type: ignore[arg-type]
    assert not np.array_equal(first.coordinates, other.coordinates)  # type: ignore[arg-type]


def test_stereochemistry_is_read_from_positions() -> None:
    for smiles in ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "F/C=C\\Cl", "F/C=C/Cl"):
        source = Molecule.from_smiles(smiles).embed(1).mol
        atoms = [atom.GetAtomicNum() for atom in source.GetAtoms()]
        Chem.Kekulize(source, clearAromaticFlags=True)
        bonds = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx(), int(b.GetBondTypeAsDouble())) for b in source.GetBonds()]
        built = Molecule.from_arrays(atoms, source.GetConformer().GetPositions().ravel(), bonds)
        assert built.smiles == Molecule.from_smiles(smiles).smiles


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        (([6], [0.0, 0.0]), "2 coordinates"),
        (([6, 6], None, [0, 1, 4]), "bond 0"),
        (([6, 6], None, [0, 2, 1]), "bond 0"),
        (([0], None, []), "atomic number"),
        (([6], [0.0, float("nan"), 0.0]), "finite"),
        (([6, 6], None, [0, 1]), "triples"),
        (([6, 1, 1, 1, 1, 1], None, [0, 1, 1, 0, 2, 1, 0, 3, 1, 0, 4, 1, 0, 5, 1]), "impossible chemistry"),
        (([], None, []), "without atoms"),
    ],
)
def test_arrays_that_make_no_molecule_are_refused(arrays: tuple[list[float], ...], match: str) -> None:
    with pytest.raises(ParseError, match=match):
        Molecule.from_arrays(*arrays)


@pytest.mark.parametrize("smiles", ["", " ", "CC(", "C(C)(C)(C)(C)C", "c1ccc1c", "CC>>CO", "C1CC", "\x00"])
def test_broken_smiles_are_refused_without_a_word_on_stderr(smiles: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ParseError):
        Molecule.from_smiles(smiles)
    assert capfd.readouterr().err == ""


def test_a_hypervalent_atom_is_named() -> None:
    with pytest.raises(ParseError, match="valence") as caught:
        Molecule.from_smiles("CC(C)(C)(C)C")
    assert caught.value.position == 1


def test_rdkit_still_logs_for_others(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ParseError):
        Molecule.from_smiles("CC(")
    Chem.MolFromSmiles("CC(")
    assert "syntax error" in capfd.readouterr().err


def test_wildcards_are_kept_noted_and_refused_where_they_cannot_go() -> None:
    molecule = Molecule.from_smiles("*CC")
    assert molecule.notes
    with pytest.raises(UnsupportedError, match="wildcard"):
        _ = molecule.selfies
    with pytest.raises(UnsupportedError, match="wildcard"):
        molecule.embed()


@pytest.mark.parametrize(("text", "position"), [("[C][foo]", 1), ("CCO", 0), ("[C]C", 3), ("", None)])
def test_broken_selfies_are_refused_at_their_symbol(text: str, position: int | None) -> None:
    with pytest.raises(ParseError) as caught:
        Molecule.from_selfies(text)
    assert caught.value.position == position


def test_a_batch_lists_its_rejects_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "x.smi"
    path.write_text("CCO ethanol\nnot a molecule\n\nC(C)(C)(C)(C)C five\nO water\n")
    found = list(read_molecules(path))
    assert [isinstance(item, Reject) for item in found] == [False, True, True, False]
    assert isinstance(found[2], Reject)
    assert (found[2].record, found[2].kind, found[2].file) == (3, "ParseError", str(path))


def test_an_sdf_keeps_its_place_after_a_broken_record(tmp_path: Path) -> None:
    good = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO")) + "> <ID>\n7\n\n$$$$\n"
    path = tmp_path / "x.sdf"
    path.write_text(good + "junk\n\n\n  2  1\nnot atoms\n$$$$\n" + good)
    found = list(read_molecules(path))
    assert [isinstance(item, Reject) for item in found] == [False, True, False]
    assert isinstance(found[2], Molecule)
    assert found[2].mol.GetProp("ID") == "7"
    assert found[2].notes == ("2D coordinates: a drawing, not a conformer",)
    assert not found[2].has_conformer
    assert Molecule.from_file(path, record=3).smiles == "CCO"
    with pytest.raises(ParseError, match="no record 4"):
        Molecule.from_file(path, record=4)


def test_mol2_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.mol2"
    record = (
        "@<TRIPOS>MOLECULE\nwater\n 3 2 1 0 0\nSMALL\nNO_CHARGES\n\n@<TRIPOS>ATOM\n"
        "1 O 0.0 0.0 0.1 O.3 1 W 0.0\n2 H1 0.76 0.0 -0.48 H 1 W 0.0\n3 H2 -0.76 0.0 -0.48 H 1 W 0.0\n"
        "@<TRIPOS>BOND\n1 1 2 1\n2 1 3 1\n"
    )
    path.write_text(record + record)
    found = list(read_molecules(path))
    assert [item.smiles for item in found if isinstance(item, Molecule)] == ["O", "O"]
    assert isinstance(found[0], Molecule)
    assert found[0].has_conformer


def test_limits_name_value_and_limit(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match=r"20.*limit of 10"):
        Molecule.from_smiles("C" * 20, limits=Limits(atoms_per_molecule=10))
    path = tmp_path / "bomb.smi.gz"
    path.write_bytes(gzip.compress(b"C\n" * 1_000_000))
    found = list(read_molecules(path, limits=Limits(decompressed_bytes=2**12)))
    assert isinstance(found[-1], Reject)
    assert found[-1].kind == "LimitError"
    long_line = list(read_molecules(path, limits=Limits(records=3)))
    assert isinstance(long_line[-1], Reject)
    assert len(long_line) == 4


def test_bad_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.smi.gz").write_bytes(b"CCO\n")
    (tmp_path / "cut.smi.gz").write_bytes(gzip.compress(b"CCO\n" * 99)[:-9])
    (tmp_path / "empty.sdf").write_bytes(b"")
    for name in ("x.smi.gz", "cut.smi.gz", "empty.sdf", "absent.smi", "x.docx", "x.xyz"):
        found = list(read_molecules(tmp_path / name))
        assert isinstance(found[-1], Reject)
        assert found[-1].file.endswith(name)


def test_nothing_is_left_of_a_write_that_fails(tmp_path: Path) -> None:
    molecules = [Molecule.from_smiles("C"), Molecule.from_smiles("*C")]
    with pytest.raises(UnsupportedError):
        write_molecules(molecules, tmp_path / "x.selfies")
    assert not list(tmp_path.iterdir())


def test_hydrogens_come_and_go() -> None:
    molecule = Molecule.from_smiles("CCO").embed()
    assert molecule.num_atoms == 9
    assert molecule.without_hydrogens().num_atoms == 3
    assert molecule.without_hydrogens().with_hydrogens().num_atoms == 9
    assert molecule.without_hydrogens().with_hydrogens().has_conformer
    assert molecule.formula == "C2H6O"


def test_records_of_reference_conformers_rebuild(shared: Path) -> None:
    import pyarrow.parquet as pq

    for path in sorted((shared / "data/molecule/conformers_3d").glob("*.parquet")):
        batch = next(pq.ParquetFile(path).iter_batches(60))
        different = 0
        for row in batch.to_pylist():
            if not row["bonds"]:
                continue
            columns = (row["atomic_numbers"], row["positions"], row["bonds"], row["formal_charges"])
            molecule = Molecule.from_arrays(*columns, name=row["id"])
            assert molecule.has_conformer
            # The reference strings fill up atoms that lack a hydrogen in the record; we say that it is missing.
            different += not molecule.notes and molecule.smiles != Molecule.from_smiles(row["smiles"]).smiles
        # Six strings of this one file were made without the double bonds that its own bond table holds.
        assert different == (6 if path.stem == "qm9_with_properties_100" else 0), path.name
