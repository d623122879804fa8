"""What is asked of the model: the general request, and the narrow ones that are made into it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from biomatrix.serving.schemas.answers import AnswersTold, ToldCheck
from biomatrix.serving.schemas.entities import GivenEntity

Whole = Annotated[int, Field(ge=1, le=1 << 24)]
Length = Annotated[
    Whole | tuple[Whole | None, Whole | None] | None,
    Field(description="Residues, atoms or symbols of the answer: exact, or the least and the most, null for open."),
]
Constraints = Annotated[
    list[str],
    Field(
        max_length=64,
        description="What every answer must keep, each as NAME=VALUE, such as contains=c1ccccc1 or fixed=1-5; "
        "kinds lists them with examples.",
    ),
]
Prompt = Annotated[
    str | list[str | GivenEntity],
    Field(description="The request in words: text, or text and entities in order."),
]


class Choosing(BaseModel):
    """How answers are drawn, checked and chosen, whether greedy or not: the same in every request."""

    model_config = ConfigDict(extra="forbid")

    samples: Annotated[int, Field(ge=1, le=100_000, description="Answers; they differ unless greedy.")] = 1
    temperature: Annotated[float, Field(ge=0, le=100, description="Divides the logits; 0 is greedy.")] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1, description="The nucleus; 1 keeps every token.")] = 1.0
    seed: Annotated[int, Field(ge=-(1 << 63), lt=1 << 63, description="Same seed and request, same answers.")] = 0
    best_of: Annotated[
        int, Field(ge=1, le=100_000, description="Write so many for each answer and return the best.")
    ] = 1
    best_by: Annotated[
        Literal["likelihood", "checks"] | None,
        Field(description="What makes one the best: the likeliest, or the fewest failed checks."),
    ] = None
    drafts: Annotated[
        int | None,
        Field(ge=1, le=10_000, description="The most drafts of an answer, refused ones counted; 16 when drawn."),
    ] = None
    max_new_tokens: Annotated[
        int | None, Field(ge=1, le=1 << 24, description="The longest answer in tokens; what it needs when null.")
    ] = None
    checks: Annotated[
        Literal["fast", "full", "off"],
        Field(description="fast: some milliseconds; full: seconds, such as PoseBusters; off: none."),
    ] = "fast"


class Drawn(Choosing):
    """The same for answers that are drawn unless asked otherwise."""

    greedy: Annotated[bool, Field(description="Take the likeliest token at each step.")] = False


class GenerateAsked(Drawn):
    """A request in words, with entities in it, and what its answer is to be."""

    prompt: Prompt
    output: Annotated[
        str | list[str] | None,
        Field(
            description="The modality of the answer, such as molecule_selfies, or several of one entity; null: text."
        ),
    ] = None
    length: Length = None
    constraints: Constraints = []
    kept: Annotated[
        GivenEntity | None,
        Field(description="Of several outputs, the entity that one of them is; its modality says which."),
    ] = None
    system: Annotated[str | None, Field(description="A system turn before the request.")] = None


class DescribeAsked(Choosing):
    """An entity to be described in words."""

    entity: Annotated[GivenEntity, Field(description="What is described.")]
    words: Annotated[
        str | None, Field(description="Words in place of the usual request, such as: What is it used for?")
    ] = None
    greedy: Annotated[bool, Field(description="Take the likeliest token at each step.")] = True


class FoldAsked(Drawn):
    """An entity without coordinates, whose structure is wanted."""

    entity: Annotated[GivenEntity, Field(description="A sequence or graph; coordinates it has are not shown.")]
    constraints: Constraints = []


class InverseFoldAsked(Drawn):
    """A structure, for which a sequence is wanted."""

    entity: Annotated[GivenEntity, Field(description="With coordinates in Angstrom; its sequence is not shown.")]
    constraints: Constraints = []


class EditAsked(Drawn):
    """An entity, and in words what is to change in it."""

    entity: Annotated[GivenEntity, Field(description="What is edited.")]
    words: Annotated[str, Field(min_length=1, description="What is to change, such as: Make it more soluble.")]
    output: Annotated[
        str | None, Field(description="The modality of the answer; the one the entity is shown in when null.")
    ] = None
    length: Length = None
    constraints: Constraints = []


class EditTold(AnswersTold):
    """The edited entities, and what each shares with the one that was given."""

    changes: Annotated[
        list[list[ToldCheck]], Field(description="For each answer its comparison with the given entity; empty without.")
    ]


class TaskValue(BaseModel):
    """What one answer to a task states."""

    value: Annotated[float | bool | str | None, Field(description="In unit; null where none could be read.")]
    unit: Annotated[str, Field(description="Of a number; empty for none.")] = ""
    fault: Annotated[str | None, Field(description="Why none could be read; null where one was.")] = None


Calibrated = Annotated[
    dict[str, Any] | None,
    Field(
        description="The values of a .json file of `biomatrix calibrate` for this task and model: numbers get an "
        "interval, choices a set, and unsure answers are unknown."
    ),
]


class RunTaskAsked(Choosing):
    """A task with what it asks about."""

    task: Annotated[str, Field(description="Its id, as tasks lists it.")]
    entities: Annotated[
        list[GivenEntity],
        Field(max_length=16, description="For the placeholders of entities in its prompt, in order by kind."),
    ] = []
    text: Annotated[
        str | dict[str, str] | None,
        Field(description="For its other placeholders: the text of the only one, or a text for each name."),
    ] = None
    paraphrase: Annotated[int, Field(ge=0, le=1000, description="Which wording, from 0, counted round.")] = 0
    length: Length = None
    constraints: Constraints = []
    calibration: Calibrated = None
    greedy: Annotated[
        bool | None, Field(description="Take the likeliest token at each step; when null, for one answer in text.")
    ] = None


class RunTaskTold(AnswersTold):
    """The answers to a task, and what each states."""

    task: Annotated[str, Field(description="Its id.")]
    values: Annotated[list[TaskValue], Field(description="One for each answer.")]


class PredictAsked(Choosing):
    """An entity, and the task that names the property."""

    entity: Annotated[GivenEntity, Field(description="What the property is of.")]
    task: Annotated[
        str,
        Field(description="A task whose answer is a number, yes or no, or a choice, such as predict_log_solubility."),
    ]
    calibration: Calibrated = None
    greedy: Annotated[
        bool | None, Field(description="Take the likeliest token at each step; when null, for a single sample.")
    ] = None


class PredictTold(RunTaskTold):
    """A property that was predicted."""

    value: Annotated[
        float | bool | str | None, Field(description="The median of numbers, else the most frequent; null for none.")
    ]
    unit: Annotated[str, Field(description="Of a number; empty for none.")]
    spread: Annotated[
        list[float] | None, Field(description="The smallest and largest number of several samples, in unit.")
    ] = None
