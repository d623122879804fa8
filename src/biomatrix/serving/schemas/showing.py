"""What a page shows of an entity: its drawing, and one structure over another."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from biomatrix.serving.schemas.answers import ToldCheck
from biomatrix.serving.schemas.entities import GivenEntity


class DrawAsked(BaseModel):
    """An entity, or a text whose kind is to be recognised."""

    model_config = ConfigDict(extra="forbid")

    entity: Annotated[GivenEntity | None, Field(description="What is drawn.")] = None
    text: Annotated[
        str | None, Field(description="In its place: what a person types, or the text of a file with one record.")
    ] = None

    @model_validator(mode="after")
    def _is_one(self) -> DrawAsked:
        if (self.entity is None) == (self.text is None):
            raise ValueError("give either entity or text")
        return self


class DrawFault(BaseModel):
    """Why there is nothing to draw."""

    message: Annotated[str, Field(description="What, and what to do.")]
    place: Annotated[int | None, Field(description="The character at fault, from 0; null where none is told.")] = None


class Drawn(BaseModel):
    """What was recognised, and its drawing."""

    entity: Annotated[dict[str, Any], Field(description="As a request gives it.")]
    kind: Annotated[str, Field(description="Its kind, such as molecule.")]
    text: Annotated[str, Field(description="As a person would type it.")]
    name: Annotated[str, Field(description="Its name; empty where it has none.")] = ""
    size: Annotated[int | None, Field(description="Residues of a chain; null for other kinds.")]
    has_structure: Annotated[bool, Field(description="Whether it has coordinates, in Angstrom.")]
    notes: Annotated[list[str], Field(description="What was done to it while it was read.")] = []
    svg: Annotated[str | None, Field(description="A drawing whose classes atom-N count atoms from 0; null for none.")]
    also: Annotated[list[str], Field(description="Other kinds that the text may be.")] = []


class DrawTold(BaseModel):
    """A drawing, or what is wrong: while somebody types, a text that is no entity yet is no failed request."""

    drawn: Annotated[Drawn | None, Field(description="Null where there is a fault.")] = None
    fault: Annotated[DrawFault | None, Field(description="Null where there is none.")] = None


class SuperposeAsked(BaseModel):
    """Two entities of one kind with coordinates."""

    model_config = ConfigDict(extra="forbid")

    moving: Annotated[GivenEntity, Field(description="What is moved.")]
    target: Annotated[GivenEntity, Field(description="What it is laid over.")]


class SuperposeTold(BaseModel):
    """The first over the second, atoms in the order they had."""

    moved: Annotated[bool, Field(description="False where atoms of the two cannot be paired: it lies as it was.")]
    format: Annotated[str, Field(description="Of the content, such as sdf.")]
    content: Annotated[str, Field(description="The moved entity as a file, in Angstrom.")]
    comparison: Annotated[list[ToldCheck], Field(description="What the two share.")]
