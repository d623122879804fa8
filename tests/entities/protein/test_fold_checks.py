"""Checks of whole chains: overlaps, hands, compactness, agreement between modalities."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import biotite.structure.info as info
import biotite.structure.io.pdb as pdb
import numpy as np
import pytest

from biomatrix.entities import Protein
from biomatrix.entities.protein.agreement import agree_proteins, shuffled_sequences
from biomatrix.entities.protein.checks import check_backbone, check_cis, check_ramachandran
from biomatrix.entities.protein.examples import bundled_protein
from biomatrix.entities.protein.files.records import read_chain
from biomatrix.entities.protein.fold_checks import (
    check_backbone_clashes,
    check_gyration,
    check_helices,
    check_side_chains,
)
from biomatrix.metrics.backbone import Torsions

NATIVE = bundled_protein()
assert NATIVE.backbone is not None


def test_a_native_chain_passes_every_check() -> None:
    assert [check.name for check in check_backbone(NATIVE) if check.passed is False] == []


def test_its_mirror_image_winds_the_wrong_way() -> None:
    assert NATIVE.backbone is not None
    mirrored = replace(NATIVE, backbone=NATIVE.backbone * np.float32([1, 1, -1]))
    failed = {check.name for check in check_backbone(mirrored) if check.passed is False}
    assert failed == {"left-handed residues", "helices right-handed", "Ramachandran favoured", "Ramachandran outliers"}


def test_overlaps_are_counted() -> None:
    assert NATIVE.backbone is not None
    folded = NATIVE.backbone.copy()
    folded[100] = folded[10] + np.float32(0.4)
    check = check_backbone_clashes(folded)
    assert check.passed is False
    assert check.detail.endswith("and 101")
    assert check_backbone_clashes(folded * np.float32(1e5)).passed is False
    assert check_backbone_clashes(folded[:2]).passed is None


def test_collapsed_and_stretched_chains_are_not_globular() -> None:
    assert NATIVE.backbone is not None
    assert check_gyration(NATIVE.backbone).passed
    assert check_gyration(NATIVE.backbone * np.float32(0.5)).passed is False
    assert check_gyration(NATIVE.backbone * np.float32(3)).passed is False
    assert check_gyration(NATIVE.backbone[:10]).passed is None


def test_a_chain_without_helix_has_no_hand() -> None:
    assert NATIVE.backbone is not None
    assert check_helices(NATIVE.backbone[:4]).passed is None


def torsions(phi: float, psi: float, omega: float, length: int) -> Torsions:
    full = np.full(length, 1.0)
    return Torsions(phi * full, psi * full, omega * full[1:], np.ones(length - 1, dtype=bool))


def test_cis_bonds_are_let_pass_before_proline_and_once() -> None:
    cis = torsions(-60.0, -45.0, 0.0, 10)
    assert check_cis(cis, "A" + "P" * 9).passed is None
    assert check_cis(cis, "A" * 10).passed is False
    once = torsions(-60.0, -45.0, 180.0, 10)
    once.omega[3] = 5.0
    assert check_cis(once, "A" * 10).passed


def test_the_left_side_of_the_plane_is_for_glycine() -> None:
    turned = torsions(75.0, -165.0, 180.0, 20)
    favoured = {letter: check_ramachandran(turned, letter * 20)[0].value for letter in "AGPX"}
    assert favoured["G"] == 1.0
    assert favoured["A"] == favoured["P"] == 0.0
    assert check_ramachandran(turned, "A" * 20)[0].passed is False


def test_side_chains_tell_the_hand_of_each_residue(tmp_path: Path) -> None:
    source = tmp_path / "peptide.pdb"
    residue = info.residue("ALA")
    residue = residue[~np.isin(residue.atom_name, ("OXT", "HXT", "H2"))]
    residue.chain_id[:] = "A"
    for hand, expected in ((1.0, True), (-1.0, False)):
        chain = residue.copy()
        chain.coord = chain.coord * [1, 1, hand]
        chain.res_id[:] = 1
        file = pdb.PDBFile()
        file.set_structure(chain)
        file.write(source)
        protein = read_chain(source, context=True)
        check = check_side_chains(protein)
        assert check.passed is expected
        assert check.value == float(expected)
    assert check_side_chains(NATIVE).passed is None


@pytest.mark.parametrize(
    ("reference", "entity", "expected"),
    [
        ("MKV", "MKV", [True, True]),
        ("MKV", "MKL", [True, False]),
        ("MKV", "XXX", [True]),
        ("MXV", "MKV", [True, True]),
        ("MKV", "MK", [False, False]),
        ("MKV", "XX", [False]),
    ],
)
def test_chains_agree_residue_by_residue(reference: str, entity: str, expected: list[bool]) -> None:
    assert [check.passed for check in agree_proteins(Protein(reference), Protein(entity))] == expected


def test_decoys_hold_the_same_residues() -> None:
    first, second = shuffled_sequences(NATIVE, 2, seed=0)
    assert sorted(first.sequence) == sorted(NATIVE.sequence)
    assert first.sequence != second.sequence != NATIVE.sequence
    assert not first.has_structure
