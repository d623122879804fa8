"""Say what was put in and draw it: what a page asks with every change of what is typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from biomatrix.entities.kind_registry import kind_of, kinds
from biomatrix.errors import BioMatrixError, LimitError
from biomatrix.serving.entities import open_entity
from biomatrix.serving.operations.operation import Operation
from biomatrix.serving.schemas.entities import GivenEntity
from biomatrix.serving.schemas.showing import DrawAsked, DrawFault, Drawn, DrawTold
from biomatrix.serving.ways import ways_of

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.registration import Kind
    from biomatrix.serving.service import Service

_CHARACTER: Final = re.compile(r"at character (\d+)")
_QUOTED: Final = re.compile(r"'(.)'")
_HEAD: Final = 1 << 16
"""Bytes of a text by which a kind recognises a file."""


def draw(service: Service, asked: DrawAsked) -> DrawTold:
    """Return what an entity, or a text, is, and its drawing; a text that cannot be read is told as a fault.

    Raises
    ------
    LimitError
        It is larger than the server allows.
    """
    given = asked.entity
    try:
        if given is None:
            return _recognised((asked.text or "").strip("\ufeff"), service)
        return DrawTold(drawn=_drawn(open_entity(given, service), given))
    except LimitError:
        raise
    except BioMatrixError as error:
        typed = asked.text if given is None else given.way()[1]
        return DrawTold(fault=DrawFault(message=error.message, place=_place(error, typed or "")))


def _recognised(text: str, service: Service) -> DrawTold:
    """Return a text as a file of the kind that recognises how it begins, else as what a person typed."""
    service.limits.check("request_bytes", len(text), "length of the text")
    head = text[:_HEAD].encode(errors="replace")
    for kind in kinds():
        file_format = kind.recognises(head)
        if file_format is not None:
            given = GivenEntity.model_validate({"type": kind.name, file_format: text})
            return DrawTold(drawn=_drawn(open_entity(given, service), given))
    return DrawTold(drawn=_typed(text, service))


def _typed(text: str, service: Service) -> Drawn:
    """Return what a person typed as the first kind that reads it; else raise the error that came latest in the text."""
    read: list[tuple[Entity, GivenEntity]] = []
    refused: list[BioMatrixError] = []
    for kind in kinds():
        given = GivenEntity.model_validate({"type": kind.name, _typed_way(kind): text})
        try:
            read.append((open_entity(given, service), given))
        except LimitError:
            raise
        except BioMatrixError as error:
            refused.append(error)
    if not read:
        raise max(refused, key=lambda error: _place(error, text) or 0)
    return _drawn(*read[0], [given.type for _, given in read[1:]])


def _typed_way(kind: Kind) -> str:
    """Return the key of what a person types for a kind: its first modality that is no file."""
    return next(way.name for way in ways_of(kind).values() if way.sort == "typed")


def _place(error: BioMatrixError, text: str) -> int | None:
    """Return the index of the character at fault, where an error tells one: positions also count atoms or tokens."""
    said = _CHARACTER.search(error.message)
    if said is not None:
        return int(said[1]) - 1
    quoted, position = _QUOTED.match(error.message), error.position
    if quoted is None or not isinstance(position, int) or not 0 <= position < len(text):
        return None
    return position if text[position].upper() == quoted[1].upper() else None


def _drawn(entity: Entity, given: GivenEntity, also: list[str] | None = None) -> Drawn:
    kind = kind_of(entity)
    return Drawn(
        entity=given.model_dump(exclude_none=True),
        kind=kind.name,
        text=kind.text(entity),
        name=entity.name,
        size=kind.size(entity),
        has_structure=entity.has_structure,
        notes=list(entity.notes),
        svg=kind.picture(entity),
        also=also or [],
    )


OPERATIONS: Final = (
    Operation(
        "draw",
        "Say what a text or an entity is, and draw it in two dimensions.",
        DrawAsked,
        DrawTold,
        draw,
        {"text": "CC(=O)Oc1ccccc1C(=O)O"},
        is_tool=False,
    ),
)
