"""Lay one structure over another of the same thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, Field

from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import UnsupportedError
from biomatrix.serving.entities import content, open_entity
from biomatrix.serving.operations.operation import Operation, register
from biomatrix.serving.schemas.entities import GivenEntity

if TYPE_CHECKING:
    from biomatrix.serving.service import Service

_METHANOL: Final = (
    "methanol\n\n\n  2  1  0  0  0  0  0  0  0  0999 V2000\n"
    "{:10.4f}    0.0000    0.0000 C   0  0\n{:10.4f}    0.0000    0.0000 O   0  0\n  1  2  1  0\nM  END\n$$$$\n"
)
"""Its two heavy atoms, at places along one axis, in Angstrom."""


class SuperposeAsked(BaseModel):
    """Two entities of one kind with coordinates."""

    moving: GivenEntity
    target: GivenEntity


class SuperposeTold(BaseModel):
    """The first over the second, atoms in the order they had."""

    moved: Annotated[bool, Field(description="False where atoms of the two cannot be paired: it lies as it was.")]
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
    text = content(moved, kind.viewer[0])
    return SuperposeTold(moved=moved is not moving, format=kind.viewer[0], content=text, comparison=shared)


SUPERPOSE = register(
    Operation(
        name="superpose",
        summary="Lay one structure over another of the same molecule or chain.",
        asked=SuperposeAsked,
        told=SuperposeTold,
        run=run,
        example={
            "moving": {"type": "molecule", "sdf": _METHANOL.format(0.0, 1.4)},
            "target": {"type": "molecule", "sdf": _METHANOL.format(5.0, 6.4)},
        },
        is_tool=False,
    )
)
