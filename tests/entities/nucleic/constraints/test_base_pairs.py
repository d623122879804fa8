"""Sequences written for a pairing: what is allowed is exactly what can still be finished."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from biomatrix.entities.automaton import Bounds
from biomatrix.entities.nucleic.bases import as_rna
from biomatrix.entities.nucleic.constraints.design import Coding, Design
from biomatrix.entities.nucleic.constraints.folded_sequence import FoldedSequence
from biomatrix.entities.nucleic.constraints.paired import Folds
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.genetic_code import genetic_code
from biomatrix.entities.nucleic.motifs import parse_motifs
from biomatrix.errors import ConfigurationError, ParseError

IDS = np.array([10, 12, 14, 16] + [-1] * 64)
LETTER = dict(zip(IDS[:4].tolist(), "ACGU", strict=True))


def guide(design: Design, brackets: str) -> tuple[FoldedSequence, Folds]:
    folds = Folds.parse(brackets)
    return FoldedSequence("rna_sequence", 1, 2, IDS, design).keeping(folds.changes), folds  # type: ignore[return-value]


def all_written(automaton: FoldedSequence) -> set[str]:
    found, front = set(), [(automaton.start(Bounds(99)), "")]
    while front:
        state, written = front.pop()
        if automaton.finished(state[None])[0]:
            found.add(written)
            continue
        (ranges,) = automaton.allowed(state[None])
        assert len(ranges), "a dead end"
        for id_ in (id_ for first, stop in ranges.tolist() for id_ in range(first, stop)):
            front.append((automaton.advance(state[None], np.array([id_]))[0], written + LETTER.get(id_, "")))
    return found


@pytest.mark.parametrize("brackets", ["(()())", ".(..)."])
def test_exactly_the_sequences_that_pair_and_avoid_motifs(brackets: str) -> None:
    motifs = parse_motifs("GG;CAU;runs>2")
    automaton, folds = guide(Design(motifs=motifs), brackets)
    expected = {
        letters
        for letters in map("".join, product("ACGU", repeat=len(brackets)))
        if all(motif.found(letters) is None for motif in motifs) and folds.fault_of(NucleicAcid(letters, "rna")) is None
    }
    assert all_written(automaton) == expected


def test_a_coding_sequence_that_folds() -> None:
    motifs = parse_motifs("runs>2;+CAU")
    automaton, folds = guide(Design(coding=Coding("MSLR"), motifs=motifs), "..((....))..")
    written = all_written(automaton)
    codons = genetic_code(1).codons
    made = (NucleicAcid(as_rna("".join(each)), "rna") for each in product(*(codons[letter] for letter in "MSLR")))
    kept = (one for one in made if folds.fault_of(one) is None)
    assert written == {one.sequence for one in kept if all(motif.found(one.sequence) is None for motif in motifs)}
    assert written
    with pytest.raises(ConfigurationError, match=r"bases 3 and 10 cannot pair"):
        guide(Design(coding=Coding("MKMK")), "..(......)..")[0].start(Bounds(99))


@pytest.mark.parametrize(("motifs", "broken"), [("runs>20", 0), ("GGAA;UCUU;runs>4", 3)])
def test_long_targets_with_pseudoknots(motifs: str, broken: int) -> None:
    """Pairs that cross are exact alone; beside motifs a few sequences break one, which is seen when they are judged."""
    brackets = "((((..[[[[...))))....]]]]..(((((.....)).((...)))))" * 2
    automaton, folds = guide(Design(motifs=parse_motifs(motifs)), brackets)
    generator = np.random.default_rng(0)
    states = np.repeat(automaton.start(Bounds(200))[None], 30, axis=0)
    written = [""] * 30
    for _ in range(len(brackets)):
        members = [np.concatenate([np.arange(*one) for one in ranges]) for ranges in automaton.allowed(states)]
        ids = np.array([generator.choice(each) for each in members])
        states = automaton.advance(states, ids)
        written = [before + LETTER[id_] for before, id_ in zip(written, ids.tolist(), strict=True)]
    assert sum(folds.fault_of(NucleicAcid(one, "rna")) is not None for one in written) <= broken
    assert all(motif.found(one) is None for one in written for motif in parse_motifs(motifs))


def test_what_is_no_pairing_is_refused_with_its_place() -> None:
    for text, position in (("((.)", 0), ("(.))", 3), ("(.x)", 2), ("", 0)):
        with pytest.raises(ParseError) as caught:
            Folds.parse(text)
        assert caught.value.position == position
