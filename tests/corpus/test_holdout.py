"""The held-out rule looks at the heavy-atom graph and at nothing else."""

from __future__ import annotations

import pytest
from rdkit import Chem

from biomatrix.corpus.holdout import EXAMPLE_KEYS, bucket, is_held_out, is_property_held_out
from biomatrix.entities.molecule.identity import graph_key
from biomatrix.errors import ParseError


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"),
        ("OCC", "CCO"),
        ("[2H]C([2H])O", "CO"),
        ("F/C=C/F", "F/C=C\\F"),
        ("[H]OC", "CO"),
    ],
)
def test_writings_of_one_graph_fall_on_one_side(one: str, other: str) -> None:
    assert graph_key(one) == graph_key(other)
    assert is_held_out(one) == is_held_out(other)
    assert is_property_held_out(one) == is_property_held_out(other)


def test_a_molecule_with_hydrogens_has_the_key_of_its_smiles() -> None:
    assert graph_key(Chem.AddHs(Chem.MolFromSmiles("c1ccccc1O"))) == graph_key("Oc1ccccc1")


def test_about_one_in_fifty_is_held_out() -> None:
    held_out = sum(bucket(f"key {i}", 50) == 0 for i in range(20_000))
    assert 300 < held_out < 500


def test_the_examples_are_held_out() -> None:
    assert all(is_held_out(key) for key in EXAMPLE_KEYS)
    assert is_held_out("CN1C=NC2=C1C(=O)N(C(=O)N2C)C")


def test_what_is_not_smiles_is_refused() -> None:
    with pytest.raises(ParseError, match="C1CC"):
        graph_key("C1CC")
