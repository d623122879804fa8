"""Proteins: one policy for awkward files, and files that come back the same."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import biotite.structure.io.pdbx as pdbx
import gemmi
import numpy as np
import pytest

from biomatrix.entities import Limits, Protein, Reject, read_entity, read_proteins, write_proteins
from biomatrix.entities.bundled import COMPLEXES, complex_folder
from biomatrix.entities.protein.files.text import carbonyl_oxygens
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, ParseError, UnsupportedError
from biomatrix.metrics.geometry import RESIDUE_TEMPLATE, angle, place_atom


def atom(
    serial: int,
    name: str,
    residue: str,
    number: int,
    xyz: tuple[float, float, float],
    *,
    chain: str = "A",
    alternate: str = " ",
    code: str = " ",
    occupancy: float = 1.0,
    record: str = "ATOM",
) -> str:
    x, y, z = xyz
    return (
        f"{record:<6}{serial:>5}  {name:<3}{alternate}{residue:>3} {chain}{number:>4}{code}   "
        f"{x:8.3f}{y:8.3f}{z:8.3f}{occupancy:6.2f}{0:6.2f}          {name[0]:>2}\n"
    )


def residue(number: int, name: str = "ALA", shift: float | None = None, **columns: object) -> str:
    """A residue of a straight chain whose peptide bonds are 1.33 Angstrom long."""
    start = 3.8 * number if shift is None else shift
    places = {"N": (start, 0.0, 0.0), "CA": (start + 1.2, 0.8, 0.0), "C": (start + 2.47, 0.0, 0.0)}
    return "".join(atom(1, a, name, number, xyz, **columns) for a, xyz in places.items())  # type: ignore[arg-type]


def read(tmp_path: Path, text: str, chain: str | None = None) -> Protein:
    path = tmp_path / "x.pdb"
    path.write_text(text)
    return Protein.from_file(path, chain)


@pytest.mark.parametrize("pdb_id", COMPLEXES)
@pytest.mark.parametrize("extension", ["pdb", "cif", "cif.gz", "ent.gz"])
def test_a_file_gives_back_the_same_chain(pdb_id: str, extension: str, tmp_path: Path) -> None:
    first = next(read_proteins(complex_folder(pdb_id) / f"{pdb_id}_protein_one_lig_removed.pdb"))
    assert isinstance(first, Protein)
    path = tmp_path / f"x.{extension}"
    first.to_file(path)
    assert Protein.from_file(path).same_as(first)
    stock = gemmi.read_structure(str(path))
    assert [r.seqid.num for r in stock[0][0]] == first.residue_numbers.tolist()  # type: ignore[union-attr]
    assert gemmi.one_letter_code([r.name for r in stock[0][0]]) == first.sequence


@pytest.mark.parametrize("pdb_id", COMPLEXES)
@pytest.mark.parametrize("extension", ["bcif", "bcif.gz"])
def test_binary_files_give_back_the_same_chain(pdb_id: str, extension: str, tmp_path: Path) -> None:
    first = next(read_proteins(complex_folder(pdb_id) / f"{pdb_id}_protein_one_lig_removed.pdb"))
    assert isinstance(first, Protein)
    path = tmp_path / f"x.{extension}"
    first.to_file(path)
    assert Protein.from_file(path).same_as(first)
    content = gzip.decompress(path.read_bytes()) if extension.endswith("gz") else path.read_bytes()
    atoms = pdbx.get_structure(pdbx.BinaryCIFFile.read(io.BytesIO(content)), model=1, use_author_fields=False)
    assert np.allclose(atoms.coord[atoms.atom_name == "CA"], first.backbone[:, 1], atol=2e-3)  # type: ignore[index]


def test_oxygen_is_rebuilt_where_it_was() -> None:
    path = complex_folder("1s3v") / "1s3v_protein_one_lig_removed.pdb"
    protein = Protein.from_file(path)
    stock = gemmi.read_structure(str(path))[0][0]
    native = np.asarray([stock[i]["O"][0].pos.tolist() for i in range(len(protein))])
    assert protein.backbone is not None
    error = np.linalg.norm(carbonyl_oxygens(protein.backbone) - native, axis=1)
    assert error.mean() < 0.15


def test_oxygens_lie_in_the_plane_of_the_peptide_bond() -> None:
    first = RESIDUE_TEMPLATE
    following_n = place_atom(*first, 1.329, np.deg2rad(117.2), np.deg2rad(-40.0))
    following_ca = place_atom(first[1], first[2], following_n, 1.458, np.deg2rad(121.7), np.pi)
    second = np.stack([following_n, following_ca, following_ca + np.array([1.0, 0.5, 0.2])])
    oxygens = carbonyl_oxygens(np.stack([first, second, np.full((3, 3), np.nan)]).astype(np.float32))
    assert np.linalg.norm(oxygens[0] - first[2]) == pytest.approx(1.231)
    assert angle(oxygens[0], first[2], following_n) > np.deg2rad(118)
    assert np.isfinite(oxygens[1]).all()
    assert np.isnan(oxygens[2]).all()


def test_several_chains_are_asked_for(tmp_path: Path) -> None:
    text = residue(1) + residue(2) + "TER\n" + residue(1, chain="B") + "TER\n"
    with pytest.raises(ParseError, match=r"2 protein chains.*'A'.*'B'"):
        read(tmp_path, text)
    assert len(read(tmp_path, text, "B")) == 1
    with pytest.raises(ParseError, match="no protein chain 'C'"):
        read(tmp_path, text, "C")


def test_a_number_counts_chains_unless_one_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "x.pdb"
    for names, found in (("AB", {1: "A", 2: "B"}), ("21", {1: "1", 2: "2"}), ("A1", {1: "1", 2: "1"})):
        path.write_text("".join(residue(1, chain=name) + residue(2, chain=name) + "TER\n" for name in names))
        for number, chain in found.items():
            chosen = read_entity(path, number)
            assert isinstance(chosen, Protein)
            assert chosen.chain == chain
        for missing in (0, 3, -1):
            with pytest.raises(ParseError, match=f"no protein chain '{missing}'"):
                read_entity(path, missing)
    with pytest.raises(ParseError, match="no protein chain '2'"):
        read_entity(path, "2")


def test_one_identifier_for_two_chains_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="several chains"):
        read(tmp_path, residue(1) + residue(2) + "TER\n" + residue(1, shift=50) + residue(2, shift=54))


def test_the_highest_occupancy_wins_and_a_tie_goes_to_the_first_letter(tmp_path: Path) -> None:
    low, high = residue(2, alternate="A", occupancy=0.4), residue(2, alternate="B", occupancy=0.6, shift=7.9)
    for text in (low + high, high + low):
        protein = read(tmp_path, residue(1) + text + residue(3))
        assert protein.backbone is not None
        assert protein.backbone[1, 0, 0] == pytest.approx(7.9)
    tie = residue(2, alternate="B", occupancy=0.5) + residue(2, alternate="A", occupancy=0.5, shift=7.9)
    protein = read(tmp_path, residue(1) + tie)
    assert protein.backbone is not None
    assert protein.backbone[1, 0, 0] == pytest.approx(7.9)
    assert len(protein) == 2


def test_microheterogeneity_gives_one_residue(tmp_path: Path) -> None:
    text = residue(2, "SER", alternate="A", occupancy=0.3) + residue(2, "PRO", alternate="B", occupancy=0.7)
    protein = read(tmp_path, residue(1) + text + residue(3))
    assert protein.sequence == "APA"
    assert any("SER/PRO as PRO" in note for note in protein.notes)


def test_modified_residues_insertion_codes_and_numbering(tmp_path: Path) -> None:
    text = (
        residue(1, "MSE", record="HETATM")
        + residue(2)
        + residue(2, code="A", shift=11.4)
        + residue(90, "ZZ9", shift=15.2, record="HETATM")
        + residue(91, shift=40.0)
    )
    protein = read(tmp_path, text)
    assert protein.sequence == "MAAXA"
    assert protein.numbers == ("1", "2", "2A", "90", "91")
    assert protein.chain_breaks.tolist() == [4]
    said = "; ".join(protein.notes)
    for part in ("MSE to M", "ZZ9 (1)", "insertion codes on 1", "1 chain breaks", "without a gap before 90"):
        assert part in said


def test_what_is_no_protein_is_left_out_and_said(tmp_path: Path) -> None:
    text = residue(1) + residue(2) + "TER\n" + atom(9, "O", "HOH", 300, (9, 9, 9), record="HETATM")
    text += atom(9, "CA", "CA", 301, (9, 19, 9), record="HETATM") + residue(302, "GLY", shift=90, record="HETATM")
    protein = read(tmp_path, text)
    assert protein.sequence == "AA"
    assert "left out of chain 'A': 1 ligand CA, 1 ligand GLY, 1 water" in protein.notes


def test_missing_atoms_are_nan_and_can_be_dropped(tmp_path: Path) -> None:
    lines = (residue(1) + residue(2) + residue(3)).splitlines(keepends=True)
    protein = read(tmp_path, "".join(lines[:3] + lines[4:]))
    assert protein.backbone is not None
    assert protein.resolved.tolist() == [True, False, True]
    assert np.isnan(protein.backbone[1, 0]).all()
    assert np.isfinite(protein.backbone[1, 1:]).all()
    kept = protein.without_unresolved()
    assert (kept.sequence, kept.numbers) == ("AA", ("1", "3"))
    protein.to_file(tmp_path / "y.cif")
    assert Protein.from_file(tmp_path / "y.cif").same_as(protein)


def test_what_pdb_columns_cannot_hold_is_refused_with_advice(tmp_path: Path) -> None:
    backbone = np.zeros((1, 3, 3), dtype=np.float32) + np.arange(9, dtype=np.float32).reshape(1, 3, 3)
    number = np.asarray([12345], dtype=np.int32)
    for protein in (Protein("A", backbone, chain="AB"), Protein("A", backbone, residue_numbers=number)):
        with pytest.raises(UnsupportedError, match=r"write \.cif"):
            protein.to_file(tmp_path / "x.pdb")
        protein.to_file(tmp_path / "x.cif")
        back = Protein.from_file(tmp_path / "x.cif")
        assert (back.chain, back.numbers) == (protein.chain, protein.numbers)
    assert [file.name for file in tmp_path.iterdir()] == ["x.cif"]


def test_label_chains_are_a_fall_back_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.cif"
    Protein("A", np.arange(9, dtype=np.float32).reshape(1, 3, 3), chain="H").to_file(path)
    document = gemmi.cif.read(str(path))
    label = document[0].find_values("_atom_site.label_asym_id")
    for index in range(len(label)):
        label[index] = "Q"
    document.write_file(str(path))
    assert Protein.from_file(path, "H").notes == ()
    assert "label identifier" in Protein.from_file(path, "Q").notes[0]


def test_bad_numbers_are_named_by_line(tmp_path: Path) -> None:
    text = residue(1) + "ATOM      1  N   ALA A   2      aa.000   0.000   0.000\n"
    with pytest.raises(ParseError) as caught:
        read(tmp_path, text)
    assert caught.value.position == 4


def test_fasta(tmp_path: Path) -> None:
    path = tmp_path / "x.fasta.gz"
    write_proteins([Protein.from_sequence("MKT" * 40, "one"), Protein.from_sequence("ACDX", "two")], path)
    assert [item.name for item in read_proteins(path) if isinstance(item, Protein)] == ["one", "two"]
    assert Protein.from_fasta(path, "two").sequence == "ACDX"
    with pytest.raises(ParseError, match="several records"):
        Protein.from_fasta(path)
    (tmp_path / "y.fasta").write_text(">a\nMK1\n>b\nmk*\n")
    bad, good = read_proteins(tmp_path / "y.fasta")
    assert isinstance(bad, Reject)
    assert (bad.record, bad.position) == ("a", 2)
    assert isinstance(good, Protein)
    assert (good.sequence, len(good.notes)) == ("MK", 2)


def test_limits_and_formats(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match=r"10.*limit of 5"):
        Protein.from_sequence("A" * 10, limits=Limits(residues_per_chain=5))
    path = tmp_path / "x.pdb"
    path.write_text(residue(1) + residue(2))
    for limits in (Limits(atoms_per_structure=3), Limits(structure_bytes=100), Limits(file_bytes=100)):
        with pytest.raises(LimitError, match="limit"):
            Protein.from_file(path, limits=limits)
    with pytest.raises(ConfigurationError, match="standard input"):
        Protein.from_file("-")
    (tmp_path / "x.mmtf.gz").write_bytes(b"MMTF")
    with pytest.raises(UnsupportedError, match="MMTF"):
        Protein.from_file(tmp_path / "x.mmtf.gz")


# Chains that differ from the manifest's count, each by a rule of ours.
OTHER_COUNTS = {
    "3JQH.cif": -3,  # microheterogeneity: one residue a place (the manifest counts each alternative)
    "3jqh.bcif.gz": -3,
    "1pfe.cif.gz": -2,
    "1EN2.pdb": -5,
    "pdb1ejg.pdb": -1,
    "a_structure.pdb": -1,
    "1SSU_mod.pdb": 2,  # residues of N alone are residues with NaN
    "4a10_short.cif.gz": 1,  # a residue without CA
    "pdb3mht.pdb": -1,  # SAH is a ligand
}


def test_every_awkward_file_gives_chains_or_a_named_error(shared: Path) -> None:
    folder = shared / "data/protein/files"
    with open(folder / "manifest.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 57
    for row in rows:
        found = list(read_proteins(folder / row["file"]))
        chains = [item for item in found if isinstance(item, Protein)]
        count = sum(map(len, chains))
        assert count == int(row["aa"] or 0) + OTHER_COUNTS.get(row["file"], 0), row["file"]
        if not count:
            assert len(found) == 1
            assert isinstance(found[0], Reject)
        if int(row["models"] or 1) > 1 and chains:
            assert any("models" in note for note in chains[0].notes), row["file"]
        codes = sum(sum(map(bool, chain.insertion_codes or ())) for chain in chains)
        assert codes == int(row["ins_code_res"] or 0), row["file"]
        if len(chains) > 1:
            with pytest.raises(BioMatrixError, match="ask for one"):
                Protein.from_file(folder / row["file"])
