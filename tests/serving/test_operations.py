"""Every operation of the table, and that it answers as the command line does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.entities import kind, kinds
from biomatrix.errors import ConfigurationError
from biomatrix.serving.examples import examples_of, written_examples
from biomatrix.serving.faults import checked_input
from biomatrix.serving.operations.operation import Operation, operation, operations
from biomatrix.serving.service import Service

OWN = [one for one in operations() if one.asked.__module__.startswith("biomatrix.")]
"""Other tests register more."""
NAMES = [one.name for one in OWN]
TOOLS = {
    "encode", "decode", "describe", "generate", "fold", "inverse_fold", "edit", "predict", "check", "compare",
    "similar", "convert", "list_models",
}  # fmt: skip


def run(service: Service, name: str, asked: dict[str, Any]) -> Any:
    one = operation(name)
    return one.run(service, checked_input(one.asked, asked))


def fields_of(schema: object) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {}).items()
        for value in schema.values():
            yield from fields_of(value)


def test_the_table_holds_what_agents_need() -> None:
    assert {one.name for one in operations() if one.is_tool} >= TOOLS
    with pytest.raises(ConfigurationError, match="did you mean inverse_fold"):
        operation("inversefold")


@pytest.mark.parametrize("one", OWN, ids=NAMES)
def test_every_field_says_what_it_is(one: Operation) -> None:
    for schema in (one.asked.model_json_schema(), one.told.model_json_schema(mode="serialization")):
        for name, field in fields_of(schema):
            assert field.get("description"), f"{one.name}: {name}"


@pytest.mark.parametrize("one", OWN, ids=NAMES)
def test_every_example_works(one: Operation, service: Service) -> None:
    told = one.run(service, checked_input(one.asked, one.example))
    values = json.loads(json.dumps(told.model_dump(mode="json"), allow_nan=False))
    one.told.model_validate(values)
    for answer in values["answers"] if isinstance(values, dict) and "text" in str(values.get("answers")) else []:
        if "tokens" in answer:
            assert answer["error"] is None, answer["error"]
            assert answer["tokens"]


def test_an_answer_can_be_asked_for_again(service: Service) -> None:
    """What is told of a narrow request is a general one, and gives the same entity, hash and tokens."""
    told = run(service, "inverse_fold", operation("inverse_fold").example)
    again = run(service, "generate", json.loads(json.dumps(told.asked)))
    assert [one.entity.text for one in again.answers] == [one.entity.text for one in told.answers]
    assert [one.tokens for one in again.answers] == [one.tokens for one in told.answers]
    assert again.model == told.model
    assert [(one.sample, one.seed) for one in told.answers] == [(0, 0), (1, 0)]


COMMANDS = [
    (
        ["Make a molecule as SELFIES.", "--answer", "molecule_selfies", "--length", "4-16", "--seed", "1", "-n", "2"],
        {
            "prompt": "Make a molecule as SELFIES.",
            "output": "molecule_selfies",
            "length": [4, 16],
            "seed": 1,
            "samples": 2,
        },
    ),
    (
        ["Fold", "--protein", "MKVLAAGWKR", "--answer", "protein_structure", "--length", "10", "--temperature", "0.7"],
        {
            "prompt": ["Fold ", {"type": "protein", "sequence": "MKVLAAGWKR"}],
            "output": "protein_structure",
            "length": 10,
            "temperature": 0.7,
        },
    ),
    (
        ["Add oxygen to", "--molecule", "CCO", "--as", "molecule_smiles", "--answer", "molecule_selfies", "--top-p",
         "0.9", "--constraint", "elements=C2-8,O>=2", "--best-of", "2", "--checks", "full"],
        {
            "prompt": ["Add oxygen to ", {"type": "molecule", "smiles": "CCO", "modality": "smiles"}],
            "output": "molecule_selfies",
            "constraints": ["elements=C2-8,O>=2"],
            "top_p": 0.9,
            "best_of": 2,
            "checks": "full",
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("command", "asked"), COMMANDS, ids=["molecules", "fold", "edit"])
def test_the_command_line_gives_the_same(service: Service, command: list[str], asked: dict[str, Any]) -> None:
    result = CliRunner().invoke(app, ["generate", *command, "--json"], catch_exceptions=False)
    told = run(service, "generate", asked)
    for ours, theirs in zip(told.answers, json.loads(result.stdout), strict=True):
        assert (ours.text, ours.logprob) == (theirs["text"], theirs["logprob"])
        assert (ours.entity and ours.entity.text) == (theirs["entity"] and theirs["entity"]["written"])
        assert [(one.name, one.passed) for one in ours.checks] == [(c["name"], c["passed"]) for c in theirs["checks"]]
        assert ours.confidence.line == theirs["confidence"]["line"]


def test_encode_and_decode_are_those_of_the_command_line(service: Service, tmp_path: Path) -> None:
    molecule = tmp_path / "aspirin.smi"
    molecule.write_text("CC(=O)Oc1ccccc1C(=O)O aspirin\n")
    asked = ["encode", str(molecule), "-m", "molecule_selfies", "--quiet"]
    line = json.loads(CliRunner().invoke(app, asked, catch_exceptions=False).stdout)
    told = run(service, "encode", {"entity": {"type": "molecule", "smi": molecule.read_text()}, "modality": "selfies"})
    assert told.wrapped == line["text"]
    assert "".join(token.text for token in told.tokens) == line["text"]
    back = run(service, "decode", {"tokens": line["text"]})
    assert back.entity.formats["smi"].split() == ["CC(=O)Oc1ccccc1C(=O)O"]
    assert [token.unit for token in back.tokens] == [token.unit for token in told.tokens]


# Units


def test_tokens_point_at_their_residue_or_atom(service: Service) -> None:
    told = run(service, "fold", {"entity": {"type": "protein", "sequence": "MKVLAAGWKR"}, "checks": "off"})
    (answer,) = told.answers
    assert [token.unit for token in answer.tokens] == [None, *range(10), None]
    assert answer.entity.text == "MKVLAAGWKR"
    assert answer.entity.formats["pdb"].count(" CA ") == 10
    encoded = run(service, "encode", {"entity": {"type": "molecule", "smiles": "OCC"}, "modality": "selfies"})
    block = encoded.entity.formats["sdf"].splitlines()[4:7]
    elements = {token.unit: token.text for token in encoded.tokens if token.unit is not None}
    assert [line.split()[3] for line in block] == [elements[unit].strip("[]") for unit in range(3)]


def test_a_structure_comes_back_with_its_error_by_unit(service: Service) -> None:
    made = run(service, "convert", {"entity": {"type": "molecule", "smiles": "CC(=O)O"}, "to": "sdf", "embed": True})
    told = run(service, "encode", {"entity": {"type": "molecule", "sdf": made.content}})
    assert told.modality == "molecule_structure"
    assert [one.unit for one in told.error] == list(range(8))
    assert all(one.value is not None and one.value < 0.5 for one in told.error)
    assert told.tokenizer is not None
    assert told.tokenizer["fingerprint"] == told_fingerprint(service)
    (example,) = kind("protein").examples()
    short = kind("protein").shortened(example.entity, 30)
    content = kind("protein").sample_bytes([sample_of(short)], "pdb").decode()
    chain = run(service, "encode", {"entity": {"type": "protein", "pdb": content, "chain": "A"}})
    rms = (sum(one.value**2 for one in chain.error) / len(chain.error)) ** 0.5
    (distance,) = [one.value for one in chain.comparison if one.name == "RMSD"]
    assert rms == pytest.approx(distance, rel=1e-3)


def told_fingerprint(service: Service) -> str | None:
    return service.model.vocabulary.required_tokenizers["molecule_structure"].fingerprint


def sample_of(entity: Any) -> Any:
    from biomatrix.entities.samples import Sample

    return Sample(entity, 1)


def test_a_conformer_is_of_the_molecule_that_was_given(service: Service) -> None:
    """A molecule has no size: its structure is held to its graph instead."""
    (answer,) = run(service, "fold", {"entity": {"type": "molecule", "smiles": "CCO"}}).answers
    assert answer.error is None
    assert answer.entity.text == "CCO"
    assert answer.entity.has_structure


def test_a_drawing_names_the_atoms_of_the_entity(service: Service) -> None:
    """Hydrogens stand between the atoms of a structure, and are not drawn; nor do they shift what is."""
    asked = {"entity": {"type": "molecule", "smiles": "C[C@H](O)F"}, "to": "structure", "embed": True}
    told = run(service, "decode", {"tokens": run(service, "convert", asked).content}).entity
    block = told.formats["sdf"].splitlines()
    elements = [line.split()[3] for line in block[4 : 4 + int(block[3][:3])]]
    drawn = {int(found) for found in re.findall(r"\batom-(\d+)", told.picture or "")}
    assert {elements[atom] for atom in drawn} == {"C", "O", "F"}
    assert len(drawn) == 4


def test_checks_say_what_their_values_are_held_against(service: Service) -> None:
    asked = {"entity": {"type": "molecule", "smiles": "C[CH]C"}}
    (check,) = [one for one in run(service, "check", asked).checks if one.name == "closed shell"]
    assert (check.passed, check.value, check.unit, check.threshold) == (False, 1.0, "unpaired electrons", 0.0)


def test_vectors_are_the_mean_of_those_of_the_tokens(service: Service) -> None:
    told = run(service, "embed", {"entities": [{"type": "protein", "sequence": "MKV"}], "per_token": True})
    (each,) = told.per_token
    assert [token.unit for token in each.tokens] == [None, 0, 1, 2, None]
    assert told.embeddings[0] == pytest.approx(np.mean(each.vectors[1:-1], axis=0).tolist(), abs=1e-5)
    assert len(told.embeddings[0]) == told.dimension
    (alone,) = run(service, "embed", {"texts": ["water"]}).embeddings
    pair = run(service, "embed", {"texts": ["ethanol and more", "water"]}).embeddings
    assert pair[1] == alone


# Tasks


def test_a_property_has_its_value_and_unit(service: Service) -> None:
    asked = {"entity": {"type": "molecule", "smiles": "Oc1ccccc1"}, "task": "predict_weight"}
    told = run(service, "predict", {**asked, "samples": 3, "seed": 4})
    numbers = [one.value for one in told.values if isinstance(one.value, float)]
    assert told.unit == "g/mol"
    assert told.value in numbers
    assert told.spread == [min(numbers), max(numbers)]
    for answer, value in zip(told.answers, told.values, strict=True):
        (stated,) = [check for check in answer.checks if check.name == "number with its unit"]
        assert stated.passed or "number with its unit" in answer.confidence.doubts
        assert stated.passed or value.fault
        assert not stated.passed or stated.unit == "g/mol"
    off = run(service, "predict", {**asked, "checks": "off"})
    assert off.answers[0].checks == []
    with pytest.raises(ConfigurationError, match="predicts no property"):
        run(service, "predict", {**asked, "task": "describe_molecule"})
    with pytest.raises(ConfigurationError, match="did you mean predict_weight"):
        run(service, "predict", {**asked, "task": "predict_wieght"})


def test_a_task_says_what_is_missing(service: Service) -> None:
    with pytest.raises(ConfigurationError, match=r"needs a molecule for \{molecule\}"):
        run(service, "run_task", {"task": "name_molecule"})
    with pytest.raises(ConfigurationError, match="shows 1 entities, and a molecule more"):
        run(service, "run_task", {"task": "name_molecule", "entities": [{"type": "molecule", "smiles": "C"}] * 2})
    with pytest.raises(ConfigurationError, match=r"needs a text for \{name\}"):
        run(service, "run_task", {"task": "molecule_from_name"})


@pytest.mark.slow
def test_the_examples_are_those_of_the_kinds() -> None:
    """What the package's file says is what the kinds say; where it is not, write the file again."""
    for one in kinds():
        assert examples_of(one) == json.loads(json.dumps(written_examples(one))), one.name


@pytest.mark.exhaustive
def test_every_task_can_be_asked_as_its_example_says(service: Service) -> None:
    listed = run(service, "tasks", {}).root
    assert len(listed) > 80
    for one in listed:
        told = run(service, "run_task", {**one.example, "max_new_tokens": 48, "checks": "off", "drafts": 1})
        assert len(told.values) == 1, one.id


def test_a_structure_of_another_molecule_fails_a_check(service: Service) -> None:
    aspirin = {"type": "molecule", "smiles": "CC(=O)Oc1ccccc1C(=O)O"}
    asked = {"task": "embed_molecule", "entities": [aspirin], "seed": 3, "samples": 6, "temperature": 1.3}
    told = run(service, "run_task", asked)
    seen = set()
    for answer in told.answers:
        if answer.entity is None:
            continue
        (same,) = [check for check in answer.checks if check.name == "same graph as asked"]
        assert same.passed == (answer.entity.text == "CC(=O)Oc1ccccc1C(=O)O")
        assert same.passed or "same graph as asked" in answer.confidence.doubts
        seen.add(same.passed)
    assert False in seen


def test_tasks_of_benchmarks_are_told_from_plain_ones(service: Service) -> None:
    listed = {one.id: one.is_benchmark for one in run(service, "tasks", {}).root}
    assert not listed["predict_log_solubility"]
    assert all(listed[name] for name in listed if name.startswith(("mol_opt", "prot_mi")))
