"""Records as small as the protocol of drawing allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from biomatrix.tasks import Task, register_task, unregister_task
from biomatrix.tasks.written_records import PartPlace, WrittenPart


@dataclass(frozen=True)
class Written:
    """A record that documents are drawn from."""

    id: str
    kind: str
    fields: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = "written"
    parts: Mapping[str, WrittenPart] = field(default_factory=dict)
    places: tuple[PartPlace, ...] = ()


@pytest.fixture
def molecule() -> Written:
    fields = {"name": "ethanol", "description": "An alcohol.", "weight": "46.1"}
    return Written("m1", "molecule", fields, {"molecule_smiles": ("CCO",), "molecule_selfies": ("[C]", "[C]", "[O]")})


@pytest.fixture
def protein() -> Callable[[int], Written]:
    def of_length(length: int) -> Written:
        sequence = tuple(f"<A {letter}>" for letter in ("ACDEFGHIKL" * length)[:length])
        structure = tuple(f"<S {index % 512}>" for index in range(length))
        tokens = {"protein_sequence": sequence, "protein_structure": structure}
        return Written("p1", "protein", {"name": "a protein"}, tokens)

    return of_length


@pytest.fixture
def joined() -> Iterator[Callable[[Task], Task]]:
    """Register tasks for the length of one test."""
    names: list[str] = []

    def join(task: Task) -> Task:
        names.append(task.name)
        return register_task(task)

    yield join
    for name in names:
        unregister_task(name)
