"""Morgan counts as an encoder."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from biomatrix import Molecule, Protein
from biomatrix.entities.molecule.encoders.morgan import MorganCounts
from biomatrix.errors import ConfigurationError, UnsupportedError

SMILES = ("CC(=O)Oc1ccccc1C(=O)O", "N[C@@H](C)C(=O)O", "CCCCCC")


def test_counts_are_rdkits_hashed_ones_and_their_logarithms() -> None:
    molecules = [Molecule.from_smiles(one) for one in SMILES]
    counts = MorganCounts(logarithm=False).encode(molecules)
    assert counts.shape == (3, 1, 2048)
    for molecule, found in zip(molecules, counts, strict=True):
        elements = rdMolDescriptors.GetHashedMorganFingerprint(molecule.mol, 2, 2048).GetNonzeroElements()
        assert {int(bit): int(found[0, bit]) for bit in np.flatnonzero(found)} == elements
    np.testing.assert_allclose(MorganCounts().encode(molecules), np.log1p(counts), atol=1e-6)


def test_neither_hydrogens_nor_a_conformer_nor_the_order_of_atoms_count() -> None:
    molecule, encoder = Molecule.from_smiles(SMILES[0]), MorganCounts()
    shuffled = Molecule(Chem.RenumberAtoms(molecule.mol, list(range(molecule.num_atoms))[::-1]))
    expected = encoder.encode([molecule])
    for other in (molecule.with_hydrogens(), molecule.embed(), shuffled, Molecule(molecule.mol, "x", ("a note",))):
        np.testing.assert_array_equal(encoder.encode([other]), expected)
    assert encoder.key(molecule) == encoder.key(Molecule(molecule.mol, "x", ("a note",)))
    assert encoder.key(molecule) != encoder.key(Molecule.from_smiles(SMILES[1]))


def test_chirality_is_told_where_asked_for() -> None:
    pair = [Molecule.from_smiles(SMILES[1]), Molecule.from_smiles(SMILES[1].replace("@@", "@"))]
    plain, chiral = MorganCounts(), MorganCounts(chirality=True)
    assert (plain.encode(pair[:1]) == plain.encode(pair[1:])).all()
    assert (chiral.encode(pair[:1]) != chiral.encode(pair[1:])).any()
    assert plain.hash != chiral.hash


def test_a_molecule_without_bits_and_another_kind_are_refused() -> None:
    empty = Molecule.from_smiles("C")
    empty.mol = Chem.Mol()  # as where an array was put into it later
    found = MorganCounts().encode_each([Molecule.from_smiles("C"), empty, Protein.from_sequence("MKT")])
    assert isinstance(found[0], np.ndarray)
    assert [type(one) for one in found[1:]] == [UnsupportedError, UnsupportedError]
    assert "without fingerprint bits" in str(found[1])
    for settings in ({"radius": -1}, {"radius": 99}, {"bits": 1}):
        with pytest.raises(ConfigurationError, match="give a number"):
            MorganCounts(**settings)
