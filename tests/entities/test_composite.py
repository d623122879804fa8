"""Composite modalities: parts written and read by their own modalities, in the order the layout allows."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import product
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomatrix.entities import Molecule, Protein, modality
from biomatrix.entities import layout as layout_module
from biomatrix.entities.layout import OWN, Slot, compile_layout
from biomatrix.errors import BioMatrixError, ConfigurationError, DecodeError, UnsupportedError

from ..pair import Pair, PairStructure, PairText, Shelf, ShelfText, registered_pairs

TEXT = PairText()
PAIR = Pair(Protein("MKV"), Molecule.from_smiles("CCO"), near=3)
FLAT = ["<|prot_aa_start|>", "<A M>", "<A K>", "<A V>", "<|prot_aa_end|>", "<near 3>"]
FLAT += ["<|mol_smi_start|>", "CCO", "<|mol_smi_end|>"]


@pytest.fixture(autouse=True)
def _pairs() -> Iterator[None]:
    with registered_pairs():
        yield


def changed(index: int, *tokens: str) -> list[str]:
    """Return the flat list with one token replaced."""
    return [*FLAT[:index], *tokens, *FLAT[index + 1 :]]


def test_a_pair_is_one_flat_list_and_comes_back() -> None:
    assert TEXT.encode(PAIR) == FLAT
    back = TEXT.decode(FLAT)
    assert isinstance(back, Pair)
    assert (back.protein.sequence, back.molecule.smiles, back.near) == ("MKV", "CCO", 3)
    assert TEXT.split("".join(FLAT)) == FLAT
    assert TEXT.length(FLAT) == 3 + modality("molecule_smiles").length(["CCO"])


def test_structures_come_back_as_the_parts_alone_would(make_helix: Callable[..., Protein]) -> None:
    pair = Pair(make_helix(12), Molecule.from_smiles("CCO").embed(seed=0))
    mine = modality("pair_structure")
    tokens = mine.encode(pair)
    back = mine.decode(tokens)
    assert isinstance(back, Pair)
    assert mine.split("".join(tokens)) == tokens
    protein, molecule = modality("protein_structure"), modality("molecule_structure")
    alone = protein.decode(protein.encode(pair.protein)), molecule.decode(molecule.encode(pair.molecule))
    np.testing.assert_array_equal(back.protein.backbone, alone[0].backbone)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(back.molecule.coordinates, alone[1].coordinates)  # type: ignore[attr-defined]
    assert mine.length(tokens) == 12
    assert mine.needs_structure
    assert not TEXT.needs_structure
    assert not mine.accepts(PAIR)
    assert mine.code_of(tokens[1]) == protein.code_of(tokens[1])
    assert {answer.name.split(":")[0] for answer in mine.check(back)} == {"protein", "molecule"}


def test_composites_nest_in_composites() -> None:
    shelf, mine = Shelf([PAIR, Pair(Protein("WW"), Molecule.from_smiles("C"))]), ShelfText()
    tokens = mine.encode(shelf)
    back = mine.decode(tokens)
    assert isinstance(back, Shelf)
    assert [pair.protein.sequence for pair in back.pairs] == ["MKV", "WW"]
    assert mine.split("".join(tokens)) == tokens
    counted = {name: len(inner) for name, inner in mine.spans(tokens) if name == "protein_sequence"}
    assert counted == {"protein_sequence": 2}
    assert [inner for name, inner in mine.spans(tokens) if name == "pair_text"] == [["<near 3>"], []]
    assert {part.name for part in mine.written_with()} == {"shelf_text", "pair_text", *PairText.parts}


def test_a_batch_is_its_records_one_by_one() -> None:
    thirteen = Pair(Protein("A" * 13), Molecule.from_smiles("C"))
    wildcard, nothing = Pair(Protein("M"), Molecule.from_smiles("*C")), Pair(Protein(""), PAIR.molecule)
    records = [PAIR, Protein("M"), nothing, wildcard, thirteen, PAIR]
    written = TEXT.encode_each(records)
    assert written[0] == written[5] == FLAT
    assert isinstance(written[1], UnsupportedError)
    assert isinstance(written[2], UnsupportedError)
    assert "protein_sequence" in written[2].message
    read = TEXT.decode_each([tokens for tokens in written if not isinstance(tokens, BioMatrixError)])
    for tokens, entity in zip([t for t in written if not isinstance(t, BioMatrixError)], read, strict=True):
        if isinstance(entity, BioMatrixError):
            with pytest.raises(type(entity), match="thirteen"):
                TEXT.decode(tokens)
        else:
            assert TEXT.encode(entity) == tokens


WRONG = {
    "a part that is not closed": (changed(4), 0),
    "a foreign token between parts": (changed(5, "[C]"), 5),
    "an end token of no open part": (changed(5, "<|mol_smi_end|>"), 5),
    "a wrong token inside a part": (changed(2, "[C]"), 2),
    "an empty part": (FLAT[:1] + FLAT[4:], 1),
    "a wrong text inside a part": (changed(7, "C1CC"), 7),
    "a part too many": (FLAT + FLAT[:5], 9),
    "a part too few": (FLAT[:6], 6),
    "an own token too many": (changed(5, "<near 3>", "<near 3>"), 6),
    "the wrong order": (FLAT[6:] + FLAT[:6], 0),
    "nothing": ([], 0),
    "what does not assemble": ([*FLAT[:1], *["<A M>"] * 13, *FLAT[4:]], 0),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_spells_no_pair_is_refused_at_its_place(name: str) -> None:
    tokens, position = WRONG[name]
    with pytest.raises(DecodeError) as caught:
        TEXT.decode(tokens)
    assert caught.value.position == position


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_any_flat_list_decodes_or_is_refused_with_a_place(data: st.DataObject) -> None:
    pieces = [*FLAT, "<|mol_sfi_start|>", "[C]", "<|mol_sfi_end|>", TEXT.start_token, TEXT.end_token, "x", ""]
    tokens = data.draw(st.lists(st.sampled_from(pieces), max_size=14))
    for mine, wrapped in ((TEXT, tokens), (ShelfText(), [TEXT.start_token, *tokens, TEXT.end_token])):
        (found,) = mine.decode_each([wrapped])
        if isinstance(found, BioMatrixError):
            assert isinstance(found, DecodeError)
            assert isinstance(found.position, int)
            assert 0 <= found.position <= len(wrapped)
        else:
            assert mine.encode(found) == mine.split("".join(wrapped))


def test_an_entity_the_layout_has_no_place_for_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="too early"):
        ShelfText().encode(Shelf([]))


def test_parts_can_be_given_and_no_others() -> None:
    coarse = modality("protein_structure", tokenizer="geometric-256")
    mine = PairStructure({"protein_structure": coarse})
    assert mine.part("protein_structure") is coarse
    assert mine.with_parts({"protein_structure": modality("protein_structure")}).part("protein_structure") is not coarse
    assert modality("pair_structure", parts={"protein_structure": coarse}).parts == mine.parts
    with pytest.raises(ConfigurationError, match="no part 'protein_sequence'"):
        PairStructure({"protein_sequence": modality("protein_sequence")})

    class Forgetful(PairText):
        layout: ClassVar[tuple[Slot, ...]] = (Slot(("protein_sequence",)),)

    with pytest.raises(ConfigurationError, match="layout"):
        Forgetful()


@pytest.mark.parametrize("bounds", [(-1, 1), (2, 1), (0, 0), (1, 5_000)])
def test_a_slot_that_makes_no_sense_is_refused(bounds: tuple[int, int]) -> None:
    with pytest.raises(ConfigurationError):
        Slot(("a",), least=bounds[0], most=bounds[1])
    with pytest.raises(ConfigurationError):
        Slot()


def test_a_layout_of_many_states_counts_on() -> None:
    order = compile_layout([Slot((f"p{number}",), most=1_000) for number in range(40)])
    assert order.transitions.max() > 40_000 - 100
    state = 0
    for number in range(40):
        for _ in range(1_000):
            state = order.next(state, f"p{number}")
            assert state >= 0
    assert order.accepting[state]
    assert order.next(state, "p39") == -1


def test_a_layout_of_too_many_states_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout_module, "MAX_STATES", 500)
    assert len(compile_layout([Slot(("a",), most=499)]).accepting) == 500
    with pytest.raises(ConfigurationError, match="more than 500 states"):
        compile_layout([Slot(("a",), most=500)])


def naively_fits(layout: list[Slot], items: tuple[str, ...]) -> bool:
    """Say by trying every cut whether a layout allows an order of items."""
    if not layout:
        return not items
    head, rest = layout[0], layout[1:]
    most = len(items) if head.most is None else min(head.most, len(items))
    return any(
        all(item in head.items for item in items[:count]) and naively_fits(rest, items[count:])
        for count in range(head.least, most + 1)
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_compiled_layout_allows_what_the_slots_say(seed: int) -> None:
    rng = random.Random(seed)
    layout = []
    for _ in range(rng.randint(1, 4)):
        least = rng.randint(0, 2)
        most = rng.choice([None, max(1, least), least + 1])
        names = tuple(rng.sample(["a", "b"], rng.randint(1, 2)))
        layout.append(Slot(names, own=rng.random() < 0.3, least=least, most=most))
    order = compile_layout(layout)
    for size in range(6):
        for items in product(["a", "b", OWN], repeat=size):
            state = 0
            for item in items:
                state = order.next(state, item) if state >= 0 else -1
            assert (state >= 0 and bool(order.accepting[state])) == naively_fits(layout, items)
