"""Records written in several ways: other orders of atoms, other conformers; the first way as ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.corpus.build import tokenised
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.records import TokenRecord
from biomatrix.corpus.refusals import refused_records
from biomatrix.corpus.sources.base import Provenance
from biomatrix.corpus.sources.embedded_conformers import ALIKE, with_conformers
from biomatrix.corpus.sources.molecules import SmilesSource
from biomatrix.corpus.sources.registry import register_source, unregister_source
from biomatrix.entities import Molecule, modality

SMILES = ("C[C@H](N)C(=O)OCCc1ccncc1", "CC(C)CC(=O)NCCO", "OC1CCCC1F", "not a molecule")
WAYS = 3


def _source(root: Path) -> SmilesSource:
    return SmilesSource("few", Provenance(("MIT",), "made up", ("few.csv",), "all"), root)


def _built(folder: Path, **settings: object) -> tuple[list[TokenRecord], int]:
    (folder / "few.csv").write_text("\n".join(("smiles", *SMILES)) + "\n")
    entry = {"name": "few", "embed": 1.0, **settings}
    names = ["molecule_smiles", "molecule_selfies", "molecule_structure"]
    recipe = CorpusRecipe.model_validate({"name": "few", "sources": [entry], "modalities": names, "slice_rows": 2})
    register_source("few", _source)
    try:
        slices = tokenised(recipe, folder, folder / "work")
    finally:
        unregister_source("few")
    splits = ("train", "held_out", "held_out_label")
    refused = sum(refused_records(slices).counts.values())
    return [record for item in slices["few"] for record in item.read(splits)], refused


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[TokenRecord], int]:
    return _built(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[TokenRecord], int]:
    return _built(tmp_path_factory.mktemp("several"), conformers=WAYS, rewritings=WAYS - 1)


def test_the_first_way_is_as_without_others(
    plain: tuple[list[TokenRecord], int], several: tuple[list[TokenRecord], int]
) -> None:
    first = [record for record in several[0] if "~" not in record.id]
    assert [record.id for record in first] == ["1", "2", "3"]
    assert first == plain[0]
    assert several[1] == plain[1] == 1, "a refused record counts once, however often the others are written"


def test_other_ways_read_back_as_the_same(several: tuple[list[TokenRecord], int]) -> None:
    first = {record.id: record for record in several[0] if "~" not in record.id}
    others = [record for record in several[0] if "~" in record.id]
    assert {record.id for record in others} == {f"{name}~{way}" for name in first for way in range(1, WAYS)}
    for record in others:
        for name in ("molecule_smiles", "molecule_selfies"):
            writer = modality(name)
            known = first[record.id.split("~")[0]].tokens[name]
            assert writer.decode(record.tokens[name]).smiles == writer.decode(known).smiles
    for name in ("molecule_smiles", "molecule_selfies"):
        assert len({tuple(record.tokens[name]) for record in several[0]}) > len(first), f"{name}: no other order"
    assert len({tuple(record.tokens.get("molecule_structure", ())) for record in several[0]}) > len(first)


def test_conformers_are_not_alike() -> None:
    from rdkit.Chem import rdMolAlign

    mol = with_conformers(Molecule.from_smiles("CCCCCO"), 5).mol
    numbers = [conformer.GetId() for conformer in mol.GetConformers()]
    assert len(numbers) > 1
    for one in numbers:
        for other in numbers[:one]:
            assert rdMolAlign.AlignMol(mol, mol, one, other) > ALIKE * 0.99
    rigid = with_conformers(Molecule.from_smiles("c1ccccc1"), 3).mol
    assert rigid.GetNumConformers() == 1
