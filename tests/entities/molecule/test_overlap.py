"""The keys of overlap of molecules: what they join, and what they keep apart."""

from __future__ import annotations

import pytest

from biomatrix.entities import Molecule, kind_of


def _keys(smiles: str) -> dict[str, str]:
    molecule = Molecule.from_smiles(smiles)
    return dict(kind_of(molecule).overlap_keys(molecule))


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("CC(=O)Oc1ccccc1C(=O)O", "OC(=O)c1ccccc1OC(C)=O", {"inchikey", "connectivity", "parent", "scaffold"}),
        ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", {"connectivity", "parent"}),
        ("CC(=O)O", "CC(=O)[O-].[Na+]", {"parent"}),
        ("[13CH3]CO", "CCO", {"connectivity", "parent"}),
        ("CCc1ccccc1", "Nc1ccccc1", {"scaffold"}),
        ("CCO", "CCN", set()),
    ],
)
def test_what_two_molecules_share(first: str, second: str, shared: set[str]) -> None:
    one, other = _keys(first), _keys(second)
    assert {name for name in one if one[name] == other.get(name)} == shared


def test_a_molecule_without_rings_has_no_scaffold() -> None:
    assert "scaffold" not in _keys("CCCC")


def test_a_molecule_without_inchi_is_known_by_its_graph() -> None:
    assert _keys("*CCO")["inchikey"].startswith("graph:")
    assert _keys("*CCO") == _keys("OCC*")


def test_the_keys_do_not_depend_on_the_spelling() -> None:
    assert _keys("c1ccncc1CC.Cl") == _keys("Cl.CCc1cccnc1")
