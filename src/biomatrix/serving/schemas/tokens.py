"""Entities to tokens and back."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from biomatrix.serving.schemas.answers import Number, ToldCheck, ToldToken
from biomatrix.serving.schemas.entities import GivenEntity, ToldEntity


class EncodeAsked(BaseModel):
    """An entity to be written as tokens."""

    model_config = ConfigDict(extra="forbid")

    entity: Annotated[GivenEntity, Field(description="What is written.")]
    modality: Annotated[
        str | None,
        Field(
            description="Such as molecule_selfies or selfies; when null the structure where it has one, else the usual."
        ),
    ] = None


class UnitError(BaseModel):
    """How far one residue or atom of the decoded entity is from where it was."""

    unit: Annotated[int, Field(description="The residue or atom, from 0, of the decoded entity.")]
    value: Annotated[Number, Field(description="In the measure; null where it is unresolved.")]
    measure: Annotated[str, Field(description="The unit of the value.")] = "Angstrom"


class EncodeTold(BaseModel):
    """An entity as tokens, and what comes back of it."""

    tokens: Annotated[list[ToldToken], Field(description="In order, the control pair included.")]
    modality: Annotated[str, Field(description="What it is written in.")]
    wrapped: Annotated[str, Field(description="The tokens as one text between their control tokens, for decode.")]
    entity: Annotated[ToldEntity, Field(description="What the tokens spell: the entity decoded again.")]
    error: Annotated[
        list[UnitError], Field(description="Per residue or atom after superposition; empty without coordinates.")
    ]
    comparison: Annotated[list[ToldCheck], Field(description="What the decoded entity shares with the given one.")]
    tokenizer: Annotated[
        dict[str, str] | None, Field(description="Name and fingerprint of the structure tokenizer; null for none.")
    ]
    notes: Annotated[list[str], Field(description="What was done to it, and what the tokens do not say of it.")]


class DecodeAsked(BaseModel):
    """Tokens to be read."""

    model_config = ConfigDict(extra="forbid")

    tokens: Annotated[
        str, Field(min_length=1, description="One segment with its control tokens; without them name the modality.")
    ]
    modality: Annotated[
        str | None, Field(description="The full name, such as protein_structure; needed without control tokens.")
    ] = None


class DecodeTold(BaseModel):
    """The entity that tokens spell."""

    entity: Annotated[ToldEntity, Field(description="In every format of its kind.")]
    modality: Annotated[str, Field(description="What it was written in.")]
    tokens: Annotated[list[ToldToken], Field(description="In order, each with the residue or atom it writes.")]
    notes: Annotated[list[str], Field(description="What is to be known about it.")] = []
