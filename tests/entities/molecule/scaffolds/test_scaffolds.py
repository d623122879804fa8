"""Strings that hold a scaffold: every one that can be written does, none is stuck, and what hangs on it is free."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from rdkit import Chem
from rdkit.rdBase import BlockLogs

from biomatrix.entities import Molecule
from biomatrix.entities.automaton import Bounds
from biomatrix.entities.molecule.constraints.scaffold import Scaffold
from biomatrix.entities.molecule.counts import MoleculeCounts
from biomatrix.entities.molecule.scaffolds.automaton import DECORATED, Menu, ScaffoldAutomaton
from biomatrix.entities.molecule.scaffolds.numbers import AnyNumbers
from biomatrix.entities.molecule.scaffolds.progress import Progress, Reader
from biomatrix.entities.molecule.scaffolds.tally import COMMON, Room, Tally
from biomatrix.entities.molecule.scaffolds.text import scaffold_text
from biomatrix.entities.molecule.smiles_automaton.automaton import SmilesAutomaton
from biomatrix.errors import ConfigurationError
from biomatrix.generation import Model

ALPHABET = "CO()=19"
LONGEST = 7
OUTPUT = "molecule_smiles"


@pytest.fixture(scope="module")
def nano() -> Model:
    return Model.from_pretrained("nano")


def written(reader: Reader) -> tuple[set[str], int]:
    """Return every whole string over the alphabet up to the longest, and how many unfinished ones were passed."""
    found: set[str] = set()
    passed = 0
    front: list[tuple[str, tuple[Progress, ...]]] = [("", (reader.start,))]
    while front:
        text, readings = front.pop()
        passed += 1
        if any(map(reader.ends, readings)):
            found.add(text)
        needed = min(reader.finish(one).characters for one in readings)
        if len(text) + needed > LONGEST:
            continue
        following = {
            character: tuple(dict.fromkeys(after for one in readings for after in reader.following(one, character)))
            for character in ALPHABET
        }
        costs = [reader.finish(one).characters for after in following.values() for one in after]
        assert needed == 0 or min(costs) < needed, text
        front += ((text + character, after) for character, after in following.items() if after)
    return found, passed


@pytest.mark.parametrize("smiles", ["CO", "C=O", "C1CC1", "CC=O"])
def test_every_short_string_holds_the_scaffold_and_none_is_stuck(smiles: str) -> None:
    scaffold = Chem.MolFromSmiles(smiles)
    found, passed = written(Reader(AnyNumbers(), scaffold_text(scaffold)))
    assert passed > len(found) > 5
    with BlockLogs():
        for text in found:
            mol = Chem.MolFromSmiles(text)
            assert mol is not None, text
            aromatic = any(atom.GetIsAromatic() for atom in mol.GetAtoms())  # its bonds are no longer single and double
            assert aromatic or mol.HasSubstructMatch(scaffold), text


@pytest.mark.parametrize(
    "text", ["Cc9ccncc9", "c9(F)ccncc9", "c9cc(OC(C)C)ncc9", "CCc9c(C#N)cnc(-c1ccccc1)c9O", "c9ccncc9.O"]
)
def test_what_hangs_on_the_scaffold_is_free(text: str) -> None:
    assert reads(Reader(AnyNumbers(), "c9ccncc9"), text)


@pytest.mark.parametrize(
    "text", ["c9cc9", "c9ccccc9", "c9ccncc", "c9cc(C9)ncc9", "C9CCNCC9", "c9(=O)ccncc9", "c9ccncc9(C", "CF.c9ccncc9"]
)
def test_what_is_not_the_scaffold_or_not_whole_is_refused(text: str) -> None:
    assert not reads(Reader(AnyNumbers(), "c9ccncc9"), text)


@pytest.mark.parametrize("bracket", ["[n", "[nH+", "[13c", "[se"])
def test_an_aromatic_bracket_is_not_begun_on_an_aromatic_atom_without_a_bond(bracket: str) -> None:
    """It could never be closed, as the branch ``(n...`` may not be either."""
    reader = Reader(AnyNumbers(), "c9ccncc9")
    assert not begun(reader, f"c9c({bracket}")
    assert begun(reader, f"c9c(-{bracket}")
    assert begun(reader, "c9c([13C")


def test_a_row_that_nothing_may_follow_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    automaton = over_characters("c9ccncc9")
    none = np.empty(0, dtype=np.int64)
    monkeypatch.setattr(automaton, "_menu", lambda readings: Menu(none, none, none, none, none > 0))
    (ranges,) = automaton.allowed(automaton.start(Bounds(40))[None])
    assert ranges.tolist() == [[automaton.end_id, automaton.end_id + 1]]


@pytest.mark.parametrize(
    ("begun", "refused", "free"), [("O(", "<", "[CO"), ("O([", "1a", "CNnc"), ("O([N", "ai:", "]+H"), ("O-", "><", "C")]
)
def test_nothing_uncommon_is_written_behind_the_scaffold(begun: str, refused: str, free: str) -> None:
    automaton = over_characters("CC=O")
    states = automaton.start(Bounds(40))[None]
    for character in f"CC=O.{begun}":
        states = automaton.advance(states, np.array([ord(character)]))
    (ranges,) = automaton.allowed(states)
    allowed = {chr(id_) for first, stop in ranges.tolist() for id_ in range(first, stop)}
    assert allowed.isdisjoint(refused)
    assert allowed >= set(free)


def test_wildcards_count_as_atoms() -> None:
    """Uncounted they could go on for ever where no other atom may come."""
    assert dict(Tally().with_piece("C*").with_piece("(*)").elements) == {"C": 1, "*": 2}
    room = Room(MoleculeCounts(atoms=(4, 4)), 99)
    assert room.judge(Tally().with_piece("CC=O.*"), Counter(), 0) == (True, True)
    assert room.judge(Tally().with_piece("CC=O.**"), Counter(), 0)[0] is False


def over_characters(scaffold: str) -> ScaffoldAutomaton:
    """Return the automaton of a scaffold over printable characters, whose ids are their code points."""
    spelling = {id_: chr(id_) for id_ in range(33, 127)}
    return ScaffoldAutomaton(SmilesAutomaton(1000, 1001, spelling), spelling, scaffold)


def reads(reader: Reader, text: str) -> bool:
    """Return whether a reader takes a whole string."""
    return any(map(reader.ends, begun(reader, text)))


def begun(reader: Reader, text: str) -> tuple[Progress, ...]:
    """Return the ways to read a text; none where it leads to no whole string."""
    readings: tuple[Progress, ...] = (reader.start,)
    for character in text:
        readings = tuple(after for one in readings for after in reader.following(one, character))
    return readings


def test_ring_numbers_count_down_from_nine() -> None:
    assert scaffold_text(Chem.MolFromSmiles("c1ccc2ccccc2c1")) == "c9ccc8ccccc8c9"
    assert scaffold_text(Chem.MolFromSmiles("C[13CH3]")) == "C[13CH3]"
    with pytest.raises(ConfigurationError, match="one piece"):
        scaffold_text(Chem.MolFromSmiles("C.C"))


@pytest.mark.parametrize("smiles", ["c1ccc2[nH]ccc2c1", "CC(=O)N", "C1CCNCC1", "C[C@H](N)C(=O)O"])
def test_a_model_decorates_the_scaffold(nano: Model, smiles: str) -> None:
    scaffold = Scaffold.parse(smiles)
    answers = nano.generate(
        "Make a molecule.", OUTPUT, constraints=[scaffold], num_samples=3, drafts=4, max_new_tokens=70
    )
    for answer in answers:
        assert answer.entity is not None, answer.error
        assert scaffold.fault(answer.entity) is None
    assert len({answer.entity.smiles for answer in answers}) > 1


def test_random_walks_over_pieces_end_with_the_scaffold_within_the_budget(nano: Model) -> None:
    vocabulary = nano.vocabulary
    ids = vocabulary.segment_ids(OUTPUT)
    scaffold = Scaffold.parse("c1ccncc1")
    automaton = scaffold.narrow(vocabulary.automaton(OUTPUT), vocabulary.modality(OUTPUT), ids)
    spelling = ids.spelling()
    with pytest.raises(ConfigurationError, match="allow more"):
        automaton.start(Bounds(5))
    kept = 0
    for seed in range(5):
        generator = random.Random(seed)
        states, text = automaton.start(Bounds(40))[None], ""
        for _ in range(40):
            (ranges,) = automaton.allowed(states)
            options = [id_ for first, stop in ranges.tolist() for id_ in range(first, stop)]
            assert set(options) <= set(automaton.ids.tolist())
            id_ = automaton.end_id if automaton.end_id in options else generator.choice(options)
            states = automaton.advance(states, np.array([id_]))
            text += spelling.get(id_, "")
            if id_ == automaton.end_id:
                break
        assert automaton.finished(states)[0], text
        found = Molecule.from_smiles(text)
        kept += found.mol.HasSubstructMatch(scaffold.molecule.mol)
        assert (scaffold.fault(found) is None) == found.mol.HasSubstructMatch(scaffold.molecule.mol), text
    assert (
        kept >= 4
    )  # an aromatic ring with double bonds to its branches is none to RDKit: such answers are written again


def test_decorations_are_guided_by_counts_and_by_length(nano: Model) -> None:
    """In either order; no uncommon element, and never many more atoms than asked for."""
    wishes = ["scaffold=C1CCNCC1", "elements=C8N1O3"]
    for constraints in (wishes, wishes[::-1]):
        answers = nano.generate("Make a molecule.", OUTPUT, constraints=constraints, num_samples=4)
        assert all(answer.error is None for answer in answers)
    answers = nano.generate("Make a molecule.", OUTPUT, length=12, constraints=["scaffold=c1ccncc1"], num_samples=4)
    assert all(answer.error is None for answer in answers)
    for answer in nano.generate("Make a molecule.", OUTPUT, constraints=["scaffold=c1ccncc1"], num_samples=8):
        assert answer.entity is not None
        atoms = [atom for atom in answer.entity.mol.GetAtoms() if atom.GetAtomicNum() > 1]
        assert len(atoms) <= 2 * 6 + DECORATED
        assert {atom.GetSymbol() for atom in atoms} <= {*COMMON, "B"}
        assert not any(atom.GetIsotope() for atom in atoms)


def test_counts_without_room_for_the_scaffold_are_refused(nano: Model) -> None:
    for constraints, length in ((["scaffold=c1ccncc1", "elements=C4N1"], None), (["scaffold=c1ccncc1"], 4)):
        with pytest.raises(ConfigurationError, match=r"scaffold cannot be kept together|together: scaffold takes 6"):
            nano.generate("Make a molecule.", OUTPUT, length=length, constraints=constraints)


def test_atoms_are_counted_piece_by_piece() -> None:
    tally = Tally()
    for piece in ("C", "l", "[", "N", "a+", "].", "c1[nH", "]cc", "c1B", "r"):
        tally = tally.with_piece(piece)
    assert dict(tally.elements) == {"Br": 1, "C": 4, "Cl": 1, "N": 1, "Na": 1}
