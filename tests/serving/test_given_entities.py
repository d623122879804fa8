"""Entities of requests: every way of writing one, and what is wrong with the others."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from biomatrix.entities import kind_of
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, UnsupportedError
from biomatrix.generation.planning import prompt_ids
from biomatrix.serving.asking import request_for
from biomatrix.serving.entities import open_entity
from biomatrix.serving.faults import checked_input, status_of, told_error
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.openai.prompts import chat_requests
from biomatrix.serving.openai.schemas import ChatAsked
from biomatrix.serving.operations.operation import operation
from biomatrix.serving.operations.scoring import score
from biomatrix.serving.parsing import DirectParser
from biomatrix.serving.schemas.asking import GenerateAsked
from biomatrix.serving.schemas.entities import GivenEntity
from biomatrix.serving.schemas.scoring import ScoreAsked
from biomatrix.serving.service import Service

CHAINS = "".join(
    f"ATOM  {number:5d}  {name:<3s} {residue} {chain}{place:4d}    {number * 1.4:8.3f}{place * 1.1:8.3f}{0.5:8.3f}  1.00  0.00           {name[0]}\n"  # noqa: E501
    for chain, residues in (("A", ("MET", "ALA", "GLY")), ("B", ("SER", "TRP")))
    for place, residue in enumerate(residues, start=1)
    for number, name in enumerate(("N", "CA", "C"), start=place * 3)
)

WRITTEN = [
    ({"type": "molecule", "smiles": "OCC"}, "CCO"),
    ({"type": "molecule", "smi": "OCC ethanol"}, "CCO"),
    ({"type": "molecule", "selfies": "[C][C][O]"}, "CCO"),
    ({"type": "molecule", "smiles": "<|mol_smi_start|>OCC<|mol_smi_end|>"}, "CCO"),
    ({"type": "molecule", "tokens": "<|mol_sfi_start|>[C][C][O]<|mol_sfi_end|>"}, "CCO"),
    ({"type": "protein", "sequence": "MKV"}, "MKV"),
    ({"type": "protein", "sequence": "<A M><A K>"}, "MK"),
    ({"type": "protein", "fasta": ">one\nMKV\n"}, "MKV"),
    ({"type": "protein", "fasta": ">one\nMKV\n>two\nAAA\n", "record": 2}, "AAA"),
    ({"type": "protein", "fasta": ">one\nMKV\n>two\nAAA\n", "record": "one"}, "MKV"),
    ({"type": "protein", "pdb": CHAINS, "chain": "B"}, "SW"),
    ({"type": "molecule", "smi": "base64:" + b64encode(gzip.compress(b"OCC\n")).decode()}, "CCO"),
]


@pytest.mark.parametrize(("given", "text"), WRITTEN)
def test_an_entity_is_written_in_many_ways(service: Service, given: dict[str, Any], text: str) -> None:
    entity = open_entity(GivenEntity.model_validate(given), service)
    assert kind_of(entity).text(entity) == text


BACKBONE = "<|prot_3d_start|><S 240><S 8><|prot_3d_end|>"
SYMBOLS = "<|mol_sfi_start|>[C][C][O]<|mol_sfi_end|>"
SHOWN = [
    ({"type": "protein", "tokens": BACKBONE}, BACKBONE),
    ({"type": "protein", "sequence": f" {BACKBONE}"}, BACKBONE),
    ({"type": "molecule", "tokens": SYMBOLS}, SYMBOLS),
    ({"type": "molecule", "tokens": SYMBOLS, "modality": "smiles"}, "<|mol_smi_start|>CCO<|mol_smi_end|>"),
]


@pytest.mark.parametrize(("given", "shown"), SHOWN)
def test_tokens_are_shown_in_the_modality_they_are_written_in(
    service: Service, given: dict[str, Any], shown: str
) -> None:
    asked = ScoreAsked.model_validate({"prompt": "Fold ", "continuation": [given]})
    assert "".join(token.text for token in score(service, asked).tokens) == shown
    said = ChatAsked.model_validate({"model": "nano", "messages": [{"role": "user", "content": [given]}]})
    (chat,) = chat_requests(service, said, seed=1)
    general = request_for(service, GenerateAsked.model_validate({"prompt": [given]}))
    vocabulary = service.model.vocabulary
    for request in (chat, general):
        assert shown in vocabulary.text(prompt_ids(vocabulary, request))


REFUSED = [
    ({"type": "molecul", "smiles": "C"}, "entity", "did you mean molecule"),
    ({"type": "molecule"}, "entity", "not written down"),
    ({"type": "molecule", "smile": "C"}, "entity", "did you mean smiles"),
    ({"type": "molecule", "smiles": "C", "sdf": ""}, "entity", "in one way, not in smiles and sdf"),
    ({"type": "molecule", "smiles": "C", "chain": "A"}, "entity", "'chain' says nothing of a molecule"),
    ({"type": "molecule", "smiles": 3}, "entity", "smiles of a molecule is text"),
    ({"type": "molecule", "smiles": "C(C"}, "entity.smiles", "."),
    ({"type": "molecule", "smiles": "C" * 200_001}, "entity.smiles", "past this server's limit of 200,000"),
    ({"type": "molecule", "tokens": "<|prot_aa_start|><A M><|prot_aa_end|>"}, "entity.tokens", "of a protein"),
    ({"type": "molecule", "sdf": "nothing"}, "entity.sdf", "."),
    ({"type": "molecule", "smi": "C one\nCC two\n"}, "entity.smi", "2 records .one, two.: name one by 'record'"),
    ({"type": "protein", "pdb": CHAINS, "chain": "Z"}, "entity.pdb", "no chain 'Z': the text holds A, B"),
    ({"type": "protein", "fasta": ">a\nMK\n", "colour": "red"}, "entity.fasta", "no such label"),
    (
        {"type": "protein", "sequence": "MK", "modality": "selfies"},
        "entity.modality",
        "protein has no modality 'selfies'",
    ),
]


@pytest.mark.parametrize(("given", "field", "said"), REFUSED)
def test_a_refusal_says_where_and_what(service: Service, given: dict[str, Any], field: str, said: str) -> None:
    one = operation("encode")
    with pytest.raises(BioMatrixError, match=said) as caught:
        one.run(service, checked_input(one.asked, {"entity": given}))
    told = told_error(caught.value)
    assert told["where"]["field"] == field
    assert "\n" not in told["message"]
    assert "/tmp" not in told["message"]


def test_a_place_in_a_prompt_is_a_json_path() -> None:
    prompt = ["Describe ", {"type": "molecule", "smile": "C"}]
    with pytest.raises(ConfigurationError, match="smiles") as caught:
        checked_input(operation("generate").asked, {"prompt": prompt})
    assert caught.value.file == "prompt[1]"


CHAT = {"model": "nano", "messages": [{"role": "user", "content": "A protein."}], "output": "protein_structure"}


def test_no_file_of_the_server_is_opened(service: Service, tmp_path: Path) -> None:
    """Neither by a constraint, nor by an entity whose text is the name of one."""
    file = tmp_path / "secret.pdb"
    file.write_text(CHAINS)
    one = operation("generate")
    asked = {"prompt": "Make a protein.", "output": "protein_structure", "constraints": [f"structure={file}"]}
    with pytest.raises(UnsupportedError, match="a server opens none") as caught:
        one.run(service, checked_input(one.asked, asked))
    assert caught.value.file == "constraints[0]"
    with pytest.raises(UnsupportedError, match="a server opens none"):
        chat_requests(service, ChatAsked.model_validate({**CHAT, "constraints": [f"structure={file}"]}), seed=1)
    for way in ("pdb", "fasta", "sequence"):
        with pytest.raises(BioMatrixError):
            open_entity(GivenEntity.model_validate({"type": "protein", way: str(file)}), service)
    (listed,) = [kind for kind in operation("kinds").run(service, None).root if kind.name == "protein"]
    assert "structure" not in {constraint.name for constraint in listed.constraints}


def test_the_schema_names_the_ways() -> None:
    properties = GivenEntity.model_json_schema()["properties"]
    assert {"smiles", "selfies", "sdf", "sequence", "pdb", "cif", "tokens"} <= properties.keys()
    assert properties["type"]["enum"] == ["molecule", "protein", "cell", "dna", "rna"]


# Limits

SMALL = ServingLimits(atoms=10, residues=10, samples=4, new_tokens=32, text_characters=50, entities=3)
ATOMS = f"<|mol_3d_start|>{'[C 401]' * 11}<|mol_3d_end|>"
RESIDUES = f"<|prot_3d_start|>{'<S 240>' * 11}<|prot_3d_end|>"
BROKEN = [
    ("encode", {"entity": {"type": "molecule", "smiles": "C" * 11}}, ("atoms_per_molecule", 11, 10)),
    ("encode", {"entity": {"type": "protein", "sequence": "M" * 11}}, ("residues_per_chain", 11, 10)),
    ("encode", {"entity": {"type": "molecule", "smi": "C" * 11}}, ("atoms_per_molecule", 11, 10)),
    ("encode", {"entity": {"type": "molecule", "smi": "C\n" * 4}}, ("records", 4, 3)),
    ("encode", {"entity": {"type": "molecule", "smiles": "C" * 51}}, ("text_characters", 51, 50)),
    ("generate", {"prompt": "x" * 51}, ("text_characters", 51, 50)),
    ("generate", {"prompt": "x", "samples": 3, "best_of": 2}, ("samples", 6, 4)),
    ("generate", {"prompt": "x", "max_new_tokens": 33}, ("new_tokens", 33, 32)),
    ("generate", {"prompt": "x", "output": "molecule_selfies", "length": [1, 40]}, ("new_tokens", 40, 32)),
]


WRITTEN_OUT = [
    ("decode", {"tokens": ATOMS}, ("atoms_per_molecule", 11, 10)),
    ("decode", {"tokens": RESIDUES}, ("residues_per_chain", 11, 10)),
    ("decode", {"tokens": "<S 240>" * 11, "modality": "protein_structure"}, ("residues_per_chain", 11, 10)),
    ("encode", {"entity": {"type": "molecule", "tokens": ATOMS}}, ("atoms_per_molecule", 11, 10)),
    ("encode", {"entity": {"type": "protein", "structure": "<S 240>" * 11}}, ("residues_per_chain", 11, 10)),
    ("encode", {"entity": {"type": "molecule", "smiles": ATOMS}}, ("atoms_per_molecule", 11, 10)),
]


@pytest.mark.parametrize(("name", "asked", "figures"), WRITTEN_OUT)
def test_tokens_are_counted_before_they_are_decoded(
    service: Service, monkeypatch: pytest.MonkeyPatch, name: str, asked: dict[str, Any], figures: tuple[str, int, int]
) -> None:
    """Below the limit they are decoded, so that the limit and nothing else refuses them."""
    small = replace(service, limits=replace(SMALL, text_characters=500))
    one = operation(name)
    below = json.loads(json.dumps(asked).replace("[C 401]", "", 1).replace("<S 240>", "", 1))
    assert one.run(small, checked_input(one.asked, below)).tokens
    for modality in ("molecule_structure", "protein_structure"):
        monkeypatch.setattr(type(service.model.vocabulary.modality(modality)), "decode", lambda *_: pytest.fail("read"))
    with pytest.raises(LimitError) as caught:
        one.run(small, checked_input(one.asked, asked))
    assert tuple(told_error(caught.value)["limit"].values()) == figures
    assert status_of(caught.value) == 413


def test_segments_in_a_conversation_keep_the_limits(service: Service) -> None:
    small = replace(service, limits=replace(SMALL, text_characters=500))
    said = {"model": "nano", "read_entities": True, "messages": [{"role": "user", "content": f"Describe {RESIDUES}"}]}
    with pytest.raises(LimitError) as caught:
        chat_requests(small, ChatAsked.model_validate(said), seed=1)
    assert (caught.value.limit, caught.value.actual, caught.value.allowed) == ("residues_per_chain", 11, 10)


@pytest.mark.parametrize(("name", "asked", "figures"), BROKEN)
def test_a_broken_limit_tells_its_figures(
    service: Service, name: str, asked: dict[str, Any], figures: tuple[str, float, float]
) -> None:
    small = Service(service.model, DirectParser(SMALL), SMALL)
    one = operation(name)
    with pytest.raises(LimitError) as caught:
        one.run(small, checked_input(one.asked, asked))
    told = told_error(caught.value)
    assert tuple(told["limit"].values()) == figures
    assert told["type"] == "limit"
    assert f"{figures[2]:,}" in told["message"]
