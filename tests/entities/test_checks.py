"""Checks: sound entities pass, damaged ones fail the check that their damage is about."""

from __future__ import annotations

from pathlib import Path

import biotite.structure.info as info
import numpy as np
import pyarrow.parquet as parquet
import pytest
from biotite.interface import rdkit as bridge
from numpy.typing import NDArray
from rdkit import Chem

from biomatrix.entities import Molecule, Protein
from biomatrix.entities.check import Check
from biomatrix.entities.molecule.checks import GEOMETRY_CHECKS, bond_length_range, check_geometry, check_graph
from biomatrix.entities.molecule.compare import compare_conformers, compare_graphs, shown_stereochemistry
from biomatrix.entities.molecule.thresholds import BOND_LENGTHS
from biomatrix.entities.protein.checks import check_backbone, check_sequence
from biomatrix.entities.protein.compare import compare_backbones, compare_sequences
from biomatrix.entities.protein.ramachandran import CLASSES, FAVOURED, OUTLIER, region_table, regions_of
from biomatrix.metrics.geometry import place_atom

SMILES = ("CCOc1ccccc1C(=O)N", "C/C=C/C(=O)O", "C[C@H](N)C(=O)O", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "CC#N")


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def failed(checks: list[Check]) -> set[str]:
    return {check.name for check in checks if check.passed is False}


def moved(molecule: Molecule, positions: NDArray[np.float64]) -> Molecule:
    mol = Chem.Mol(molecule.mol)
    mol.GetConformer().SetPositions(np.ascontiguousarray(positions))
    return Molecule(mol)  # as it stands: reading would mark the stereochemistry anew


def positions(molecule: Molecule) -> NDArray[np.float64]:
    return np.asarray(molecule.mol.GetConformer().GetPositions())


def chain(phi: float, psi: float, length: int = 40) -> Protein:
    """Return a chain of ideal residues with the same torsions (degrees) throughout."""
    atoms = [np.array([0.0, 0.0, 0.0]), np.array([1.458, 0.0, 0.0]), np.array([2.0, 1.42, 0.0])]
    for _ in range(length - 1):
        for bond, bend, torsion in ((1.329, 117.2, psi), (1.458, 121.7, 180.0), (1.525, 111.0, phi)):
            atoms.append(place_atom(*atoms[-3:], bond, np.deg2rad(bend), np.deg2rad(torsion)).reshape(3))
    return Protein("ACDEFGHIKL" * (length // 10), np.array(atoms, dtype=np.float32).reshape(length, 3, 3))


HELIX, STRAND = chain(-57.0, -47.0), chain(-120.0, 130.0)


@pytest.mark.parametrize("smiles", SMILES)
def test_an_embedded_molecule_is_sound(smiles: str) -> None:
    molecule = Molecule.from_smiles(smiles).embed(seed=0)
    assert failed(check_graph(molecule) + check_geometry(molecule)) == set()


@pytest.mark.parametrize("smiles", SMILES)
def test_checks_do_not_depend_on_where_the_molecule_lies(smiles: str) -> None:
    molecule = Molecule.from_smiles(smiles).embed(seed=0)
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    rotation *= np.sign(np.linalg.det(rotation))
    turned = moved(molecule, positions(molecule) @ rotation.T + 40.0)
    for first, second in zip(check_geometry(molecule), check_geometry(turned), strict=True):
        assert first.passed == second.passed
        assert first.value == second.value or first.value == pytest.approx(second.value, abs=1e-3)


def test_a_stretched_bond_is_named() -> None:
    molecule = Molecule.from_smiles("CCO").embed(seed=0)
    stretched = positions(molecule)
    stretched[2] += 0.6 * (stretched[2] - stretched[1]) / np.linalg.norm(stretched[2] - stretched[1])
    check = by_name(check_geometry(moved(molecule, stretched)))["bond lengths"]
    assert check.passed is False
    assert "C2-O3" in check.detail


def test_a_mirror_image_contradicts_its_marks() -> None:
    molecule = Molecule.from_smiles("C[C@H](N)C(=O)O").embed(seed=0)
    assert failed(check_geometry(moved(molecule, positions(molecule) * [1, 1, -1]))) == {"stereochemistry in 3D"}


def test_a_buckled_aromatic_ring_is_not_flat() -> None:
    molecule = Molecule.from_smiles("c1ccccc1").embed(seed=0)
    buckled = positions(molecule)
    normal = np.cross(buckled[1] - buckled[0], buckled[2] - buckled[0])
    buckled[0] += 0.8 * normal / np.linalg.norm(normal)
    assert "aromatic rings flat" in failed(check_geometry(moved(molecule, buckled)))


def test_overlapping_atoms_clash() -> None:
    molecule = Molecule.from_smiles("CCCCCCCC").embed(seed=0)
    folded = positions(molecule)
    folded[7] = folded[0] + 0.5
    assert "clashes" in failed(check_geometry(moved(molecule, folded)))


def test_missing_hydrogens_and_conformers_are_told_apart() -> None:
    molecule = Molecule.from_smiles("CCO").embed(seed=0)
    editable = Chem.RWMol(molecule.mol)
    editable.RemoveAtom(8)
    Chem.SanitizeMol(editable)
    for atom in editable.GetAtoms():
        atom.SetNumRadicalElectrons(0)
        atom.SetNoImplicit(False)
    editable.UpdatePropertyCache()
    assert "hydrogens placed" in failed(check_geometry(Molecule.from_rdkit(editable.GetMol())))
    heavy = Molecule.from_rdkit(Chem.RemoveHs(molecule.mol))
    assert by_name(check_geometry(heavy))["hydrogens placed"].passed is None
    flat = check_geometry(Molecule.from_smiles("CCO"))
    assert [check.name for check in flat] == list(GEOMETRY_CHECKS)
    assert all(check.passed is None for check in flat)
    broken = positions(molecule)
    broken[0] = np.nan
    assert failed(check_geometry(moved(molecule, broken))) == set(GEOMETRY_CHECKS)


def test_radicals_and_bad_valences_show_on_the_graph() -> None:
    assert failed(check_graph(Molecule.from_smiles("[CH3]"))) == {"closed shell"}
    wrong = Chem.MolFromSmiles("C(C)(C)(C)(C)C", sanitize=False)
    wrong.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(wrong)
    assert "valences and aromaticity" in failed(check_graph(Molecule(wrong)))


def test_the_table_of_bond_lengths_is_well_formed() -> None:
    table = Chem.GetPeriodicTable()
    for (first, second, order), (low, high) in BOND_LENGTHS.items():
        assert [first, second] == sorted((first, second))
        assert order in (1.0, 1.5, 2.0, 3.0)
        radii = table.GetRcovalent(first) + table.GetRcovalent(second)
        assert 0.6 * radii < low < high < 1.4 * radii
    mol = Chem.MolFromSmiles("[Pt]Cl")
    low, high = bond_length_range(mol.GetAtomWithIdx(0), mol.GetAtomWithIdx(1), 1.0)
    assert 1.0 < low < 2.3 < high < 3.5


def test_an_ideal_helix_is_sound() -> None:
    assert failed(check_backbone(HELIX) + check_sequence(HELIX)) == set()


def test_a_lone_strand_is_sound_but_for_its_length() -> None:
    assert failed(check_backbone(STRAND) + check_sequence(STRAND)) == {"radius of gyration"}


def test_a_mirrored_helix_is_of_the_wrong_hand() -> None:
    assert HELIX.backbone is not None
    mirrored = Protein(HELIX.sequence, HELIX.backbone * np.float32([1, 1, -1]))
    assert {"left-handed residues", "helices right-handed"} <= failed(check_backbone(mirrored))


def test_noise_fails_lengths_and_angles() -> None:
    assert HELIX.backbone is not None
    noise = np.random.default_rng(0).normal(0, 0.4, HELIX.backbone.shape)
    found = failed(check_backbone(Protein(HELIX.sequence, (HELIX.backbone + noise).astype(np.float32))))
    assert {"N-CA bond lengths", "CA-C bond lengths", "N-CA-C angles"} <= found


def test_breaks_clashes_and_unresolved_residues_are_named() -> None:
    assert STRAND.backbone is not None
    shifted = STRAND.backbone.copy()
    shifted[20:] += 30.0
    assert by_name(check_backbone(Protein(STRAND.sequence, shifted)))["unbroken chain"].detail.endswith("20")
    gap = np.arange(1, 41, dtype=np.int32)
    gap[20:] += 12
    numbered = Protein(STRAND.sequence, shifted, residue_numbers=gap)
    assert by_name(check_backbone(numbered))["unbroken chain"].passed
    folded = STRAND.backbone.copy()
    folded[30] = folded[3] + 0.5
    assert "clashes" in failed(check_backbone(Protein(STRAND.sequence, folded)))
    hollow = STRAND.backbone.copy()
    hollow[5:30] = np.nan
    check = by_name(check_backbone(Protein(STRAND.sequence, hollow)))["resolved residues"]
    assert check.passed is False
    assert check.value == pytest.approx(15 / 40)


def test_nothing_to_check_is_no_crash() -> None:
    for protein in (Protein(""), Protein("MK"), Protein("M", np.zeros((1, 3, 3), dtype=np.float32))):
        assert all(isinstance(check, Check) for check in check_backbone(protein) + check_sequence(protein))
    far = np.random.default_rng(0).normal(0, 1e7, (30, 3, 3)).astype(np.float32)
    assert "clashes" in failed(check_backbone(Protein("A" * 30, far)))


def test_the_ramachandran_table_holds_what_is_known_of_residues() -> None:
    table = region_table()
    assert table.shape == (len(CLASSES), 72, 72)
    helix, strand, left = (-63.0, -42.0), (-120.0, 130.0), (60.0, 40.0)
    everywhere = np.arange(len(CLASSES), dtype=np.int8)
    for phi, psi in (helix, strand):
        turned = np.full(len(CLASSES), phi), np.full(len(CLASSES), psi)
        favoured = regions_of(*turned, everywhere) == FAVOURED
        assert favoured[CLASSES.index("general")]
        assert favoured[CLASSES.index("unknown")]
    turned = np.full(len(CLASSES), left[0]), np.full(len(CLASSES), left[1])
    regions = dict(zip(CLASSES, regions_of(*turned, everywhere).tolist(), strict=True))
    assert regions["glycine"] == FAVOURED
    assert regions["proline"] == OUTLIER
    edges = regions_of(np.array([-180.0, 180.0]), np.array([180.0, -180.0]), np.zeros(2, dtype=np.int8))
    assert edges.tolist() == table[0][[0, -1], [0, -1]].tolist()


def test_native_chains_are_sound_and_their_mirror_images_not(shared: Path) -> None:
    table = parquet.read_table(
        shared / "data/protein/structures/chains.parquet", columns=["sequence", "coords", "split"]
    ).slice(0, 400)
    names = set()
    bad = mirrored_bad = total = 0
    for sequence, coords in zip(table["sequence"].to_pylist(), table["coords"].to_pylist(), strict=True):
        atoms = np.asarray(coords, dtype=np.float32).reshape(-1, 4, 3)
        atoms[atoms == -32768] = np.nan
        backbone = atoms[:, :3] / np.float32(100)
        found = failed(check_backbone(Protein(sequence, backbone))) - {"unbroken chain"}
        names |= found
        bad += bool(found)
        mirror = Protein(sequence, backbone * np.float32([1, 1, -1]))
        mirrored_bad += "left-handed residues" in failed(check_backbone(mirror))
        total += 1
    assert bad / total < 0.05, names
    assert mirrored_bad / total > 0.98


def test_amino_acids_of_the_component_dictionary_are_sound() -> None:
    sound = 0
    for name in ("ALA", "SER", "PHE", "TRP", "LYS", "ASP"):
        atoms = info.residue(name)
        built = bridge.to_mol(atoms, kekulize=False)
        Chem.SanitizeMol(built)
        built.GetConformer().Set3D(True)
        Chem.AssignStereochemistryFrom3D(built)
        sound += not failed(check_geometry(Molecule.from_rdkit(built)))
    assert sound == 6


def test_round_trip_checks_name_what_changed() -> None:
    alanine = Molecule.from_smiles("C[C@H](N)C(=O)O")
    assert failed(compare_graphs(alanine, alanine.embed(seed=0))) == set()
    assert failed(compare_graphs(alanine, Molecule.from_smiles("C[C@@H](N)C(=O)O"))) == {"same stereochemistry"}
    assert failed(compare_graphs(alanine, Molecule.from_smiles("CC(N)C(=O)O"))) == {"same stereochemistry"}
    assert failed(compare_graphs(alanine, Molecule.from_smiles("[13CH3][C@H](N)C(=O)O"))) == {"same isotopes"}
    assert "same graph" in failed(compare_graphs(alanine, Molecule.from_smiles("CCN")))
    assert failed(compare_graphs(Molecule.from_smiles("[2H]C"), Molecule.from_smiles("C"))) == {"same isotopes"}


def test_conformers_are_compared_whatever_the_order_of_their_atoms() -> None:
    first = Molecule.from_smiles("C[C@H](N)C(=O)OC[C@@H](F)Cl").embed(seed=0)
    order = np.random.default_rng(2).permutation(first.num_atoms).tolist()
    shuffled = Molecule.from_rdkit(Chem.RenumberAtoms(first.mol, order))
    (check,) = compare_conformers(first, shuffled)
    assert check.value is not None
    assert check.value < 0.8  # equivalent hydrogens may be exchanged
    (heavy,) = compare_conformers(
        Molecule.from_rdkit(Chem.RemoveHs(first.mol)), Molecule.from_rdkit(Chem.RemoveHs(shuffled.mol))
    )
    assert heavy.passed
    assert compare_conformers(first, Molecule.from_smiles("CCO").embed(seed=0))[0].passed is None


def test_chains_are_compared_residue_by_residue() -> None:
    assert failed(compare_backbones(HELIX, HELIX) + compare_sequences(HELIX, HELIX)) == set()
    found = by_name(compare_backbones(HELIX, STRAND))
    assert found["backbone RMSD"].passed is False
    assert failed(compare_sequences(HELIX, Protein("M" * 40))) == {"same sequence"}
    assert failed(compare_backbones(HELIX, Protein("M"))) == {"same residues resolved"}


def test_a_double_bond_marked_as_open_shows_the_side_its_conformer_takes() -> None:
    for smiles in ("C/C=N/O", "C/C=N\\O"):
        molecule = Molecule.from_smiles(smiles).embed()
        marked = Chem.Mol(molecule.mol)
        (double,) = [bond for bond in marked.GetBonds() if bond.GetBondTypeAsDouble() == 2.0]
        double.SetStereo(Chem.BondStereo.STEREOANY)
        assert shown_stereochemistry(Molecule(marked)) == smiles
