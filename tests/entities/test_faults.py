"""Refusals are counted by kind of fault, whatever they quote, and in a memory that does not grow."""

from __future__ import annotations

import pytest

from biomatrix.entities import Molecule, Reject
from biomatrix.entities.faults import FIRST, MOST_KINDS, OTHER, SHOWN, Faults, kind_of_fault
from biomatrix.errors import BioMatrixError


def counted(*reasons: str) -> Faults:
    faults = Faults()
    for number, reason in enumerate(reasons, start=1):
        faults.add(Reject("in.smi", number, None, reason))
    return faults


@pytest.mark.parametrize(
    "reasons",
    [
        ("not one of the 256 codes of 'a-256': '<S 999>'", "not one of the 512 codes of 'b-512': '<S 1>'"),
        ("'B' is no amino acid; allowed are ACD", "'*' is no amino acid; allowed are ACD"),
        ("length is 12,345, past the limit of 5,000", "length is 7, past the limit of 5,000"),
        ("two chains share a name, in ['A', 'B', 'A']", "two chains share a name, in ['x']"),
        ("no ring closes: C1CC[nH]c2", "no ring closes: O=C1(F)"),
        ("atom 3 of residue -7A is at 1.5e-3", "atom 17 of residue 12 is at 99.0"),
    ],
)
def test_what_differs_from_record_to_record_is_no_other_kind(reasons: tuple[str, str]) -> None:
    assert kind_of_fault(reasons[0]) == kind_of_fault(reasons[1])


@pytest.mark.parametrize(
    "reasons",
    [
        ("the molecule has no conformer", "the molecule has no atoms"),
        ("it isn't a chain", "it doesn't end"),
        ("a MOL file holds one record", "a PDB file holds one record"),
        ("molecule_smiles: too long", "molecule_selfies: too long"),
    ],
)
def test_other_words_are_another_kind(reasons: tuple[str, str]) -> None:
    assert kind_of_fault(reasons[0]) != kind_of_fault(reasons[1])


def test_broken_molecules_of_any_length_are_few_kinds() -> None:
    faults = Faults()
    for number in range(1, 61):
        smiles = "N" + "C" * number + ("(C", "(C(", ")C")[number % 3]
        with pytest.raises(BioMatrixError) as caught:
            Molecule.from_smiles(smiles)
        faults.add(Reject.from_error(caught.value, "in.smi", number))
    assert len(faults.counts) <= 3
    assert faults.counts.total() == 60


def test_the_first_records_of_each_kind_are_kept() -> None:
    faults = counted(*(f"{'bad' if number % 3 else 'worse'} value {number}" for number in range(1, 31)))
    mapping = faults.as_mapping()
    assert mapping["reasons"] == {"bad value …": 20, "worse value …": 10}
    assert [one["record"] for one in mapping["first"]["worse value …"]] == [3, 6, 9, 12, 15]
    assert mapping["first"]["bad value …"][0]["reason"] == "bad value 1"
    assert faults.as_lines() == [
        "20 times, first in.smi, record 1: bad value 1",
        "  also records 2, 4, 5, 7…",
        "10 times, first in.smi, record 3: worse value 3",
        "  also records 6, 9, 12, 15…",
    ]
    assert counted("once").as_lines() == ["in.smi, record 1: once"]
    assert counted().as_lines() == []


def test_kinds_without_end_are_counted_together() -> None:
    words = ["".join(chr(ord("a") + (number // 26**place) % 26) for place in range(3)) for number in range(500)]
    faults = counted(*(f"no such {word}" for word in words))
    assert len(faults.counts) == MOST_KINDS + 1
    assert faults.counts[OTHER] == 500 - MOST_KINDS
    assert len(faults.first[OTHER]) == FIRST
    lines = faults.as_lines()
    assert len(lines) == SHOWN + 2
    assert lines[-1] == f"and {MOST_KINDS - SHOWN + 1:,} of {MOST_KINDS - SHOWN + 1:,} other kinds"
