"""Requests: prompts from words, and what is refused before any model is asked."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix.entities import Molecule, Protein, kind, parse_entity
from biomatrix.errors import BioMatrixError, ConfigurationError, UnsupportedError
from biomatrix.generation import Model
from biomatrix.generation.requests import Request, build_prompt
from biomatrix.generation.sampling import Sampling
from biomatrix.vocabulary import Vocabulary
from biomatrix.vocabulary.chat import Turn


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
        ({"length": "50-60", "output": "protein_sequence"}, "length is a whole number, not '50-60'"),
        ({"length": (3, 2), "output": "protein_sequence"}, "length 3 to 2 is empty"),
        ({"length": (None, None), "output": "protein_sequence"}, "the least and the most"),
        ({"length": (1, 2, 3), "output": "protein_sequence"}, "the least and the most"),
        ({"length": (0, 2), "output": "protein_sequence"}, "length is at least 1, not 0"),
        ({"output": ("protein_sequence", 3)}, "output is the name of a modality, or a list"),
        ({"output": ()}, "output is the name of a modality, or a list"),
        ({"output": ("protein_sequence",) * 2}, "names protein_sequence twice"),
        ({"drafts": 0}, "drafts is at least 1, not 0"),
        ({"drafts": 1.5}, "drafts is a whole number"),
        ({"best_of": 0}, "best_of is at least 1, not 0"),
        ({"best_of": None}, "best_of is a whole number, not None"),
        ({"beams": 0}, "beams is at least 1, not 0"),
        ({"beams": 9999}, "beams is at most 1,024"),
        ({"guided": "no"}, "guided is True or False"),
        ({"scorer": 3, "best_of": 2}, "scorer is a function of an answer, not 3"),
        ({"scorer": len}, "scorer ranks the answers of best_of"),
        ({"beams": 2, "best_of": 2}, "beams and best_of exclude one another"),
        ({"beams": 2, "stop": "."}, "beams and stop exclude one another"),
        ({"stop": [".", ""]}, "stop is a text that is not empty"),
        ({"beams": 2, "sampling": Sampling(greedy=True)}, "beams and greedy exclude one another"),
        ({"beams": 2, "sampling": Sampling(0.5)}, "beams draw nothing"),
        ({"beams": 2, "sampling": Sampling(top_p=0.5)}, "beams draw nothing"),
        ({"beams": 2, "num_samples": 3}, "num_samples 3 is more than the 2 beams"),
        ({"beams": 2, "drafts": 3}, "beams are searched once"),
        ({"beams": 2, "guided": False}, "beams need guided answers"),
        ({"best_of": 2, "sampling": Sampling(greedy=True)}, "greedy draws none"),
        ({"guided": False, "drafts": 4}, "unguided answers keep none"),
        ({"kept": 5}, "kept is an Entity"),
        ({"kept": Protein("MK")}, "kept needs an output of several modalities"),
        ({"kept": Protein("MK"), "output": "protein_sequence"}, "kept needs an output of several modalities"),
        ({"length": 3}, "needs an output modality"),
        ({"length": -1, "output": "protein_sequence"}, "length is at least 1, not -1"),
        ({"raw": True, "system": "Be brief."}, "no system turn"),
        ({"prompt": "  "}, "empty"),
        ({"prompt": []}, "empty"),
        ({"prompt": ["a", ["b"]]}, "generate_batch"),
        ({"prompt": None}, "a NoneType is no text"),
        ({"prompt": 5}, "a int is no text"),
        ({"prompt": {"a": 1}}, "a dict is no text"),
        ({"prompt": b"bytes"}, "a bytes is no text"),
        ({"prompt": np.zeros(3)}, "a ndarray is no text"),
        ({"prompt": ["a", None]}, "position 1: in the prompt, a NoneType cannot be part"),
        ({"prompt": ["a", "b", (None, "protein_sequence")]}, "position 2: .*a tuple of NoneType, str"),
        ({"system": 5}, "system is text"),
        ({"output": 5}, "output is the name of a modality"),
        ({"about": "x"}, "is an Entity, not 'x'"),
        ({"constraints": 5}, "constraints are a list"),
        ({"constraints": [1]}, "constraints are a list of constraints, functions or NAME=VALUE; 1 is none"),
        ({"constraints": [None]}, "None is none of them"),
        ({"constraints": "elements=C2"}, "constraints are a list"),
        ({"constraints": ["nonsense=3"]}, "no constraint named 'nonsense'"),
        ({"raw": "yes"}, "raw is True or False"),
        ({"sampling": 0.5}, "sampling is a Sampling"),
        ({"length": 0, "output": "protein_sequence"}, "length is at least 1, not 0: a whole number from 1 to"),
        ({"length": 2**70, "output": "protein_sequence"}, "length is at most 16,777,216"),
        ({"num_samples": 2**70}, "num_samples is at most 100,000"),
        ({"num_samples": 1 << 20_000}, "a number of 20001 bits"),
        ({"max_new_tokens": -(2**70)}, "max_new_tokens is at least 1"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Request(**{"prompt": "Go.", **settings})


def test_a_tuple_of_an_entity_and_a_modality_is_one_part(model: Model) -> None:
    protein = Protein("MKV")
    pair = (protein, "protein_sequence")
    assert Request(pair).parts == (pair,)
    assert model.prompt_ids(pair) == model.prompt_ids([pair])
    assert Request((protein, "Describe it.")).parts == (protein, "Describe it.")


def test_places_in_a_conversation_are_those_of_the_turn(vocabulary: Vocabulary) -> None:
    content: Any = ["a", Protein("MKV"), None]
    with pytest.raises(UnsupportedError, match="NoneType") as caught:
        vocabulary.encode(content)
    assert caught.value.position == 2
    with pytest.raises(UnsupportedError, match="NoneType") as caught:
        vocabulary.encode_chat([Turn("user", content)])
    assert (caught.value.record, caught.value.position) == (None, 2)
    with pytest.raises(UnsupportedError, match="NoneType") as caught:
        vocabulary.encode_chat([Turn("system", "Be brief."), Turn("user", content)])
    assert (caught.value.record, caught.value.position) == ("turn 2", 2)


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        ([Turn("nobody", "x")], "'nobody' is none of system, user, assistant"),  # type: ignore[arg-type]
        ([{"role": "user", "content": "x"}], "not of dict"),
        (["x"], "not of str"),
    ],
)
def test_what_is_no_conversation_is_refused(vocabulary: Vocabulary, turns: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        vocabulary.encode_chat(turns)


def test_prompts_and_lengths_come_in_lists(model: Model) -> None:
    wrong: Any
    for wrong in ("abc", None, 5, Protein("MKV")):
        with pytest.raises(ConfigurationError, match="prompts are a list"):
            model.generate_batch(wrong)
    wrong = 5
    with pytest.raises(ConfigurationError, match="lengths are a list"):
        model.generate_batch(["a"], "protein_sequence", lengths=wrong)
    with pytest.raises(ConfigurationError, match="max_rows is at least 1"):
        model.generate_batch(["a"], max_rows=0)


@pytest.mark.parametrize(
    ("of", "given", "said"),
    [
        ("molecule", "mymol.sdf", "No such file"),
        ("molecule", "mymol.pdb", "and there is no file of that name"),
        ("protein", "~/chain", "and there is no file of that name"),
        ("protein", "./chain", "and there is no file of that name"),
        ("protein", "-", "standard input is not read here"),
        ("protein", ".", "'.' is a folder: name a file in it"),
        ("protein", "MK\0V", "position|character"),
        ("molecule", "", "empty|no atoms"),
    ],
)
def test_a_word_that_may_be_a_file_says_so(of: str, given: str, said: str) -> None:
    with pytest.raises(BioMatrixError, match=said) as caught:
        parse_entity(given, kind(of))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("length", [255, 256, 330, 5000])
def test_a_long_sequence_is_a_value(length: int) -> None:
    protein = parse_entity("MKTAYIAKQR" * (length // 10) + "M" * (length % 10), kind("protein"))
    assert kind("protein").size(protein) == length
