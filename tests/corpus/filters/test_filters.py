"""Each filter refuses what it should, passes what it should, and says why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from biomatrix.corpus.filters.gopher import repeated_characters, repeated_shares, top_characters
from biomatrix.corpus.filters.registry import check_filters, filter_names, open_filter
from biomatrix.corpus.records import INTERACTION, TEXT, Record
from biomatrix.corpus.selection_recipes import FilterRecipe
from biomatrix.entities import Molecule, Protein
from biomatrix.errors import ConfigurationError

GOOD = (
    "The cell is the unit of life, and it is bounded by a membrane that lets some molecules pass. "
    "Within it stand the nucleus, which keeps the genome, the ribosomes that make proteins of amino acids, and many "
    "organelles with work of their own to do. Energy comes from sugar and fat, taken apart step by step by enzymes."
)
CHAIN = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQFEVV"
BROKEN = np.concatenate([np.full((20, 3, 3), np.nan), np.ones((51, 3, 3))]).astype(np.float32)


def text(words: str) -> Record:
    return Record("s", "1", TEXT, fields={"text": words})


def molecule(smiles: str) -> Record:
    return Record("s", "1", "molecule", entity=Molecule.from_smiles(smiles))


def protein(letters: str, backbone: Any = None, **fields: str) -> Record:
    return Record("s", "1", "protein", fields=fields, entity=Protein(letters, backbone))


def pair(**fields: str) -> Record:
    return Record("s", "1", INTERACTION, fields=fields, parts={"ligand": Molecule.from_smiles("CCO")})


CASES: list[tuple[str, Record, Record]] = [
    ("text_length", text(GOOD), text("Too short to be read.")),
    ("text_characters", text(GOOD), text("ALL IN UPPER CASE, AS A NOTICE ON A WALL OF A LABORATORY IS WRITTEN")),
    ("text_language", text(GOOD), text("Die Zelle ist die Einheit des Lebens und von einer Membran umgeben, die es")),
    ("text_boilerplate", text(GOOD), text("All rights reserved. Accept cookies to go on. Privacy policy.")),
    ("gopher_quality", text(GOOD), text("# " * 60)),
    ("gopher_repetition", text(GOOD), text("the same line again and again\n" * 20)),
    ("molecule_size", molecule("CCO"), molecule("C" * 101)),
    ("molecule_elements", molecule("CCO"), molecule("C[Hg]C")),
    ("molecule_charge", molecule("C[NH3+]"), molecule("[NH3+]CC([NH3+])C[NH3+]")),
    ("molecule_fragments", molecule("CCO"), molecule("CC(=O)[O-].[Na+]")),
    ("molecule_radicals", molecule("CCO"), molecule("C[CH2]")),
    ("molecule_isotopes", molecule("CCO"), molecule("[2H]CCO")),
    ("protein_length", protein(CHAIN), protein(CHAIN[:20])),
    ("protein_unknown", protein(CHAIN), protein(CHAIN[:40] + "X" * 10)),
    ("protein_complexity", protein(CHAIN), protein("QQQQQQQQQQ" * 5 + CHAIN[:20])),
    ("protein_resolution", protein(CHAIN, resolution="2.1 Angstrom"), protein(CHAIN, resolution="6.5")),
    ("protein_confidence", protein(CHAIN, plddt="88.2"), protein(CHAIN, plddt="41")),
    ("protein_backbone", protein(CHAIN), protein(CHAIN, np.resize(BROKEN, (len(CHAIN), 3, 3)))),
    ("interaction_relation", pair(relation="="), pair(relation=">")),
    ("interaction_range", pair(value="35 nM"), pair(value="0")),
    ("molecule_size", pair(), pair()),
]


@pytest.mark.parametrize(("name", "good", "bad"), CASES[:-1], ids=[name for name, _, _ in CASES[:-1]])
def test_each_filter_passes_and_refuses(name: str, good: Record, bad: Record) -> None:
    judge = open_filter(FilterRecipe(name=name))
    assert judge.reason(good) is None
    assert judge.reason(bad)


def test_every_filter_is_tried() -> None:
    assert {name for name, _, _ in CASES} == set(filter_names())


def test_filters_judge_the_parts_of_their_kind_and_no_other_record() -> None:
    judge = open_filter(FilterRecipe(name="molecule_size", settings={"least": 5}))
    assert str(judge.reason(pair())).startswith("ligand: heavy atoms: 3")
    assert judge.reason(protein(CHAIN)) is None
    assert open_filter(FilterRecipe(name="text_length")).reason(molecule("C")) is None


def test_wrong_names_and_settings_are_told() -> None:
    with pytest.raises(ConfigurationError, match="molecule_size"):
        open_filter(FilterRecipe(name="molecule_sise"))
    with pytest.raises(ConfigurationError, match="unknown key"):
        open_filter(FilterRecipe(name="molecule_size", settings={"smallest": 3}))
    with pytest.raises(ConfigurationError, match="no source 'chembll'"):
        check_filters([FilterRecipe(name="molecule_size", without=["chembll"])], ["chembl"])


def test_what_a_field_must_state() -> None:
    needed = open_filter(FilterRecipe(name="protein_resolution", settings={"needed": True}))
    assert needed.reason(protein(CHAIN)) == "no resolution is stated"
    assert open_filter(FilterRecipe(name="protein_resolution")).reason(protein(CHAIN)) is None


def test_repetition_is_counted_as_the_paper_says() -> None:
    assert repeated_shares(["a", "b", "a", "a"]) == (0.5, 0.5)
    words = ["a", "b", "c", "d", "a", "b", "c", "d", "x"]
    assert top_characters(words, 2) == 4
    assert repeated_characters(words, 4) == 8
    assert repeated_characters(words, 5) == 0
    assert top_characters(["a", "b"], 2) == 0
