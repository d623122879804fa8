"""Wishes about proteins: read, refused, kept by everything a model writes, and faults found in what breaks them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix.entities import Protein
from biomatrix.entities.constraint import Constraint
from biomatrix.entities.kind_registry import kind, load_attribute
from biomatrix.entities.protein.constraints.composition import Composition
from biomatrix.entities.protein.constraints.fixed import Fixed
from biomatrix.entities.protein.constraints.kept_sequence import KeptSequence
from biomatrix.entities.protein.constraints.kept_structure import KeptStructure
from biomatrix.entities.protein.constraints.patterns import Forbidden, Motif
from biomatrix.entities.protein.constraints.resolved import Unresolved
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.generation import Model

SEQUENCE, STRUCTURE = "protein_sequence", "protein_structure"


@pytest.fixture(scope="module")
def nano() -> Model:
    return Model.from_pretrained("nano")


@pytest.fixture(scope="module")
def chain() -> Protein:
    """A real chain of which two residues are made unresolved."""
    protein = next(example.entity for example in kind("protein").examples() if example.entity.has_structure).first(30)
    backbone = protein.backbone.copy()
    backbone[[4, 17]] = np.nan
    return Protein(protein.sequence, backbone)


def answers(
    nano: Model,
    output: str,
    *constraints: Constraint,
    length: int | tuple[int, int] | None = None,
    budget: int | None = None,
) -> list[Protein]:
    """Return what the model writes under constraints: every first draft keeps them."""
    settings = {"num_samples": 4, "seed": 3, "max_new_tokens": budget}
    found = nano.generate("Make a protein.", output, length, constraints=constraints, **settings)
    for answer in found:
        assert answer.entity is not None, answer.error
        assert answer.refused == ()
        for wish in constraints:
            assert wish.fault(answer.entity) is None
    return [answer.entity for answer in found]


def test_every_registered_constraint_reads_its_example_and_names_itself() -> None:
    for name, home in kind("protein").constraints.items():
        constraint = load_attribute(home)
        assert constraint.name == name
        assert constraint.help
        if name != "structure":  # whose example is a file
            assert isinstance(constraint.parse(constraint.example), constraint)


@pytest.mark.parametrize(
    ("constraint", "text", "position"),
    [
        (Fixed, "10", 0), (Fixed, "3:A;0:C", 4), (Fixed, "1-4:MKTAY", 0), (Fixed, "3:A;3:C", 4), (Fixed, "", 0),
        (Composition, "C<=2,no:1", 5), (Composition, "C<=2.5", 0), (Composition, "C", 0), (Composition, "", 0),
        (Forbidden, "KK;N[^", 6), (Forbidden, "K*", 0), (Motif, "RGD;B1", 5), (Unresolved, "yes", 0),
        (KeptSequence, "MK1", 2),
    ],
)  # fmt: skip
def test_bad_values_are_refused_at_their_place(constraint: type[Constraint], text: str, position: int) -> None:
    with pytest.raises(ParseError) as error:
        constraint.parse(text)
    assert error.value.position == position


@pytest.mark.parametrize(
    ("constraint", "broken", "kept"),
    [
        (Fixed.parse("2:[AG]C"), ["MTC", "MA", "MAS"], ["MACK", "MGC"]),
        (Composition.parse("C<=1,no:X,K>=20%"), ["CCK", "CKX", "CKAAAA"], ["CKAAA", "K"]),
        (Composition.parse("only:AK,AK=100%"), ["AKC"], ["AAK"]),
        (Forbidden.parse("N[^P][ST];KK"), ["ANAS", "KK"], ["NPS", "KNK"]),
        (Motif.parse("RGD"), ["RG", "RGGD"], ["ARGDA"]),
        (KeptSequence.parse("MKT"), ["MK", "MKA"], ["MKT"]),
    ],
)
def test_faults_are_found(constraint: Constraint, broken: list[str], kept: list[str]) -> None:
    assert all(constraint.fault(Protein(sequence)) for sequence in broken)
    assert not any(constraint.fault(Protein(sequence)) for sequence in kept)


@pytest.mark.parametrize(
    ("length", "budget"),
    [
        ((28, 33), None),
        *(pytest.param(*one, marks=pytest.mark.exhaustive) for one in ((30, None), (None, 90), (None, None))),
    ],
)
@pytest.mark.parametrize(
    "wish",
    [
        "fixed=10:GSGSG;25:C", "fixed=1-5:MKTAY", "composition=C<=2,no:X,P>=1", "composition=KR>=8,only:AKRG",
        "forbidden=N[^P][ST];KK", "motif=RGD;C.{2,4}C", "sequence=MKTAYIAKQRQISFVKSHFSRQLEERLGLI",
    ],
)  # fmt: skip
def test_sequences_keep_every_wish_by_construction(nano: Model, wish: str, length: Any, budget: int | None) -> None:
    name, _, value = wish.partition("=")
    constraint = load_attribute(kind("protein").constraints[name]).parse(value)
    answers(nano, SEQUENCE, constraint, length=length, budget=budget)


def test_wishes_combine(nano: Model) -> None:
    wishes = [Fixed.parse("10:GSGSG;25:C"), Composition.parse("C<=2,no:X,P>=1,G<=25%"), Forbidden.parse("N[^P][ST];KK")]
    for protein in answers(nano, SEQUENCE, *wishes, length=40):
        assert len(protein) == 40


@pytest.mark.parametrize("residues", ["A=10%,C=10%,D=10%,E=70%", "K=0%", "A=100%"])
def test_shares_are_exact(nano: Model, residues: str) -> None:
    answers(nano, SEQUENCE, Composition.parse(residues), length=20)


def test_a_structure_is_sampled_for_a_kept_sequence(nano: Model, chain: Protein) -> None:
    for protein in answers(nano, STRUCTURE, KeptSequence(chain)):
        assert np.array_equal(protein.resolved, chain.resolved)
    for protein in answers(nano, STRUCTURE, KeptSequence(Protein("MKTAY"))):
        assert protein.resolved.tolist() == [True] * 5


def test_a_kept_structure_is_written_code_by_code(nano: Model, chain: Protein, tmp_path: Path) -> None:
    modality = nano.vocabulary.modality(STRUCTURE)
    tokens = modality.encode(chain)
    for protein in answers(nano, STRUCTURE, KeptStructure(chain)):
        assert np.array_equal(protein.backbone, modality.decode(tokens).backbone, equal_nan=True)
    for protein in answers(nano, SEQUENCE, KeptStructure(chain)):
        assert len(protein) == len(chain)
    chain.to_file(path := tmp_path / "chain.pdb")
    assert len(KeptStructure.parse(str(path)).protein) >= len(chain) - 2
    assert KeptStructure.parse(f"{path}:2-9@5").span == (2, 9)


@pytest.mark.parametrize("at", [None, 12])
def test_a_motif_of_codes_stands_where_it_is_asked(nano: Model, chain: Protein, at: int | None) -> None:
    tokens = nano.vocabulary.modality(STRUCTURE).encode(chain)[2:9]
    wish, start = KeptStructure(chain, 3, 9, at), (at or 3) - 1
    for answer in nano.generate("x", STRUCTURE, 25, constraints=[wish], num_samples=4):
        ids = answer.token_ids[1:-1]
        kept = [nano.vocabulary.block(STRUCTURE).index[token] for token in tokens]
        assert list(ids[start : start + 7]) == kept
        assert wish.fault(answer.entity) is None


def test_no_residue_is_left_unresolved(nano: Model) -> None:
    for protein in answers(nano, STRUCTURE, Unresolved(), length=20):
        assert protein.resolved.all()


@pytest.mark.parametrize(
    ("output", "wish", "length", "message"),
    [
        (STRUCTURE, Fixed.parse("1:M"), None, "protein_sequence does"),
        (SEQUENCE, Unresolved(), None, "writes none"),
        (SEQUENCE, Fixed.parse("40:M"), 30, "at least 40"),
        (SEQUENCE, Composition.parse("K<=10%"), None, "length must be asked"),
        (SEQUENCE, Composition.parse("K>=5,K<=4"), None, "no protein_sequence keeps composition"),
        (SEQUENCE, Composition.parse("K>=50%,only:A"), 9, "of length 9 keeps composition"),
        ("molecule_selfies", Fixed.parse("1:M"), None, "asked of a protein"),
        ("molecule_smiles", KeptSequence.parse("MK"), None, "asked of a protein"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_the_model_writes(
    nano: Model, output: str, wish: Constraint, length: int | None, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        answers(nano, output, wish, length=length)


def test_residues_of_a_structure_are_counted_from_one(chain: Protein) -> None:
    with pytest.raises(ConfigurationError, match=f"residues 1 to {len(chain)}, not 0 to 3"):
        KeptStructure(chain, 0, 3)
