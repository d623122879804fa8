"""Constraints told to another process: what comes back is equal, and nothing but registered constraints is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest

from biomatrix.entities import Entity, Modality, Molecule, Protein
from biomatrix.entities.automaton import Automaton
from biomatrix.entities.constraint import Constraint
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.errors import ParseError, UnsupportedError
from biomatrix.generation import Model, Request, constraint_registry
from biomatrix.generation.adapters.constraint_codec import read_value, write_value
from biomatrix.generation.adapters.guide_descriptions import Courses, describe


@dataclass(frozen=True)
class Limit:
    least: int
    most: int | None = None


@dataclass(frozen=True)
class Everything(Constraint):
    """A constraint that narrows a sequence to its letters, with a field of every kind."""

    name: ClassVar[str] = "everything"
    help: ClassVar[str] = "all there is"
    example: ClassVar[str] = "ACD"
    letters: str
    limits: tuple[Limit, ...] = ()
    counts: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)
    places: frozenset[int] = frozenset()
    entity: Entity | None = None
    share: float = 0.5

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(text)

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        kept = {token: id_ for token, id_ in ids.tokens.items() if token[3] in self.letters}
        return modality.automaton(replace(ids, tokens=kept))


class Plain(Constraint):
    name: ClassVar[str] = "plain"
    help: ClassVar[str] = "not registered"
    example: ClassVar[str] = "x"

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls()


FULL = Everything("ACD", (Limit(1), Limit(2, 3)), {"C": (8, None)}, frozenset({3, 1}), Protein("MKV", name="chain"))


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constraint_registry, "OF_TEXT", {"everything": f"{__name__}:Everything"})


def there_and_back(value: object) -> Any:
    return read_value(json.loads(json.dumps(write_value(value))))


def test_every_field_comes_back_equal() -> None:
    back = there_and_back(replace(FULL, entity=None))
    assert back == replace(FULL, entity=None)
    protein = there_and_back(FULL).entity
    assert (protein.sequence, protein.name) == ("MKV", "chain")
    molecule = there_and_back((Molecule.from_smiles("OCC"), "molecule_smiles"))
    assert molecule[0].smiles == Molecule.from_smiles("OCC").smiles
    assert molecule[1] == "molecule_smiles"


def test_every_registered_constraint_comes_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    kinds_own = [constraint_registry.constraint_class(name) for name in constraint_registry.constraint_names()]
    Protein("MKVLAAGWTYHE" * 4, backbone=np.arange(48 * 9, dtype=np.float32).reshape(48, 3, 3)).to_file("motif.pdb")
    for cls in kinds_own:
        made = cls.parse(cls.example)
        back = there_and_back(made)
        assert type(back) is cls
        assert write_value(back) == write_value(made)


def test_a_described_guide_is_as_narrow(nano: Model) -> None:
    request = Request("x", "protein_sequence", (2, 5), constraints=[Everything("AC")])
    course = Courses(nano.vocabulary).course(describe(request, 9))
    tokens = nano.vocabulary.segment_ids("protein_sequence").tokens
    free = [id_ for first, stop in course.guide.allowed(course.start[None])[0] for id_ in range(first, stop)]
    assert free == sorted([tokens["<A A>"], tokens["<A C>"]])


@pytest.mark.parametrize(
    "told",
    [
        {"constraint": "no_such", "fields": {}},
        {"constraint": "everything", "fields": {"letters": {"of": "ParseError", "fields": {}}}},
        {"constraint": "everything", "fields": {"letters": {"of": "__builtins__", "fields": {}}}},
        {"constraint": "everything", "fields": {"colour": 1}},
        {"constraint": "everything", "fields": 3},
        {"of": "Path", "fields": {}},
        {"entity": ["protein", "x", "!!"]},
        {"entity": ["no_such_kind", "x", ""]},
        {"map": 3},
    ],
)
def test_anything_else_is_refused(told: object) -> None:
    with pytest.raises(ParseError):
        read_value(told)


def test_what_no_other_process_knows_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="Plain is not registered"):
        write_value(Plain())
    with pytest.raises(UnsupportedError, match="a function as a constraint"):
        write_value(lambda automaton: automaton)
    with pytest.raises(UnsupportedError, match="a complex"):
        write_value(replace(FULL, share=3j))
