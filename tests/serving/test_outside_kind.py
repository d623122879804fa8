"""A kind from outside the package goes through the operations, and nothing there knows its name."""

from __future__ import annotations

from typing import Any

import pytest

from biomatrix.entities import Kind
from biomatrix.generation import Model, TransformersEngine
from biomatrix.serving.faults import checked_input
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.operations.operation import operation
from biomatrix.serving.parsing import DirectParser
from biomatrix.serving.service import Service
from biomatrix.training.config import Recipe
from biomatrix.training.model import build_model
from biomatrix.vocabulary import Vocabulary

from ..conformance.conftest import pebble, vocabulary  # noqa: F401 - fixtures
from ..training.documents import recipe_values


@pytest.fixture(scope="module")
def pebbles(pebble: Kind, vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> Service:  # noqa: F811
    """A service over an untrained network of the kind's tokens."""
    recipe = Recipe.model_validate(recipe_values(tmp_path_factory.mktemp("run")))
    network = build_model(recipe.model, vocabulary, recipe.run)
    limits = ServingLimits()
    return Service(Model(TransformersEngine(network, vocabulary), "pebbles"), DirectParser(limits), limits)


def run(service: Service, name: str, asked: dict[str, Any]) -> Any:
    one = operation(name)
    return one.run(service, checked_input(one.asked, asked))


def test_it_is_encoded_decoded_checked_and_generated(pebbles: Service) -> None:
    line = "four\t1234\t[[1, 0, 0], [1, 1, 0], [1, 1, 1], [2, 1, 1]]\n"
    told = run(pebbles, "encode", {"entity": {"type": "pebble", "pebble": line}})
    assert (told.modality, told.entity.text) == ("pebble_structure", "1234")
    assert [one.value for one in told.error] == []  # its tokens do not say which pebble they write
    assert run(pebbles, "decode", {"tokens": told.wrapped}).entity.formats["pebble"].split("\t")[1] == "1234"
    checked = run(pebbles, "check", {"entity": {"type": "pebble", "sequence": "234"}})
    assert [(one.name, one.passed) for one in checked.checks] == [("starts red", False)]
    asked = {"prompt": ["Like ", {"type": "pebble", "sequence": "12"}], "output": "pebble_sequence", "length": 5}
    (answer,) = run(pebbles, "generate", {**asked, "constraints": ["no-colour=4"]}).answers
    assert (answer.entity.kind, len(answer.entity.text)) == ("pebble", 5)
    assert "4" not in answer.entity.text
    (folded,) = run(pebbles, "fold", {"entity": {"type": "pebble", "sequence": "1213"}}).answers
    assert folded.entity is not None, folded.error
    assert folded.entity.has_structure


def test_it_is_listed(pebbles: Service) -> None:
    kinds = {one.name: one for one in run(pebbles, "kinds", {}).root}
    assert {"pebble", "sequence", "structure", "xyz", "tokens"} <= {one.name for one in kinds["pebble"].ways}
    assert kinds["pebble"].constraints[0].example == "no-colour=34"
    schema = operation("encode").asked.model_json_schema()
    assert "pebble" in str(schema)
