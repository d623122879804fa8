"""Requests: prompts from words, and what is refused before any model is asked."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix.entities import Molecule, Protein, kind, parse_entity
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.generation.requests import Request, build_prompt
from biomatrix.generation.sampling import Sampling


def test_entities_come_from_words_or_files(tmp_path: Path) -> None:
    Molecule.from_smiles("CCO").to_file(tmp_path / "m.smi")
    for given in ("CCO", str(tmp_path / "m.smi")):
        words, entity = build_prompt("Describe", [parse_entity(given, kind("molecule"))])
        assert words == "Describe "
        assert isinstance(entity, Molecule)
        assert entity.smiles == "CCO"
    shown = build_prompt("", [Protein.from_sequence("MKV")], written_as="protein_sequence")
    assert shown[0][1] == "protein_sequence"  # type: ignore[index]
    assert build_prompt("Hello") == ["Hello"]


@pytest.mark.parametrize(("of", "given"), [("protein", "nowhere.pdb"), ("molecule", "nowhere.sdf")])
def test_a_mistyped_file_is_a_missing_file(of: str, given: str) -> None:
    with pytest.raises(BioMatrixError, match=r"nowhere\.\w+: cannot be read"):
        parse_entity(given, kind(of))


def test_a_modality_without_an_entity_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no entity"):
        build_prompt("Hello", written_as="molecule_smiles")


def test_a_request_keeps_its_parts_and_does_not_change() -> None:
    protein = Protein("MKV")
    assert Request("Fold.").parts == ("Fold.",)
    assert Request(protein).parts == (protein,)
    request = Request(["Fold ", (protein, "protein_sequence")], output="protein_structure", length=3)
    assert request.parts == ("Fold ", (protein, "protein_sequence"))
    with pytest.raises(FrozenInstanceError):
        request.length = 4  # type: ignore[misc]


def test_whole_numbers_of_numpy_are_taken() -> None:
    whole = np.int32(4)
    request = Request("Go.", "protein_sequence", length=whole, num_samples=whole, max_new_tokens=whole)  # type: ignore[arg-type]
    for number in (request.length, request.num_samples, request.max_new_tokens):
        assert type(number) is int
        assert number == 4


def test_only_one_greedy_sample_differs() -> None:
    assert Request("Go.", num_samples=5).different_samples == 5
    assert Request("Go.", num_samples=5, sampling=Sampling(greedy=True)).different_samples == 1
    assert Request("Go.", num_samples=5, sampling=Sampling(temperature=0.0)).different_samples == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"num_samples": 0}, "num_samples is at least 1, not 0"),
        ({"max_new_tokens": 0}, "max_new_tokens is at least 1, not 0"),
        ({"num_samples": 2.0}, "num_samples is a whole number, not 2.0"),
        ({"num_samples": True}, "num_samples is a whole number, not True"),
        ({"num_samples": None}, "num_samples is a whole number, not None"),
        ({"max_new_tokens": "9"}, "max_new_tokens is a whole number, not '9'"),
        ({"length": 1.5, "output": "protein_sequence"}, "length is a whole number, not 1.5"),
        ({"length": 3}, "needs an output modality"),
        ({"length": -1, "output": "protein_sequence"}, "length is at least 1, not -1"),
        ({"raw": True, "system": "Be brief."}, "no system turn"),
        ({"prompt": "  "}, "empty"),
        ({"prompt": []}, "empty"),
        ({"prompt": ["a", ["b"]]}, "generate_batch"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Request(**{"prompt": "Go.", **settings})
