"""Records of several entities: parts in views, templates and interleaved text."""

from __future__ import annotations

from collections import Counter

import pytest

from biomatrix.tasks import Task
from biomatrix.tasks.definition_files import Definitions
from biomatrix.tasks.documents import Control
from biomatrix.tasks.drawing import document, has_view
from biomatrix.tasks.registry import definitions, task, view
from biomatrix.tasks.validation import faults
from biomatrix.tasks.views import DocumentView
from biomatrix.tasks.written_records import PartPlace, WrittenPart
from biomatrix.vocabulary.tables import Tokens

from .conftest import Written

LIGAND = WrittenPart("molecule", {"molecule_smiles": ("CCO",), "molecule_selfies": ("[C]", "[C]", "[O]")})
PROTEIN = WrittenPart("protein", {"protein_sequence": ("<A M>", "<A K>")})
BOUND = Written("b", "interaction", {"affinity": "7.1"}, parts={"ligand": LIGAND, "protein": PROTEIN})
TEXT = "Ethanol slows the kinase; ethanol again."
PLACES = (PartPlace(0, 7, "molecule_1"), PartPlace(18, 24, "protein_1"), PartPlace(26, 33, "molecule_1"))
NAMED = Written("t", "interleaved", {"text": TEXT}, parts={"molecule_1": LIGAND, "protein_1": PROTEIN}, places=PLACES)


def drawn(record: Written, name: str | DocumentView, copy: int = 0, max_tokens: int = 512) -> list[object]:
    definition = view(name) if isinstance(name, str) else name
    made = document(record, definition, seed=0, copy=copy, max_tokens=max_tokens)
    return [] if made is None else [part.item for part in made.parts]


def test_every_role_enters_an_interaction() -> None:
    ligands = Counter()
    for copy in range(200):
        written = {item.modality for item in drawn(BOUND, "ligand_protein", copy) if isinstance(item, Tokens)}
        assert "protein_sequence" in written
        ligands[frozenset(written - {"protein_sequence"})] += 1
    assert set(ligands) == {
        frozenset({"molecule_smiles"}),
        frozenset({"molecule_selfies"}),
        frozenset({"molecule_smiles", "molecule_selfies"}),
    }
    assert min(ligands.values()) > 20
    assert not drawn(BOUND, "protein_pair"), "its roles are not there"
    assert not drawn(BOUND, "ligand_protein_3d"), "it has no structure"
    alone = Written("b", "interaction", {"affinity": "7.1"}, parts={"protein": PROTEIN})
    assert not drawn(alone, "ligand_protein")


def test_templates_name_parts_by_role() -> None:
    ask = Task("ask", ("Weigh {ligand.molecule} in {protein.protein_sequence}",), "{affinity:.1f}")
    modalities = set()
    for copy in range(30):
        made = document(BOUND, ask, seed=0, copy=copy, max_tokens=512)
        assert made is not None
        modalities |= {part.item.modality for part in made.parts if isinstance(part.item, Tokens)}
    assert modalities == {"molecule_smiles", "molecule_selfies", "protein_sequence"}
    assert has_view(BOUND, task("predict_ligand_affinity"))
    assert not has_view(BOUND, task("proteins_interact"))
    assert (
        document(Written("m", "molecule", {"affinity": "1"}, LIGAND.tokens), ask, seed=0, copy=0, max_tokens=9) is None
    )


def test_the_definitions_are_sound_and_wrong_ones_are_told() -> None:
    known = definitions()
    assert not list(faults(known, known))
    wrong = (
        DocumentView("a", "interaction", "composed", ("protein_sequence",), {"affinity": 1.0}),
        DocumentView("b", "interaction", "composed", (), {"ligand.affinity": 1.0}),
        DocumentView("c", "interleaved", "single", ("protein_sequence",)),
        DocumentView("d", "interleaved", "interleaved", ()),
        DocumentView("e", "molecule", "interleaved", ("molecule_smiles",)),
    )
    told = list(faults(Definitions(views={one.name: one for one in wrong}), known))
    assert {line[0] for line in told} == {"a", "b", "c", "d", "e"}


def test_an_entity_follows_its_first_mention_and_the_text_stays_whole() -> None:
    seen = set()
    for copy in range(40):
        items = drawn(NAMED, "interleaved", copy)
        words = "".join(item if isinstance(item, str) else "" for item in items)
        assert words.replace(" ", "") == TEXT.replace(" ", "")
        assert items[0] == "Ethanol "
        assert isinstance(items[1], Tokens)
        assert items[2:] == [
            " slows the kinase ",
            Tokens("protein_sequence", PROTEIN.tokens["protein_sequence"]),
            "; ethanol again.",
            Control("<|endoftext|>"),
        ]
        seen.add(items[1].modality)
    assert seen == {"molecule_smiles", "molecule_selfies"}


def test_every_mention_long_entities_and_small_documents() -> None:
    modalities = ("molecule_smiles", "protein_sequence")
    every = DocumentView("every", "interleaved", "interleaved", modalities, mentions="every")
    assert sum(isinstance(item, Tokens) for item in drawn(NAMED, every)) == 3
    short = DocumentView("short", "interleaved", "interleaved", modalities, longest=2)
    assert [item.modality for item in drawn(NAMED, short) if isinstance(item, Tokens)] == ["protein_sequence"]
    assert drawn(NAMED, "interleaved", max_tokens=16) == [TEXT, Control("<|endoftext|>")]
    assert every.content != DocumentView("every", "interleaved", "interleaved", modalities).content


@pytest.mark.parametrize("name", ["interleaved", "ligand_protein"])
def test_other_records_give_none(name: str, molecule: Written) -> None:
    assert not drawn(molecule, name)
