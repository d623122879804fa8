"""Lay one structure over another of the same thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field

from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import UnsupportedError
from biomatrix.serving.entities import content, open_entity
from biomatrix.serving.operations.operation import Operation, register
from biomatrix.serving.schemas.entities import GivenEntity

if TYPE_CHECKING:
    from biomatrix.serving.service import Service


class SuperposeAsked(BaseModel):
    """Two entities of one kind with coordinates."""

    moving: GivenEntity
    target: GivenEntity


class SuperposeTold(BaseModel):
    """The first over the second, atoms in the order they had."""

    format: str
    content: Annotated[str, Field(description="A file of that format.")]
    comparison: Annotated[list[dict[str, Any]], Field(description="What the two share: name, value, unit, passed.")]


def run(service: Service, asked: SuperposeAsked) -> SuperposeTold:
    """Return the moving entity laid over the target; unmoved where atoms of the two cannot be paired."""
    moving, target = open_entity(asked.moving, service), open_entity(asked.target, service)
    kind = kind_of(moving)
    if kind is not kind_of(target) or kind.viewer is None or not (moving.has_structure and target.has_structure):
        raise UnsupportedError("only two structures of one kind are superposed; give both with coordinates")
    moved = kind.superpose(moving, target)
    shared = [
        {"name": one.name, "value": one.value, "unit": one.unit, "passed": one.passed}
        for one in kind.compare(target, moved)
    ]
    return SuperposeTold(format=kind.viewer[0], content=content(moved, kind.viewer[0]), comparison=shared)


SUPERPOSE = register(
    Operation(
        name="superpose",
        summary="Lay one structure over another of the same molecule or chain.",
        asked=SuperposeAsked,
        told=SuperposeTold,
        run=run,
        example={
            "moving": {"type": "molecule", "tokens": "..."},
            "target": {"type": "molecule", "tokens": "..."},
        },
        is_tool=False,
    )
)
