"""Requests that show entities as vectors: by entity, never by raw vectors unless the operator switched them on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import biomatrix as bm
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.generation import Model, load
from biomatrix.generation.requests import Request
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.opening import open_model
from biomatrix.serving.operations.operation import operation
from biomatrix.serving.parsing import DirectParser
from biomatrix.serving.schemas.asking import GenerateAsked
from biomatrix.serving.screening import ScreenedEngine, ScreenedError
from biomatrix.serving.service import Service
from biomatrix.serving.settings import ServingSettings
from biomatrix.vocabulary import Turn

from ..soft.nano_projectors import write_projectors

ETHANOL = {"type": "molecule", "smiles": "CCO", "modality": "soft"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_projectors(load("nano"), tmp_path_factory.mktemp("projectors"))


@pytest.fixture(scope="module")
def soft(folder: Path) -> Service:
    limits = ServingLimits()
    return Service(load("nano", soft=folder), DirectParser(limits), limits)


def asked(*parts: object) -> GenerateAsked:
    return GenerateAsked.model_validate({"prompt": ["What is ", *parts, "?"], "max_new_tokens": 8, "seed": 4})


def answer(service: Service, *parts: object) -> str:
    told = operation("generate").run(service, asked(*parts))
    return str(told.model_dump()["answers"][0]["text"])


def test_an_entity_is_shown_as_vectors_where_the_request_says_so(soft: Service) -> None:
    prompt = ["What is ", bm.Soft(bm.Molecule.from_smiles("CCO")), "?"]
    (wanted,) = soft.model.generate(prompt, max_new_tokens=8, seed=4)
    assert answer(soft, ETHANOL) == wanted.text
    assert answer(soft, {**ETHANOL, "modality": "soft:molecules"}) == wanted.text
    (as_tokens,) = soft.model.generate(["What is ", bm.Molecule.from_smiles("CCO"), "?"], max_new_tokens=8, seed=4)
    assert answer(soft, {"type": "molecule", "smiles": "CCO"}) == as_tokens.text


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ({**ETHANOL, "modality": "soft:x"}, "no projector named 'x'"),
        ({**ETHANOL, "smiles": "C(C"}, "not"),
        ({"type": "molecule", "vectors": [[0.5] * 514] * 2, "modality": "soft"}, "takes entities, not vectors"),
    ],
    ids=["name", "unreadable", "raw vectors"],
)
def test_what_cannot_be_shown_so_is_refused(soft: Service, part: dict[str, object], reason: str) -> None:
    with pytest.raises(BioMatrixError, match=reason):
        answer(soft, part)


def test_vectors_are_read_once_they_are_switched_on(soft: Service) -> None:
    service = replace(soft, takes_vectors=True)
    given = {"type": "molecule", "vectors": [[0.5] * 514] * 2, "modality": "soft"}
    assert isinstance(answer(service, given), str)
    for wrong in ([[0.5] * 514], [[0.5], [0.5, 0.5]], "text", [[float("nan")] * 514] * 2):
        with pytest.raises(BioMatrixError, match=r"vectors|NaN"):
            answer(service, {**given, "vectors": wrong})
    for change in ({"modality": "selfies"}, {"smiles": "CCO"}):
        with pytest.raises(ValueError, match="vectors stand alone"):
            asked({**given, **change})
    with pytest.raises(ConfigurationError, match="--soft FOLDER"):
        ServingSettings(soft_vectors=True).check()


def test_an_entity_is_embedded_as_its_tokens(soft: Service) -> None:
    given = operation("embed").asked.model_validate({"entities": [ETHANOL]})
    with pytest.raises(BioMatrixError, match="leave out the modality soft"):
        operation("embed").run(soft, given)


def test_a_model_without_projectors_refuses(service: Service) -> None:
    with pytest.raises(BioMatrixError, match="needs a model with the projector of a molecule"):
        answer(service, ETHANOL)


def test_a_rule_of_the_laboratory_sees_what_is_shown_as_vectors(soft: Service) -> None:
    def rule(request: Request) -> str | None:
        return "no ethanol" if any(getattr(part, "kind", "") == "molecule" for part in request.parts) else None

    screened = replace(soft, model=Model(ScreenedEngine(soft.model.engine, rule, "the rule")))
    with pytest.raises(ScreenedError, match="no ethanol"):
        answer(screened, ETHANOL)
    assert answer(screened, "water") is not None
    again = screened.model.with_soft(soft.model.engine.resolver)  # type: ignore[attr-defined]
    with pytest.raises(ScreenedError, match="no ethanol"):
        again.generate(["What is ", bm.Soft(bm.Molecule.from_smiles("CCO"))])
    told = Turn("user", ["What is ", bm.Soft(bm.Molecule.from_smiles("CCO")), "?"])
    seen: list[Request] = []
    watching = ScreenedEngine(soft.model.engine, seen.append, "a watch")  # type: ignore[arg-type]
    watching.generate([Request("And then?", history=[told, Turn("assistant", "Ethanol.")], max_new_tokens=2)])
    assert [part for part in seen[0].history[0].content if isinstance(part, bm.Molecule)]  # type: ignore[union-attr]


@pytest.mark.slow
def test_a_server_opens_its_projectors(folder: Path, soft: Service) -> None:
    model = open_model(ServingSettings(soft=(str(folder),)))
    try:
        shared = replace(soft, model=model)
        assert answer(shared, ETHANOL) == answer(soft, ETHANOL)
    finally:
        model.engine.close(5.0)  # type: ignore[attr-defined]
