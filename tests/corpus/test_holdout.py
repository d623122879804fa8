"""The held-out rule looks at the heavy-atom graph and at nothing else."""

from __future__ import annotations

import pytest
from rdkit import Chem

from biomatrix.corpus.holdout import bucket, is_held_out, is_held_out_identity, is_property_held_out
from biomatrix.entities import Molecule, Protein
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.molecule.identity import graph_key
from biomatrix.errors import ParseError

from ..pair import Pair, registered_pairs


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
    first, second = Molecule.from_smiles(one), Molecule.from_smiles(other)
    assert is_held_out(first) == is_held_out(second)
    assert is_property_held_out(first) == is_property_held_out(second)


def test_a_molecule_with_hydrogens_has_the_key_of_its_smiles() -> None:
    assert graph_key(Chem.AddHs(Chem.MolFromSmiles("c1ccccc1O"))) == graph_key("Oc1ccccc1")


def test_about_one_in_fifty_is_held_out() -> None:
    held_out = sum(bucket(f"key {i}", 50) == 0 for i in range(20_000))
    assert 300 < held_out < 500


def test_the_examples_are_held_out() -> None:
    for kind in kinds():
        assert all(is_held_out_identity(key, kind.name) for key in kind.held_out_keys)
    assert is_held_out(Molecule.from_smiles("CN1C=NC2=C1C(=O)N(C(=O)N2C)C"))
    assert not is_held_out_identity("Cn1c(=O)c2c(ncn2C)n(C)c1=O", "protein")


def test_proteins_are_held_out_by_sequence_and_by_nothing_else() -> None:
    sequence = next(f"MKT{'A' * count}" for count in range(500) if bucket(f"MKT{'A' * count}", 50) == 0)
    assert is_held_out(Protein(sequence, name="one"))
    assert is_held_out(Protein(sequence, name="other", chain="B"))
    assert not is_held_out(Protein("MKTAYIAK"))


def test_a_composite_is_held_out_where_a_part_is() -> None:
    plain, caffeine = Molecule.from_smiles("CCO"), Molecule.from_smiles("CN1C=NC2=C1C(=O)N(C(=O)N2C)C")
    with registered_pairs():
        assert not is_held_out(plain)
        assert not is_held_out(Pair(Protein("MKTAYIAK"), plain))
        assert all(is_held_out(Pair(Protein("MKTAYIAK" + "A" * count), caffeine)) for count in range(5))


def test_what_is_not_smiles_is_refused() -> None:
    with pytest.raises(ParseError, match="C1CC"):
        graph_key("C1CC")
