"""Several modalities of one entity in one answer: in order, whole, of one size; one of them may be given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import biomatrix
from biomatrix.entities import Molecule, Protein
from biomatrix.entities.automaton import Bounds
from biomatrix.entities.grammar import Grammar, one_or_more
from biomatrix.entities.table_automaton import TableAutomaton
from biomatrix.errors import ConfigurationError
from biomatrix.generation import Model, Request
from biomatrix.generation.fixed_segment import FixedSegment
from biomatrix.generation.guides import Guides
from biomatrix.generation.segments_automaton import Place, SegmentsAutomaton
from biomatrix.generation.text_automaton import TextAutomaton

from .test_drafts import Without

BOTH = ("protein_sequence", "protein_structure")
TINY = Grammar(
    np.array([[1, -1], [1, 2], [1, 1]], dtype=np.int16), np.array([False, True, False]), np.array([True, False])
)


def first() -> TableAutomaton:
    """Counted 1, 2; a 3 owes one more of any."""
    return TableAutomaton("first", 0, 4, np.array([1, 2, 3]), np.array([0, 0, 1]), TINY)


def second() -> TableAutomaton:
    return TableAutomaton("second", 5, 7, np.array([6]), np.array([0]), one_or_more(counted=True))


def every_answer(guide: SegmentsAutomaton, bounds: Bounds) -> set[tuple[int, ...]]:
    """Return every answer, by taking all ways; fails where one ends dead or passes the budget."""
    found, pending = set(), [(guide.start(bounds)[None], ())]
    while pending:
        states, ids = pending.pop()
        if guide.finished(states)[0]:
            assert len(ids) <= bounds.budget
            found.add(ids)
            continue
        options = [id_ for span in guide.allowed(states)[0] for id_ in range(*span)]
        assert options, ids
        assert set(options) <= set(guide.ids.tolist())
        for id_ in options:
            pending.append((guide.advance(states, np.array([id_])), (*ids, id_)))  # type: ignore[arg-type]
    return found


def counted(ids: tuple[int, ...]) -> int:
    return sum(id_ in (1, 2) for id_ in ids)


@pytest.mark.parametrize("budget", range(5, 12))
@pytest.mark.parametrize("length", [None, 2, (1, 2)])
def test_what_follows_has_the_size_of_what_was_written(budget: int, length: int | tuple[int, int] | None) -> None:
    tail = second()
    guide = SegmentsAutomaton([Place(first()), Place(tail, None, 0, lambda ids: (tail, counted(ids)))])
    if length == 2 and budget < 7:
        with pytest.raises(ConfigurationError):
            guide.start(Bounds(budget, length))
        return
    answers = every_answer(guide, Bounds(budget, length))
    assert answers
    for ids in answers:
        place = ids.index(4)
        assert ids[place + 1 :] == (5, *[6] * counted(ids[:place]), 7)
        assert length is None or (counted(ids[:place]) == 2 if length == 2 else counted(ids[:place]) in (1, 2))


@pytest.mark.parametrize("kept_first", [True, False])
def test_a_segment_that_is_given_is_forced(kept_first: bool) -> None:
    kept, free = FixedSegment([0, 1, 3, 2, 4]), Place(second(), 2)
    guide = SegmentsAutomaton([Place(kept), free] if kept_first else [free, Place(kept)])
    (ids,) = every_answer(guide, Bounds(30))
    assert ids == ((1, 3, 2, 4, 5, 6, 6, 7) if kept_first else (6, 6, 7, 0, 1, 3, 2, 4))
    assert every_answer(guide, Bounds(8)) == {ids}
    with pytest.raises(ConfigurationError):
        guide.start(Bounds(7))


def test_a_segment_that_cannot_be_bound_is_told() -> None:
    """One ``2`` asks for more than the budget has: the answer ends there, and is known to lack a segment."""
    tail = second()
    guide = SegmentsAutomaton(
        [Place(first()), Place(tail, None, 0, lambda ids: (tail, 50 if 2 in ids else counted(ids)))]
    )
    answers = every_answer(guide, Bounds(9))
    assert any(2 in ids for ids in answers)
    for ids in answers:
        assert (guide.unbound(ids, 9) is not None) is (2 in ids[: ids.index(4)])


def test_rows_are_apart() -> None:
    tail = second()
    guide = SegmentsAutomaton([Place(first()), Place(tail, None, 0, lambda ids: (tail, counted(ids)))])
    generator = np.random.default_rng(0)
    states = np.stack([guide.start(Bounds(20))] * 16)
    for _ in range(20):
        allowed = guide.allowed(states)
        for row, ranges in enumerate(allowed):
            assert guide.allowed(states[row][None])[0].tolist() == ranges.tolist()
        ids = [int(generator.choice(np.concatenate([np.arange(*s) for s in r]))) if len(r) else 7 for r in allowed]
        following = guide.advance(states, np.array(ids))
        for row, id_ in enumerate(ids):
            alone = guide.advance(states[row][None], np.array([id_]))
            assert alone[0, :4].tolist() == following[row, :4].tolist()
        states = following
    assert guide.finished(states).all()


@pytest.mark.parametrize("output", [BOTH, BOTH[::-1]])
@pytest.mark.parametrize("length", [None, 7, (3, 5)])
def test_sequence_and_structure_have_the_same_residues(model: Model, output: tuple[str, ...], length: Any) -> None:
    for answer in model.generate("Make one.", output=output, length=length, num_samples=6, max_new_tokens=70):
        assert answer.error is None
        assert answer.finish_reason == "stop"
        assert tuple(segment.modality for segment in answer.segments) == output
        sizes = {len(segment.tokens) for segment in answer.segments}
        assert len(sizes) == 1
        assert length is None or sizes.pop() in ([7] if length == 7 else [3, 4, 5])
        by_name = {str(segment.modality): segment.value for segment in answer.segments}
        sequence, structure = (by_name[name] for name in BOTH)
        assert isinstance(sequence, Protein)
        assert isinstance(structure, Protein)
        assert structure.has_structure
        assert structure.sequence == sequence.sequence
        assert answer.entity is by_name[output[-1]]


def test_a_kept_sequence_is_folded(model: Model) -> None:
    native = Protein("MKVLW", name="1abc_B", chain="B", residue_numbers=np.arange(5, 10, dtype=np.int32))
    answers = model.generate("Fold.", output=BOTH, kept=native, num_samples=3)
    for answer in answers:
        fold = answer.entity
        assert isinstance(fold, Protein)
        assert (fold.sequence, fold.chain, fold.has_structure) == ("MKVLW", "B", True)
        np.testing.assert_array_equal(fold.residue_numbers, native.residue_numbers)
        assert answer.segments[0].tokens == tuple(f"<A {letter}>" for letter in "MKVLW")
    assert len({answer.token_ids for answer in answers}) > 1


@pytest.mark.parametrize("output", [BOTH, BOTH[::-1]])
def test_a_kept_structure_is_given_a_sequence(model: Model, output: tuple[str, ...]) -> None:
    (folded,) = model.generate("Make.", output="protein_structure", length=6)
    assert folded.entity is not None
    tokens = model.vocabulary.modality("protein_structure").encode(folded.entity)
    answers = model.generate("Design.", output=output, kept=(folded.entity, "protein_structure"), num_samples=4)
    for answer in answers:
        by_name = {str(segment.modality): segment for segment in answer.segments}
        assert list(by_name["protein_structure"].tokens) == tokens
        assert len(by_name["protein_sequence"].tokens) == 6
        structure, sequence = (by_name[name].value for name in BOTH[::-1])
        assert structure.sequence == sequence.sequence  # type: ignore[union-attr]


def sizes_of(molecule: Molecule) -> tuple[int, int]:
    """Return the number of heavy atoms, and that of all: a conformer is written with or without its hydrogens."""
    return molecule.num_atoms, molecule.with_hydrogens().num_atoms


def test_a_structure_has_the_atoms_of_the_molecule_before_it(model: Model) -> None:
    outputs = ("molecule_selfies", "molecule_structure")
    answers = model.generate("Make.", output=outputs, num_samples=6, max_new_tokens=180)
    modality = model.vocabulary.modality("molecule_structure")
    for answer in answers:  # this vocabulary cannot write most molecules again
        assert answer.error is None or answer.error.startswith("no molecule_structure follows from what is before it")
        assert all("differ" not in reason for reason in answer.refused)
        written, *structure = answer.segments
        assert len(structure) == (answer.error is None)
        assert isinstance(written.value, Molecule)
        assert all(modality.length(one.tokens) in sizes_of(written.value) for one in structure)


def test_an_answer_ends_where_the_vocabulary_lacks_a_symbol_of_the_molecule_it_wrote() -> None:
    """A carbene and a carbocation are SMILES, but no SELFIES of this vocabulary; a centre may be in another order."""
    nano = biomatrix.load("nano")
    guides = Guides(nano.vocabulary, TextAutomaton.from_vocabulary(nano.vocabulary))
    guide = guides.of(Request("Make.", ("molecule_smiles", "molecule_selfies", "molecule_structure")))
    end_id = nano.vocabulary.automaton("molecule_smiles").end_id
    for smiles, lacking in (("[CH]N", "[CH1]"), ("C[C+]1CCC1", "[C+1]"), ("C[C@H](N)O", None)):
        ids = [*nano.vocabulary.backend.encode(smiles, add_special_tokens=False).ids, end_id]
        states = guide.start(Bounds(200))[None]
        for id_ in ids:
            states = guide.advance(states, np.array([id_]))
        assert guide.finished(states).tolist() == [lacking is not None]
        unbound = guide.unbound(ids, 200)  # type: ignore[union-attr]
        assert unbound is None if lacking is None else f"lacks the symbol {lacking}" in str(unbound)


def test_a_kept_molecule_binds_its_conformer(model: Model) -> None:
    outputs = ("molecule_smiles", "molecule_structure")
    (answer,) = model.generate("Embed.", output=outputs, kept=Molecule.from_smiles("CCO"), drafts=1)
    assert answer.segments[0].tokens == ("CCO",)
    modality = model.vocabulary.modality("molecule_structure")
    assert modality.length(answer.segments[1].tokens) in sizes_of(Molecule.from_smiles("CCO"))


def test_a_constraint_is_kept_by_the_modality_that_can(model: Model) -> None:
    for answer in model.generate("Make.", output=BOTH, length=9, constraints=[Without("ACDEFGHIK")], num_samples=4):
        assert not set("ACDEFGHIK") & set(answer.entity.sequence)  # type: ignore[union-attr]
        assert answer.refused == ()
    with pytest.raises(ConfigurationError, match="has no letters"):
        model.generate("Make.", output=("molecule_selfies", "molecule_structure"), constraints=[Without("C")])
    with pytest.raises(ConfigurationError, match="narrows one automaton"):
        model.generate("Make.", output=BOTH, constraints=[lambda automaton: automaton])


def test_equal_requests_share_one_guide(model: Model) -> None:
    guides = Guides(model.vocabulary, TextAutomaton.from_vocabulary(model.vocabulary))
    first, again, other = (
        guides.of(Request("Make.", BOTH, constraints=[Without(letters)])) for letters in ("C", "C", "W")
    )
    assert first is again is not other


def test_what_cannot_be_kept_is_refused(model: Model) -> None:
    protein = Protein("MK", np.ones((2, 3, 3), dtype=np.float32))
    for kept, said in (
        (protein, "kept fits protein_sequence and protein_structure"),
        (Molecule.from_smiles("C"), "kept is a molecule that none of"),
        ((Protein("MK"), "protein_structure"), "does not take this protein"),
        ((Protein("MK"), "molecule_smiles"), "which is none of the output"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            model.generate("Make.", output=BOTH, kept=kept)  # type: ignore[arg-type]


def test_streams_and_unguided_answers_of_several(model: Model) -> None:
    (whole,) = model.generate("Make.", output=BOTH, length=4, seed=1)
    events = list(model.stream("Make.", output=BOTH, length=4, seed=1))
    assert events[-1].answer.token_ids == whole.token_ids  # type: ignore[union-attr]
    (free,) = model.generate("Make.", output=BOTH, guided=False, max_new_tokens=10)
    assert free.error is not None


def test_batches_mix_them(model: Model) -> None:
    together = model.generate_batch(["Make.", "Fold it."], output=BOTH, num_samples=3, max_new_tokens=40)
    alone = [model.generate(prompt, output=BOTH, num_samples=3, max_new_tokens=40) for prompt in ("Make.", "Fold it.")]
    for ours, theirs in zip(together, alone, strict=True):
        assert [a.token_ids for a in ours] == [a.token_ids for a in theirs]


def test_where_no_segment_fits_behind_what_was_written_the_answer_ends_there_and_says_why() -> None:
    """The second segment has a rule of its own, which a ``2`` before it breaks: other rows go on."""

    class Refusing(TableAutomaton):
        def start(self, bounds: Bounds) -> Any:
            if bounds.length != 1:
                raise ConfigurationError("no such segment")
            return super().start(bounds)

    tail = Refusing("second", 5, 7, np.array([6]), np.array([0]), one_or_more(counted=True))
    bind = lambda ids: (tail, 2 if 2 in ids else 1)  # noqa: E731
    guide = SegmentsAutomaton([Place(first()), Place(tail, 1, 0, bind)])
    answers = every_answer(guide, Bounds(9))
    assert any(2 in ids for ids in answers)
    for ids in answers:
        broken = 2 in ids[: ids.index(4)]
        assert ids[-1] == (4 if broken else 7)
        assert guide.unbound(ids, 9) == ((1, "no such segment") if broken else None)


def test_each_entity_is_judged_by_the_constraints_that_its_modality_keeps(model: Model) -> None:
    """A structure may have no unresolved residue; the sequence behind it has no coordinates, and is no fault."""
    for output in (BOTH, BOTH[::-1]):
        for answer in model.generate("Make.", output=output, length=6, constraints=["unresolved=no"], num_samples=2):
            assert answer.error is None
            assert not answer.refused


def test_one_answer_is_of_one_kind(model: Model) -> None:
    with pytest.raises(ConfigurationError, match="protein_sequence of a protein, molecule_selfies of a molecule"):
        model.generate("Make.", output=("protein_sequence", "molecule_selfies"))


def test_a_wish_about_another_kind_is_refused_before_anything_is_written(model: Model) -> None:
    for wish in ("charge=0", "scaffold=CCO", "connected=yes", "without=F", "atoms=3"):
        with pytest.raises(ConfigurationError, match="asked of a molecule, and protein_sequence writes a protein"):
            model.generate("Make.", output="protein_sequence", length=6, constraints=[wish])


def test_a_structure_sampled_for_a_sequence_carries_it(model: Model) -> None:
    (answer,) = model.generate("Fold.", output="protein_structure", constraints=["sequence=MKTAY"])
    assert isinstance(answer.entity, Protein)
    assert answer.entity.sequence == "MKTAY"
    assert any("taken from" in note for note in answer.entity.notes)


def test_what_is_kept_must_be_written_and_keep_the_constraints(model: Model) -> None:
    both = ("molecule_selfies", "molecule_structure")
    with pytest.raises(ConfigurationError, match=r"kept: the molecule .*Og.* is not written as molecule_selfies"):
        model.generate("Make.", output=both, kept=(Molecule.from_smiles("[Og]"), "molecule_selfies"))
    with pytest.raises(ConfigurationError, match="what is kept breaks fixed: position 1 holds M, not K"):
        model.generate("Fold.", output=BOTH, kept=Protein("MKV"), constraints=["fixed=1:K"])
