"""A table of molecules and proteins with names and identifiers, all invented but the chemistry."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.corpus.link_recipe import EntityTableRecipe
from biomatrix.corpus.linking.entity_tables import EntityTables

MOLECULES = """id,smiles,names
mesh:D000431,CCO,ethanol; ethyl alcohol
mesh:D001241; CHEBI:15365,CC(=O)Oc1ccccc1C(=O)O,aspirin; acetylsalicylic acid
CHEBI:16236,OCC,alcohol of wine
mesh:D1,NC(N)=O,urea
mesh:D2,Nc1ncnc2c1ncn2C1OC(COP(O)(O)=O)C(O)C1O,AMPX
mesh:D3,C1CC,broken ring
mesh:D4,CCC,twin
mesh:D5,CCCC,twin
"""
PROTEINS = "acc\tsequence\tnames\nNCBIGene:7001\tMKVLAAGW\tMadeup kinase|MUK1\nNCBIGene:7002\tMKWW\tRecQ9\n"


def written_tables(folder: Path) -> list[EntityTableRecipe]:
    """Write the tables into a data folder; return their descriptions."""
    (folder / "molecules.csv").write_text(MOLECULES)
    (folder / "proteins.tsv").write_text(PROTEINS)
    return [
        EntityTableRecipe(
            files=["molecules.csv"], reader="csv", kind="molecule", entity="smiles", id="id", names=["names"]
        ),
        EntityTableRecipe(
            files=["proteins.tsv"],
            reader="tsv",
            kind="protein",
            entity="sequence",
            id="acc",
            names=["names"],
            separator="|",
        ),
    ]


@pytest.fixture
def recipes(tmp_path: Path) -> list[EntityTableRecipe]:
    return written_tables(tmp_path)


@pytest.fixture
def named(recipes: list[EntityTableRecipe], tmp_path: Path) -> EntityTables:
    return EntityTables(recipes, tmp_path).load(names=True)


@pytest.fixture
def identified(recipes: list[EntityTableRecipe], tmp_path: Path) -> EntityTables:
    return EntityTables(recipes, tmp_path).load(names=False)
