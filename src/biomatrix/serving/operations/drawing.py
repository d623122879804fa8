"""Say what was put in and draw it: what a page asks with every change of what is typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field

from biomatrix.entities.kind_registry import kind_of, kinds
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.serving.entities import open_entity, typed_way
from biomatrix.serving.operations.operation import Operation, register
from biomatrix.serving.schemas.entities import GivenEntity

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.serving.service import Service

_CHARACTER = re.compile(r"at character (\d+)")


class DrawAsked(BaseModel):
    """An entity, or a text whose kind is to be recognised."""

    entity: GivenEntity | None = None
    text: Annotated[str | None, Field(description="SMILES, a sequence, or the content of a file with one record.")] = None


class DrawTold(BaseModel):
    """What it is, as it may be given again, and its drawing."""

    entity: Annotated[dict[str, Any], Field(description="As a request gives it.")]
    kind: str
    text: Annotated[str, Field(description="As a person would type it.")]
    name: str
    size: Annotated[int | None, Field(description="Residues of a chain; null for other kinds.")]
    has_structure: bool
    notes: list[str]
    svg: Annotated[str | None, Field(description="A drawing whose classes atom-N count as the entity's atoms do.")]
    also: Annotated[list[str], Field(description="Other kinds that the text may be.")] = []


def run(service: Service, asked: DrawAsked) -> DrawTold:
    """Return what an entity, or a text, is, and its drawing."""
    if (asked.entity is None) == (asked.text is None):
        raise ConfigurationError("give either entity or text")
    if asked.entity is not None:
        return _told(open_entity(asked.entity, service), asked.entity, [])
    text = (asked.text or "").strip("\ufeff")
    service.limits.check("request_bytes", len(text.encode()), "the text in bytes")
    given = _file_in(text)
    if given is not None:
        return _told(open_entity(given, service), given, [])
    return _typed(text, service)


def _file_in(text: str) -> GivenEntity | None:
    """Return a text as a file of the kind that recognises how it begins; None where none does."""
    head = text[:65536].encode()
    for kind in kinds():
        file_format = kind.recognises(head)
        if file_format is not None:
            return GivenEntity.model_validate({"type": kind.name, file_format: text})
    return None


def _typed(text: str, service: Service) -> DrawTold:
    """Return what a person typed as the first kind that reads it; else raise the error that came latest in the text."""
    service.limits.check("text_characters", len(text), "what is typed, in characters")
    read: list[tuple[Entity, GivenEntity]] = []
    refused: list[tuple[int, BioMatrixError]] = []
    for kind in kinds():
        given = GivenEntity.model_validate({"type": kind.name, typed_way(kind): text})
        try:
            read.append((service.parser.parse(text, kind.name), given))
        except BioMatrixError as error:
            refused.append((_place(error), error))
    if not read:
        raise max(refused, key=lambda one: one[0])[1]
    return _told(*read[0], [given.type for _, given in read[1:]])


def _place(error: BioMatrixError) -> int:
    """Return the index of the character at fault, as far as the error tells."""
    said = _CHARACTER.search(error.message)
    if said is not None:
        return int(said.group(1)) - 1
    return error.position if isinstance(error.position, int) else 0


def _told(entity: Entity, given: GivenEntity, also: list[str]) -> DrawTold:
    kind = kind_of(entity)
    return DrawTold(
        entity=given.model_dump(exclude_none=True),
        kind=kind.name,
        text=kind.text(entity),
        name=entity.name,
        size=kind.size(entity),
        has_structure=entity.has_structure,
        notes=list(entity.notes),
        svg=kind.picture(entity),
        also=also,
    )


DRAW = register(
    Operation(
        name="draw",
        summary="Say what a text or an entity is, and draw it in two dimensions.",
        asked=DrawAsked,
        told=DrawTold,
        run=run,
        example={"text": "CC(=O)Oc1ccccc1C(=O)O"},
        is_tool=False,
    )
)
