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
