"""Entities in other formats and modalities."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from biomatrix.serving.schemas.entities import GivenEntity, ToldEntity


class ConvertAsked(BaseModel):
    """An entity, and what it is to be written as."""

    model_config = ConfigDict(extra="forbid")

    entity: Annotated[GivenEntity, Field(description="What is converted.")]
    to: Annotated[
        str | list[str] | None,
        Field(
            description="Formats and modalities of its kind, such as sdf or selfies; all that can hold it when null."
        ),
    ] = None
    embed: Annotated[
        bool, Field(description="Compute coordinates first where it has none, such as a conformer by ETKDG and MMFF.")
    ] = False
    seed: Annotated[int, Field(ge=0, le=2**31 - 2, description="Of the computed coordinates.")] = 0


class ConvertTold(BaseModel):
    """An entity as it was asked for."""

    entity: Annotated[ToldEntity, Field(description="With the formats and modalities that were asked for.")]
    content: Annotated[str | None, Field(description="The text of the only one that was asked for; null for several.")]
    how: Annotated[str, Field(description="What was computed, in words; empty for nothing.")]
    size: Annotated[int | None, Field(description="Residues of a chain; null for other kinds.")]
