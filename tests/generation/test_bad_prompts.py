"""A bad prompt among good ones is named by its number, and nothing is asked before all are known to be sound."""

from __future__ import annotations

from typing import Any

import pytest

from biomatrix.entities import Molecule
from biomatrix.errors import BioMatrixError
from biomatrix.generation import load

BAD: tuple[Any, ...] = ("", "   ", None, 3, [None], [(Molecule.from_smiles("CCO"), "nonsense")], "caf\udce9")


@pytest.mark.parametrize("bad", BAD, ids=repr)
@pytest.mark.parametrize("place", [0, 1])
def test_generate_batch_names_the_record(bad: Any, place: int) -> None:
    model = load("nano")
    prompts: list[Any] = ["Make ethanol.", "Name a molecule."]
    prompts.insert(place, bad)
    with pytest.raises(BioMatrixError) as caught:
        model.generate_batch(prompts, max_new_tokens=4, greedy=True)
    assert caught.value.record == place + 1
