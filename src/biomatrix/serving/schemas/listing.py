"""What there is: tasks, kinds of entities, models."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel

from biomatrix.serving.schemas.answers import ToldModel


class TasksAsked(BaseModel):
    """Which tasks are listed."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[str | None, Field(description="Only those about this kind of entity; all when null.")] = None


class ToldNeed(BaseModel):
    """What one placeholder of a task's prompt stands for."""

    name: Annotated[str, Field(description="The placeholder.")]
    kind: Annotated[str | None, Field(description="The kind of its entity; null for text.")]
    modality: Annotated[str | None, Field(description="What shows the entity; null where that is open.")]


class ToldTask(BaseModel):
    """One task."""

    id: Annotated[str, Field(description="For run_task and predict.")]
    title: Annotated[str, Field(description="For people.")]
    kinds: Annotated[list[str], Field(description="Kinds it is about; of one without entities, those it makes.")]
    output: Annotated[str | None, Field(description="The modality of its answer; null for text.")]
    metric: Annotated[str | None, Field(description="What answers are judged by; null for none.")]
    unit: Annotated[str, Field(description="Of a number; empty for none.")]
    choices: Annotated[list[str], Field(description="The allowed answers, where it is one of several.")]
    is_property: Annotated[bool, Field(description="Whether predict takes it.")]
    is_benchmark: Annotated[bool, Field(description="Whether it is asked as a benchmark asks it.")]
    needs: Annotated[list[ToldNeed], Field(description="What must be given.")]
    prompt: Annotated[str, Field(description="Its first wording, with placeholders in braces.")]
    example: Annotated[dict[str, Any], Field(description="An input of run_task.")]


class TasksTold(RootModel[list[ToldTask]]):
    """The tasks: those of corpora, then those of benchmarks."""


class KindsAsked(BaseModel):
    """Nothing: every kind is listed."""

    model_config = ConfigDict(extra="forbid")


class ToldWay(BaseModel):
    """One key under which an entity may be given."""

    name: Annotated[str, Field(description="The key.")]
    sort: Annotated[str, Field(description="file, typed or tokens.")]
    help: Annotated[str, Field(description="In words.")]


class ToldFormat(BaseModel):
    """One file format."""

    name: Annotated[str, Field(description="Such as sdf.")]
    extensions: Annotated[list[str], Field(description="With the dot.")]
    many: Annotated[bool, Field(description="Whether a file holds several records.")]
    writes: Annotated[bool, Field(description="Whether it is written as well as read.")]
    structure: Annotated[bool, Field(description="Whether it may hold coordinates.")]
    starts: Annotated[
        str | None, Field(description="How the line that opens a record begins, empty for every line; null if unknown.")
    ] = None
    ends: Annotated[str | None, Field(description="How the line that closes a record begins; null if unknown.")] = None
    comments: Annotated[str | None, Field(description="How lines begin that are no records; null for none.")] = None


class ToldModality(BaseModel):
    """One way of writing a kind as tokens."""

    name: Annotated[str, Field(description="Such as molecule_selfies.")]
    short: Annotated[str, Field(description="Without the kind's name.")]
    needs_structure: Annotated[bool, Field(description="Whether it writes coordinates.")]
    counts: Annotated[str | None, Field(description="What a length counts, where the kind says: residue.")]
    cannot_carry: Annotated[list[str], Field(description="What is lost between any entity and its tokens.")]
    start: Annotated[str, Field(description="The control token that opens a segment.")]
    end: Annotated[str, Field(description="The one that closes it.")]
    colours: Annotated[list[str], Field(description="CSS colours on a light and on a dark background.")]
    in_model: Annotated[bool, Field(description="Whether the served model has it.")]


class ToldConstraint(BaseModel):
    """What may be asked of an answer."""

    name: Annotated[str, Field(description="Before the equals sign.")]
    help: Annotated[str, Field(description="What it asks, and the form of its value.")]
    kept: Annotated[str, Field(description="Where it guides, and where it only judges; empty where it always guides.")]
    example: Annotated[str, Field(description="As it is written in constraints.")]


class ToldExample(BaseModel):
    """A real entity to begin with."""

    title: Annotated[str, Field(description="For people.")]
    origin: Annotated[str, Field(description="Where it comes from.")]
    has_structure: Annotated[bool, Field(description="Whether coordinates come with it.")]
    given: Annotated[dict[str, str], Field(description="As a request gives it.")]


class ToldKind(BaseModel):
    """One kind of entity."""

    name: Annotated[str, Field(description="As in type of a given entity.")]
    plural: Annotated[str, Field(description="For people.")]
    typed_as: Annotated[str, Field(description="What a person types for one.")]
    ways: Annotated[list[ToldWay], Field(description="The keys under which one may be given.")]
    formats: Annotated[list[ToldFormat], Field(description="Its files.")]
    refused_extensions: Annotated[
        dict[str, str], Field(description="Files that look like its and are not read, each with what to do instead.")
    ] = {}
    modalities: Annotated[list[ToldModality], Field(description="Its tokens.")]
    constraints: Annotated[list[ToldConstraint], Field(description="What may be asked of an answer of it.")]
    viewer: Annotated[
        list[str] | None, Field(description="Format and style in which it is shown in 3D; null for none.")
    ]
    folds: Annotated[list[str] | None, Field(description="Two modalities, of which one is predicted from the other.")]
    examples: Annotated[list[ToldExample], Field(description="Real entities.")]


class KindsTold(RootModel[list[ToldKind]]):
    """The kinds: the package's own, then those that were installed."""


class ModelsAsked(BaseModel):
    """Nothing: every model is listed."""

    model_config = ConfigDict(extra="forbid")


class ToldEntry(BaseModel):
    """One model or structure tokenizer on the server's machine."""

    role: Annotated[str, Field(description="model or tokenizer.")]
    name: Annotated[str, Field(description="As it is opened.")]
    place: Annotated[str, Field(description="shipped or cached.")]
    size: Annotated[int, Field(description="In bytes.")]
    architecture: Annotated[str, Field(description="As its config names it.")]
    kind: Annotated[str | None, Field(description="What a tokenizer is for.")] = None
    codes: Annotated[int | None, Field(description="Size of its codebook.")] = None
    fingerprint: Annotated[str | None, Field(description="Of a tokenizer.")] = None
    licence: Annotated[str | None, Field(description="As its config states it.")] = None
    figures: Annotated[dict[str, float] | None, Field(description="Stated and measured errors, in Angstrom; TM.")] = (
        None
    )
    used_by: Annotated[list[str], Field(description="The models that have its codes.")] = []
    uses: Annotated[dict[str, str] | None, Field(description="Tokenizers of a model, by modality.")] = None


class ModelsTold(BaseModel):
    """The model that answers, and what else could be opened here."""

    serving: Annotated[ToldModel, Field(description="What answers requests.")]
    modalities: Annotated[list[str], Field(description="Its modalities.")]
    entries: Annotated[list[ToldEntry], Field(description="Models and structure tokenizers, shipped ones first.")]
