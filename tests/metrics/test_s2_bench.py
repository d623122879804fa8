"""Success in S2-Bench is counted as the official code counts it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.metrics.s2_bench.requests import BONDS, ELEMENTS, atoms_as_asked, bonds_as_asked, success_rate


@pytest.mark.parity
@pytest.mark.parametrize(("task", "succeeds"), [("AtomNum", atoms_as_asked), ("BondNum", bonds_as_asked)])
def test_success_rates_are_those_of_the_official_code(
    shared: Path, task: str, succeeds: Callable[[Chem.Mol, Mapping[str, int]], bool]
) -> None:
    fixture = json.loads((shared / "parity" / "metrics" / "s2bench.json").read_text())
    rows, outputs = fixture["inputs"][task]["rows"], fixture["inputs"][task]["outputs"]
    with BlockLogs():
        mols = [Chem.MolFromSmiles(output) if output.strip() else None for output in outputs]
    found = success_rate([mol is not None and succeeds(mol, row) for mol, row in zip(mols, rows, strict=True)])
    assert found == pytest.approx(fixture["expected"][task]["sr"], abs=fixture["tolerance_abs"])


def test_every_element_counts_and_an_unasked_bond_does_not() -> None:
    mol = Chem.MolFromSmiles("CC#N")
    atoms = dict.fromkeys(ELEMENTS, 0)
    assert atoms_as_asked(mol, atoms | {"carbon": 2, "nitrogen": 1})
    assert not atoms_as_asked(mol, atoms | {"carbon": 2})
    bonds = dict.fromkeys(BONDS, 0)
    assert bonds_as_asked(mol, bonds | {"single": 1})
    assert bonds_as_asked(mol, bonds | {"single": 1, "triple": 1})
    assert not bonds_as_asked(mol, bonds | {"single": 1, "double": 1})
    aromatic = Chem.MolFromSmiles("c1ccccc1CC")
    assert bonds_as_asked(aromatic, {"single": 2, "double": 0, "triple": 0, "aromatic": 6, "rotatable": 1})
