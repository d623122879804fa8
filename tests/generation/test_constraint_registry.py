"""Constraints as a person types them."""

from __future__ import annotations

import pytest

from biomatrix.errors import BioMatrixError
from biomatrix.generation.constraint_registry import parse_constraint


@pytest.mark.parametrize(
    "typed",
    ["elements=C\u0663", "atoms=\u0663", "formula=C\u0663", "charge=\u0663", "charge=1_0", "similar=C>=\u0660.\u0663",
     "fixed=\u0661:C", "composition=C<=\u0662", "unresolved=\u0663", "motif=C{\u0663}", "number=\u0661..\u0665",
     "number=1_0..20", "contains=F>=\u0663", "structure=chain.pdb:\u0661-3"],
)  # fmt: skip
def test_digits_are_those_of_ascii(typed: str) -> None:
    with pytest.raises(BioMatrixError):
        parse_constraint(typed)


@pytest.mark.parametrize(
    "typed",
    ["atoms={}", "elements=C{}", "elements=C<={}", "bonds=single:{}", "rings=1-{}", "formula=C{}", "formula=C+{}",
     "radicals={}", "fixed={}:A", "fixed=1-{}:A", "motif=A{{{}}}", "motif=A-x({})", "pattern=A{{1,{}}}", "connected={}",
     "contains=C>={}", "composition=C<={}", "charge={}", "structure={}", "structure=a.pdb:1-{}"],
)  # fmt: skip
def test_numbers_of_many_digits_are_refused_in_few_words(typed: str) -> None:
    for digits in ("9" * 400, "9" * 5000):
        with pytest.raises(BioMatrixError) as error:
            parse_constraint(typed.format(digits))
        assert len(str(error.value)) < 1000


def test_a_text_of_great_length_is_refused() -> None:
    with pytest.raises(BioMatrixError, match="has 40,002 characters"):
        parse_constraint("x=" + "A" * 40_000)


@pytest.mark.parametrize("typed", ["contains=", "without=", "scaffold="])
def test_fragments_of_very_many_atoms_are_refused(typed: str) -> None:
    with pytest.raises(BioMatrixError, match="give one of at most"):
        parse_constraint(typed + "C" * 4000)
    parse_constraint(typed + "C" * 400)


def test_patterns_have_few_states_together() -> None:
    with pytest.raises(BioMatrixError, match="20,000 states together"):
        parse_constraint("forbidden=" + ";".join(f"A.{{10}}{letter}" for letter in "ACDEFGHIKLMN"))
    parse_constraint("forbidden=A.{10}C;KK")
