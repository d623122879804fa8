"""Atoms that a backbone implies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from biomatrix.entities import Protein
from biomatrix.entities.protein.examples import bundled_protein
from biomatrix.entities.protein.relaxation.rebuilding import stretches
from biomatrix.metrics.folds import chiral_volumes

NATIVE = bundled_protein()


def test_residues_get_the_atoms_of_alanine_or_glycine() -> None:
    (whole,) = stretches(NATIVE)
    assert len(whole.atoms) == len(NATIVE)
    alanine, glycine = (
        {"N", "CA", "C", "O", "H", "HA", "CB", "HB1", "HB2", "HB3"},
        {"N", "CA", "C", "O", "H", "HA2", "HA3"},
    )
    for place, (name, atoms) in enumerate(zip(whole.names, whole.atoms, strict=True)):
        ends = ({"H2", "H3"} if place == 0 else set()) | ({"OXT"} if place == len(NATIVE) - 1 else set())
        assert (name == "GLY") == (NATIVE.sequence[place] == "G")
        assert atoms.keys() == (glycine if name == "GLY" else alanine) | ends


def test_they_stand_where_chemistry_puts_them() -> None:
    (whole,) = stretches(NATIVE)
    everything = np.concatenate([np.stack(list(atoms.values())) for atoms in whole.atoms])
    distance = np.linalg.norm(everything[:400, None] - everything[None, :400], axis=-1)
    assert distance[np.triu_indices(400, 1)].min() > 0.95
    inner = [atoms for name, atoms in zip(whole.names, whole.atoms, strict=True) if name == "ALA"]
    volumes = chiral_volumes(*(np.stack([atoms[atom] for atoms in inner]) for atom in ("N", "CA", "C", "CB")))
    assert (volumes > 2.0).all()
    for bond, length in ((("CA", "CB"), 1.53), (("N", "H"), 1.01), (("CA", "HA"), 1.09), (("CB", "HB2"), 1.09)):
        lengths = [np.linalg.norm(atoms[bond[0]] - atoms[bond[1]]) for atoms in inner]
        np.testing.assert_allclose(lengths, length, atol=1e-3)


def test_gaps_and_breaks_part_a_chain() -> None:
    assert NATIVE.backbone is not None
    parted = NATIVE.backbone.copy()
    parted[20] = np.nan
    parted[100:] += 40.0
    found = stretches(replace(NATIVE, backbone=parted))
    assert [(part.residues[0], part.residues[-1]) for part in found] == [(0, 19), (21, 99), (100, len(NATIVE) - 1)]
    assert stretches(Protein("MKV")) == []
    assert stretches(Protein("M", np.zeros((1, 3, 3), dtype=np.float32))) == []
