"""Real files: the residues, letters and positions are those that gemmi reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.entities import Protein, read_proteins
from biomatrix.entities.bundled import COMPLEXES, complex_folder

from .gemmi_reading import differences

PYROGLUTAMATE = ["A 1 is {'E'}, read as Q"]
"""Made from glutamine, as the archive has it; gemmi gives it the letter of glutamate."""

EXPECTED = {"1EN2.pdb": PYROGLUTAMATE, "a_structure.pdb": PYROGLUTAMATE}
NOT_READ_BY_GEMMI = {"pdb1gdr.ent"}


def chains_of(path: Path) -> list[Protein]:
    return [one for one in read_proteins(path) if isinstance(one, Protein)]


@pytest.mark.parametrize("pdb_id", COMPLEXES)
def test_complexes_of_the_package(pdb_id: str) -> None:
    path = complex_folder(pdb_id) / f"{pdb_id}_protein_one_lig_removed.pdb"
    assert list(differences(path, chains_of(path))) == []


def test_awkward_files(shared: Path) -> None:
    compared = 0
    for path in sorted((shared / "data/protein/files").iterdir()):
        text = path.name.removesuffix(".gz").endswith((".pdb", ".cif", ".ent"))
        chains = chains_of(path) if text and path.name not in NOT_READ_BY_GEMMI else []
        if chains:
            assert list(differences(path, chains)) == EXPECTED.get(path.name, []), path.name
            compared += 1
    assert compared > 40
