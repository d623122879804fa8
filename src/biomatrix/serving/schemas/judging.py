"""Entities judged: alone, against another, and among others."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from biomatrix.serving.schemas.answers import Number, ToldCheck
from biomatrix.serving.schemas.entities import GivenEntity, ToldEntity


class CheckAsked(BaseModel):
    """An entity to be checked."""

    model_config = ConfigDict(extra="forbid")

    entity: Annotated[GivenEntity, Field(description="What is checked.")]
    level: Annotated[
        Literal["fast", "full"], Field(description="fast: some milliseconds; full: seconds, such as PoseBusters.")
    ] = "fast"
    reference: Annotated[
        GivenEntity | None, Field(description="What it should be, such as the molecule whose conformer it is.")
    ] = None


class CheckTold(BaseModel):
    """Whether an entity is sound."""

    entity: Annotated[ToldEntity, Field(description="What was checked, without its files.")]
    checks: Annotated[list[ToldCheck], Field(description="One by one.")]
    sound: Annotated[bool | None, Field(description="Whether every check that could run passed; null for none.")]
    verdict: Annotated[str, Field(description="All of it in one line.")]


class CompareAsked(BaseModel):
    """Two entities of one kind."""

    model_config = ConfigDict(extra="forbid")

    entity: Annotated[GivenEntity, Field(description="The one.")]
    other: Annotated[GivenEntity, Field(description="The other, of the same kind.")]
    superpose: Annotated[
        bool,
        Field(description="Also return the other laid over the one, in the same frame, where both have coordinates."),
    ] = False


class CompareTold(BaseModel):
    """What two entities share."""

    answers: Annotated[
        list[ToldCheck], Field(description="One by one, such as same graph, RMSD in Angstrom, TM-score.")
    ]
    line: Annotated[str, Field(description="All of it in one line.")]
    resemblance: Annotated[ToldCheck, Field(description="How alike they are, from 0 to 1.")]
    superposed: Annotated[ToldEntity | None, Field(description="The other, laid over the one; null unless asked.")] = (
        None
    )


class SimilarAsked(BaseModel):
    """An entity, and others that are ranked by how alike they are to it."""

    model_config = ConfigDict(extra="forbid")

    entity: Annotated[GivenEntity, Field(description="The one to be like.")]
    among: Annotated[list[GivenEntity], Field(min_length=1, description="The others, of the same kind.")]
    modality: Annotated[
        str | None, Field(description="What is compared, such as protein_structure for the course of the backbone.")
    ] = None
    top: Annotated[int | None, Field(ge=1, description="How many are told; all when null.")] = None


class Ranked(BaseModel):
    """One of the others."""

    index: Annotated[int, Field(description="Its place among those that were given, from 0.")]
    text: Annotated[str, Field(description="As a person would type it.")]
    name: Annotated[str, Field(description="Its name; empty where it has none.")] = ""
    similarity: Annotated[Number, Field(description="From 0 to 1, of the measure.")]
    same: Annotated[bool | None, Field(description="Whether the kind takes the two for the same.")] = None


class SimilarTold(BaseModel):
    """The others, the most alike first."""

    ranking: Annotated[list[Ranked], Field(description="Equal ones in the order given.")]
    measure: Annotated[str, Field(description="What similarity is.")]
